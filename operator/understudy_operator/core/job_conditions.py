"""The conditions of a job, and which of their changes are worth an Event."""

from __future__ import annotations

from typing import Final

from understudy_api.model import Condition
from understudy_api.renderjob import RenderJobSpec
from understudy_operator.core.admission import Admission, Permitted, Refused, Waiting
from understudy_operator.core.budget import REACHED, budget_reached
from understudy_operator.core.conditions import EventType, Said, find, reconciling, said, stalled
from understudy_operator.core.dispatch import refusal_stands
from understudy_operator.core.lifecycle import Course
from understudy_operator.core.state import JobState, SpecProblem

WORTH: Final[dict[tuple[str, str], EventType]] = {
    ("Admitted", "True"): "Normal",
    ("Admitted", "False"): "Warning",
    ("Dispatched", "True"): "Normal",
    ("Complete", "True"): "Normal",
    ("Failed", "True"): "Warning",
    ("Suspended", "True"): "Normal",
    ("ConsentPending", "True"): "Normal",
    (REACHED, "True"): "Warning",
}
"""Type and status of conditions that get an Event when they change to it."""

TROUBLE: Final = frozenset({"PoolNotFound", "PoolUnreachable", "PoolRefused"})
"""Reasons of Dispatched=False that get a Warning."""


def job_conditions(state: JobState, admission: Admission, course: Course, now: float) -> tuple[Said, ...]:
    """What to say of a job, in the order `kubectl describe` shows it."""
    return (
        _admitted(state, admission, course),
        _dispatched(state, admission, course, now),
        _complete(course),
        _failed(course),
        said("Suspended", course.phase == "Suspended", course.reason if course.reason == REACHED else course.phase),
        *budget_reached(state, finished=course.finished),
        *_consent_pending(state, admission, course),
        *_progress(course),
    )


def job_event(was: Condition | None, condition: Condition) -> EventType | None:
    """The type of Event a changed condition of a job is worth, if any."""
    if condition.type == "Dispatched" and condition.status == "False":
        return "Warning" if condition.reason in TROUBLE else None
    if condition.type == "Suspended" and condition.reason == REACHED:
        return None  # BudgetReached says it
    if condition.type == "Suspended" and condition.status == "False":
        return "Normal" if was is not None and was.status == "True" else None
    if condition.type == "Complete" and condition.reason == "Cancelled":
        return "Normal"
    return WORTH.get((condition.type, condition.status))


def _admitted(state: JobState, admission: Admission, course: Course) -> Said:
    was = find(state.status.conditions, "Admitted")
    if course.finished and was is not None:
        return Said(was.type, was.status, was.reason, was.message)
    if isinstance(admission, Permitted):
        order, terms = admission.order, admission.rights.license.terms
        return said(
            "Admitted",
            True,
            "Admitted",
            f"license {terms.jti} covers {order.total_items} items of at most {admission.seconds:.0f} s in total",
        )
    if isinstance(admission, Refused):
        return said("Admitted", False, admission.verdict.reason, admission.verdict.message)
    return Said("Admitted", "Unknown", admission.reason, admission.message)


def _consent_pending(state: JobState, admission: Admission, course: Course) -> tuple[Said, ...]:
    """Shown once a job waits for somebody's answer, and ever after."""
    was = find(state.status.conditions, "ConsentPending")
    if isinstance(admission, Waiting) and admission.question is not None and not course.finished:
        return (said("ConsentPending", True, admission.reason, admission.message),)
    if was is None:
        return ()
    reason = "Released" if isinstance(admission, Permitted) else "NotWaiting"
    return (said("ConsentPending", False, was.reason if course.finished and was.status == "False" else reason),)


def _dispatched(state: JobState, admission: Admission, course: Course, now: float) -> Said:
    was = find(state.status.conditions, "Dispatched")
    if course.finished and was is not None:
        return Said(was.type, was.status, was.reason, was.message)
    if not isinstance(admission, Permitted):
        return said("Dispatched", False, "NotAdmitted")
    pool, order = state.pool, admission.order
    if pool is None:
        return said("Dispatched", False, "PoolNotFound", _no_pool(state.spec))
    if not pool.reachable:
        return said("Dispatched", False, "PoolUnreachable", f"pool {pool.name}: {pool.problem}")
    held = pool.held
    if held is not None and held.digest == admission.digest and held.state != "Stopped":
        waits = held.state == "WaitingForGrant" and not order.suspended
        reason = held.state if waits else "PoolWaiting" if held.message else "Dispatched"
        told = f"; it says: {held.message}" if held.message else ""
        return said("Dispatched", True, reason, f"pool {pool.name} holds the order{told}")
    if pool.answer is not None and refusal_stands(pool, admission.digest, now):
        return said("Dispatched", False, "PoolRefused", f"pool {pool.name}: {pool.answer.verdict.message}")
    return said("Dispatched", False, "Suspended" if order.suspended else "Dispatching")


def _complete(course: Course) -> Said:
    complete = course.phase == "Complete"
    reason = course.reason if course.finished else course.phase
    return said("Complete", complete, reason, course.message if course.finished else "")


def _failed(course: Course) -> Said:
    failed = course.phase == "Failed"
    return said("Failed", failed, course.reason if failed else course.phase, course.message if failed else "")


def _progress(course: Course) -> tuple[Said, ...]:
    """For kstatus; a job that is suspended or cancelled is what its spec asks for, as a complete one is."""
    if course.phase in {"Pending", "Running"}:
        return (reconciling(course.reason, course.message),)
    return (stalled(course.reason, course.message),) if course.phase in {"Refused", "Failed"} else ()


def _no_pool(spec: RenderJobSpec | SpecProblem) -> str:
    name = "" if isinstance(spec, SpecProblem) else spec.pool_ref.name
    return f"poolRef: no RenderPool {name}; create it or name another one"
