"""Where a job stands: complete, failed, cancelled, suspended, running, refused or pending; and how it is let go.

Facts decide: receipts first, then the spec's wishes, then the clock. Once finished, a job stays finished until its spec
changes, whatever becomes of license, twin or pool afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, cast

from understudy_api.delivery import INDEX
from understudy_api.receipt import Finished, Totals
from understudy_api.renderjob import RenderJobSpec
from understudy_operator.core.admission import Admission, Permitted, Refused, Waiting
from understudy_operator.core.budget import REACHED, ends_by_budget, reached_message
from understudy_operator.core.failures import failure
from understudy_operator.core.places import Place, destination
from understudy_operator.core.state import JobState, OrderLog, SpecProblem
from understudy_operator.core.times import unix_seconds

Phase = Literal["Pending", "Refused", "Running", "Suspended", "Complete", "Failed", "Cancelled"]
FINISHED: Final = frozenset({"Complete", "Failed", "Cancelled"})


@dataclass(frozen=True, kw_only=True)
class Course:
    """Where a job stands and why."""

    phase: Phase
    reason: str
    message: str
    order_digest: str | None = None
    """What is being made, or what was last known to be; None before the first order."""
    admitted_at: float | None = None
    """When this order was first permitted."""
    finished_at: float | None = None

    @property
    def finished(self) -> bool:
        """True when nothing is left to do until the spec changes."""
        return self.phase in FINISHED


def totals(log: OrderLog, order_digest: str | None) -> Totals:
    """Running totals of one order; zeros while the newest segment speaks of another."""
    return log.head.totals if log.head and log.head.order == order_digest else Totals()


def last_word(log: OrderLog, order_digest: str | None) -> Finished | None:
    """The record that an order is finished; None when there is none, or when work went on after it.

    A job changed and changed back leaves an old record behind: segments of a later generation outdate it.
    """
    newest = log.head.generation if log.head else 0
    return next((f for f in log.finished if f.order == order_digest and f.generation >= newest), None)


def delivered_elsewhere(state: JobState, finished: Finished) -> bool:
    """True when the files of a finished order lie where an earlier spec wanted them: they are to be delivered again."""
    if isinstance(state.spec, SpecProblem) or finished.generation >= state.identity.edition:
        return False
    where = destination(state.spec, state.identity.namespace, state.identity.name, state.farm.buckets)
    index = Place(where.bucket, where.key + INDEX)
    return finished.index_key not in {None, index.key} or state.status.index not in {None, index.url}


def deadline(spec: RenderJobSpec, admitted_at: float | None) -> float | None:
    """When an unfinished job fails; None without a deadline."""
    if spec.active_deadline_seconds is None or admitted_at is None:
        return None
    return admitted_at + spec.active_deadline_seconds


def course(state: JobState, admission: Admission, now: float) -> Course:
    """Where a job stands at `now` (Unix seconds)."""
    if stays := _finished_before(state):
        return stays
    digest = None if isinstance(admission, Waiting) else admission.digest
    admitted_at = _admitted_at(state, admission, digest, now)
    if not isinstance(state.spec, SpecProblem):
        ended = _ended(state, state.spec, digest, admitted_at, now)
        if ended is not None:
            return ended
    phase: Phase
    if isinstance(admission, Refused):
        phase, reason, message = "Refused", admission.verdict.reason, admission.verdict.message
    elif isinstance(admission, Waiting):
        phase, reason, message = "Pending", admission.reason, admission.message
    elif admission.order.suspended:
        phase, reason, message = "Suspended", "Suspended", "spec.suspend is true; set it to false to go on"
    elif ends_by_budget(state, "Pause"):
        phase, reason, message = "Suspended", REACHED, reached_message(state)
    elif _at_work(state, digest):
        phase, reason, message = "Running", "Running", "items are being made"
    else:
        phase, reason, message = "Pending", "Dispatching", "the pool has not taken the order yet"
    return Course(
        phase=phase,
        reason=reason,
        message=message,
        order_digest=digest or state.status.order_digest,
        admitted_at=admitted_at,
    )


def _finished_before(state: JobState) -> Course | None:
    """The course of a job that was finished already at this generation of its spec."""
    status = state.status
    if status.phase not in FINISHED or status.observed_generation != state.identity.generation:
        return None
    kind = "Failed" if status.phase == "Failed" else "Complete"
    said = next((c for c in status.conditions if c.type == kind), None)
    return Course(
        phase=cast(Phase, status.phase),
        reason=said.reason if said else status.phase,
        message=said.message if said else "",
        order_digest=status.order_digest,
        admitted_at=unix_seconds(status.admitted_at),
        finished_at=unix_seconds(status.finished_at),
    )


def _ended(
    state: JobState, spec: RenderJobSpec, digest: str | None, admitted_at: float | None, now: float
) -> Course | None:
    """The course of a job that ends now; None while it has not ended."""
    made, finished = totals(state.log, digest), last_word(state.log, digest)
    if finished is not None and (finished.state == "Stopped" or delivered_elsewhere(state, finished)):
        finished = None  # It may go on.
    ends = deadline(spec, admitted_at)
    late = ends is not None and ends <= (finished.finished_at if finished else now)
    phase: Phase
    if failed := failure(spec, made, finished, state.identity.edition):
        phase, reason, message = "Failed", failed.reason, failed.message
    elif finished is not None and finished.state == "Complete" and not late:
        phase, reason, message = "Complete", "AllItemsDone", f"{made.done} items are delivered"
    elif spec.cancel:
        phase, reason, message = "Cancelled", "Cancelled", "spec.cancel is true; delivered files stay"
    elif ends_by_budget(state, "Cancel"):
        phase, reason, message = "Cancelled", REACHED, reached_message(state)
    elif late:
        phase, reason = "Failed", "DeadlineExceeded"
        message = f"not finished {spec.active_deadline_seconds} s after admission (activeDeadlineSeconds)"
    else:
        return None
    return Course(
        phase=phase,
        reason=reason,
        message=message,
        order_digest=digest or state.status.order_digest,
        admitted_at=admitted_at,
        finished_at=finished.finished_at if finished else now,
    )


def _admitted_at(state: JobState, admission: Admission, digest: str | None, now: float) -> float | None:
    """When the order was first permitted: remembered as long as it is the same order, or none is known."""
    remembered = unix_seconds(state.status.admitted_at)
    if remembered is not None and digest in {None, state.status.order_digest}:
        return remembered
    return now if isinstance(admission, Permitted) else None


def _at_work(state: JobState, digest: str | None) -> bool:
    """True when the pool holds the very order, or has written receipts on it."""
    held = state.pool.held if state.pool else None
    taken = held is not None and held.digest == digest and held.state != "Stopped"
    return taken or (state.log.head is not None and state.log.head.order == digest)
