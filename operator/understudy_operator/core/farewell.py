"""How a deleted job, twin, license or pool is let go: a job's order stopped, its claim settled, its files deleted only when it asks for that.

The finalizer waits at most a minute for the pool. What is then still running ends by itself when its grant runs out, and
the pool's own reconcile stops orders whose job is gone.
"""

from __future__ import annotations

from typing import Final

from understudy_api.grant import MAX_GRANT_SECONDS
from understudy_api.license import LicenseStatus
from understudy_api.preview import job_of
from understudy_api.renderjob_status import RenderJobStatus
from understudy_api.renderpool import RenderPoolStatus
from understudy_api.token import CLOCK_SKEW_SECONDS
from understudy_api.twinmodel import TwinModelStatus
from understudy_operator.core.actions import (
    Action,
    Decision,
    DeleteOutputs,
    RemoveFinalizer,
    StopOrder,
    StopTraining,
)
from understudy_operator.core.dispatch import stop
from understudy_operator.core.places import destination
from understudy_operator.core.preview import stop_previews
from understudy_operator.core.quarantine_policy import is_ending, quarantine_look
from understudy_operator.core.state import JobState, LicenseState, PoolState, SpecProblem, TwinState

GRACE_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 1.0
SETTLING_SECONDS: Final = 10.0
"""An order may be on its way when its pool is deleted: longer than a request and the poll after it take."""


def let_job_go(state: JobState, now: float) -> Decision[RenderJobStatus]:
    """What to do about a job that is being deleted."""
    identity, pool = state.identity, state.pool
    if identity.deleted_at is None or not identity.held:
        return Decision()
    waited = now - identity.deleted_at >= GRACE_SECONDS
    reachable = pool is not None and pool.reachable
    work = (*stop_previews(state), *stop(state, pool)) if pool is not None and reachable else ()
    if not waited and pool is not None and (not reachable or pool.working):
        return Decision(actions=work, requeue_after_seconds=LOOK_SECONDS)
    return Decision(actions=(*work, *_deletion(state), RemoveFinalizer()))


def let_twin_go(state: TwinState, now: float) -> Decision[TwinModelStatus]:
    """What to do about a twin that is being deleted: its training is stopped, its bundles stay."""
    identity, pool = state.identity, state.pool
    if identity.deleted_at is None or not identity.held:
        return Decision()
    training = pool.training if pool is not None and pool.reachable else None
    under_way = training is not None and training.state in {"Queued", "Running"}
    work: tuple[Action, ...] = (StopTraining(pool=pool.name, uid=identity.uid),) if pool and under_way else ()
    if pool is not None and (not pool.reachable or work) and now - identity.deleted_at < GRACE_SECONDS:
        return Decision(actions=work, requeue_after_seconds=LOOK_SECONDS)
    return Decision(actions=(*work, RemoveFinalizer()))


def let_pool_go(state: PoolState, now: float) -> Decision[RenderPoolStatus]:
    """What to do about a pool that is being deleted: its orders are stopped, and it goes when none of them runs any more.

    Claims of jobs are settled by what directors say they hold; one that nobody could ask any more might still render. So
    one that does not answer stays until no grant can be alive.
    """
    if state.identity.deleted_at is None or not state.identity.held:
        return Decision()
    working = sorted(uid for uid in state.held or () if job_of(uid) in state.named)
    since = now - state.identity.deleted_at
    settled = since > SETTLING_SECONDS or not state.named
    free = state.held is not None and not working and settled
    if free or since > MAX_GRANT_SECONDS + CLOCK_SKEW_SECONDS:
        return Decision(actions=(RemoveFinalizer(),))
    stops = tuple(StopOrder(pool=state.identity.name, uid=uid) for uid in working)
    return Decision(actions=stops, requeue_after_seconds=LOOK_SECONDS)


def let_license_go(state: LicenseState, actions: tuple[Action, ...]) -> Decision[LicenseStatus]:
    """What to do about a license that is being deleted; `actions`: what there would be to do otherwise.

    One that its owner ended stays until its files are put away, at the latest a little after its last grant ended.
    """
    if not state.identity.held:
        return Decision()
    if is_ending(state):
        return Decision(actions=actions, requeue_after_seconds=quarantine_look(state, actions))
    return Decision(actions=(RemoveFinalizer(),))


def _deletion(state: JobState) -> tuple[Action, ...]:
    """Deletes delivered files in the farm's outputs bucket; what lies elsewhere is not the farm's to delete."""
    spec, identity = state.spec, state.identity
    if isinstance(spec, SpecProblem) or spec.deletion_policy != "DeleteOutputs":
        return ()
    where = destination(spec, identity.namespace, identity.name, state.farm.buckets)
    if where.bucket != state.farm.buckets.outputs or not where.key.startswith(f"{identity.namespace}/"):
        return ()
    return (DeleteOutputs(uid=identity.uid, bucket=where.bucket, prefix=where.key),)
