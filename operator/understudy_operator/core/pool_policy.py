"""Whether a pool can render; starts its director when there is none, stops orders whose job is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from understudy_api.model import Condition
from understudy_api.preview import job_of
from understudy_api.renderpool import RenderPoolStatus
from understudy_operator.core.actions import Action, StartDirector, StopOrder
from understudy_operator.core.conditions import EventType, Said, merged
from understudy_operator.core.ray_pool import LOOK_SECONDS as SCALING_LOOK_SECONDS
from understudy_operator.core.ray_pool import cluster_said, group_statuses, kuberay_of, ray_actions
from understudy_operator.core.scaling import GroupPlan
from understudy_operator.core.state import PoolState, Submission

LOOK_SECONDS: Final = 10.0
STARTING_LOOK_SECONDS: Final = 1.0
START_SECONDS: Final = 30.0
"""How long a submitted director may take to answer before another attempt."""
MAX_START_SECONDS: Final = 480.0
PREFIX: Final = "understudy-director-"


def submission_id(release: str, attempt: int) -> str:
    """Ray's submission id of an attempt to start the director of a release; Ray never takes one twice."""
    return f"{PREFIX}{release[:12]}-{attempt}"


def pool_actions(state: PoolState, plans: Mapping[str, GroupPlan], now: float) -> tuple[Action, ...]:
    """What to do for a pool now; `plans`: what becomes of the groups of its RayCluster."""
    return (*_stops(state), *_starts(state, now), *ray_actions(state, plans))


def _stops(state: PoolState) -> tuple[Action, ...]:
    """Orders without a job, also those that have ended: a director forgets them then, and claims can be settled."""
    if state.director is None:
        return ()
    held = {order.uid for order in state.director.orders}
    stray = sorted(uid for uid in held if job_of(uid) not in state.jobs)
    return tuple(StopOrder(pool=state.identity.name, uid=uid) for uid in stray)


def _starts(state: PoolState, now: float) -> tuple[Action, ...]:
    """The director of this release, when none answers or one of another release does: the new one retires it."""
    current = state.director is not None and state.director.release == state.release
    if current or not state.ray_reachable or now < next_attempt(state):
        return ()
    attempt = max((_attempt(one) for one in _own(state)), default=0) + 1
    return (StartDirector(submission_id=submission_id(state.release, attempt)),)


def next_attempt(state: PoolState) -> float:
    """When the director may be submitted again; 0 when it never was. Attempts that failed in a row double the pause."""
    own = _own(state)
    if not own:
        return 0.0
    failed = 0
    for one in reversed(own):
        if one.status != "FAILED":
            break
        failed += 1
    return own[-1].submitted_at + min(START_SECONDS * 2.0 ** max(failed - 1, 0), MAX_START_SECONDS)


def pool_status(state: PoolState, plans: Mapping[str, GroupPlan], now: float) -> RenderPoolStatus:
    """The whole status of a pool at `now` (Unix seconds)."""
    director = state.director
    return RenderPoolStatus(
        observed_generation=state.identity.generation,
        conditions=merged(state.status.conditions, (_ready(state),), state.identity.generation, now),
        workers=director.workers if director else None,
        busy=director.busy if director else None,
        orders=len(director.orders) if director else None,
        release=director.release[:64] if director else None,
        groups=group_statuses(state, plans),
    )


def pool_look(state: PoolState) -> float:
    """Seconds until a pool is looked at again."""
    usual = LOOK_SECONDS if kuberay_of(state) is None else SCALING_LOOK_SECONDS
    return usual if state.director is not None else STARTING_LOOK_SECONDS


def pool_event(_was: Condition | None, condition: Condition) -> EventType | None:
    """The type of Event a changed condition of a pool is worth, if any."""
    if condition.status == "True":
        return "Normal"
    return None if condition.reason == "Starting" else "Warning"


def _ready(state: PoolState) -> Said:
    director = state.director
    if (said := cluster_said(state)) is not None:
        return said
    if director is not None and director.workers == 0:
        return Said("Ready", "False", "NoWorkers", "the director runs and has no performers yet")
    if director is not None:
        return Said(
            "Ready", "True", "Ready", "; ".join(filter(None, (f"{director.workers} performers", _trouble(state))))
        )
    if not state.ray_reachable:
        return Said("Ready", "False", "RayUnreachable", state.problem)
    own = _own(state)
    if own and own[-1].status == "FAILED":
        return Said("Ready", "False", "DirectorFailed", own[-1].message[-300:] or state.problem)
    return Said("Ready", "False", "Starting", "the director is being started")


def _trouble(state: PoolState) -> str:
    """What keeps a further node from starting, where some performers are there."""
    return state.cluster.problem[:500] if state.cluster is not None else ""


def _own(state: PoolState) -> list[Submission]:
    """The submissions of this release's director, oldest attempt first."""
    prefix = submission_id(state.release, 0)[:-1]
    own = [
        one
        for one in state.submissions
        if one.submission_id.startswith(prefix) and one.submission_id.removeprefix(prefix).isdigit()
    ]
    return sorted(own, key=_attempt)


def _attempt(submission: Submission) -> int:
    return int(submission.submission_id.rsplit("-", 1)[-1])
