"""When to look at a job again although nothing happened."""

from __future__ import annotations

from typing import Final

from understudy_operator.core.actions import (
    Action,
    AskConsent,
    FreezeContent,
    ListSentences,
    PutOrder,
    RegisterLicense,
    StopOrder,
)
from understudy_operator.core.admission import Admission, Permitted, Refused
from understudy_operator.core.claims import is_behind
from understudy_operator.core.lifecycle import Course, deadline
from understudy_operator.core.state import JobState, SpecProblem
from understudy_operator.core.times import earliest

REFUSED_SECONDS: Final = 30.0
WAITING_SECONDS: Final = 15.0
UNREACHABLE_SECONDS: Final = 5.0
RUNNING_SECONDS: Final = 10.0
"""News of running orders rings by itself; this only bounds what a lost ring costs."""
ASKED_SECONDS: Final = 0.5
"""After asking a pool for something: how soon to see whether it did."""


def next_look(
    state: JobState, admission: Admission, course: Course, actions: tuple[Action, ...], now: float
) -> float | None:
    """Seconds until the next look; None when only a change can change anything."""
    if is_behind(state) or any(
        isinstance(action, FreezeContent | ListSentences | RegisterLicense) for action in actions
    ):
        return 0.0
    if any(isinstance(action, PutOrder | StopOrder | AskConsent) for action in actions):
        return ASKED_SECONDS
    moments = [_pause(state, admission, course)]
    if not isinstance(state.spec, SpecProblem):
        at = expiry(state, course) if course.finished else deadline(state.spec, course.admitted_at)
        moments.append(None if at is None else max(at - now, 0.0))
    if isinstance(admission, Permitted) and not course.finished:
        moments.append(_list_ends(state, admission, now))
    return earliest(*moments)


def expiry(state: JobState, course: Course) -> float | None:
    """When a finished job's object is to be deleted; None for never, or while it is unfinished."""
    if isinstance(state.spec, SpecProblem) or not course.finished or course.finished_at is None:
        return None
    ttl = state.spec.ttl_seconds_after_finished
    return None if ttl is None else course.finished_at + ttl


def _list_ends(state: JobState, permitted: Permitted, now: float) -> float | None:
    """Seconds until the status list counts no longer that a permitted job rests on; None when it names none."""
    until = state.license.standing.until if state.license else None
    named = permitted.rights.license.terms.status is not None
    return max(until - now, 0.0) if named and until is not None else None


def _pause(state: JobState, admission: Admission, course: Course) -> float | None:
    pool = state.pool
    if course.finished:
        owes = state.license is not None and _claims(state)
        return RUNNING_SECONDS if (pool is not None and pool.working) or owes else None
    if isinstance(admission, Refused):
        return REFUSED_SECONDS
    if not isinstance(admission, Permitted):
        return WAITING_SECONDS
    if pool is None or not pool.reachable:
        return UNREACHABLE_SECONDS
    return REFUSED_SECONDS if course.phase == "Suspended" and not pool.working else RUNNING_SECONDS


def _claims(state: JobState) -> bool:
    account = state.license.account if state.license else None
    return account is not None and state.identity.uid in account.claims
