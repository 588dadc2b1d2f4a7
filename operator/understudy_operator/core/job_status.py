"""What a job shows: conditions, progress, reuse, cost and times, computed anew from receipts at every look."""

from __future__ import annotations

import math
from typing import Final

from understudy_api.model import Condition, Money
from understudy_api.receipt import Totals
from understudy_api.renderjob import RenderJobSpec
from understudy_api.renderjob_status import ItemCounts, RenderJobStatus, TakeCounts
from understudy_operator.core.admission import Admission, Permitted, Refused, Waiting
from understudy_operator.core.budget import spending
from understudy_operator.core.conditions import find, merged
from understudy_operator.core.job_conditions import job_conditions
from understudy_operator.core.job_words import license_words, refusal_words
from understudy_operator.core.lifecycle import Course, delivered_elsewhere, last_word, totals
from understudy_operator.core.places import Place, destination
from understudy_operator.core.prices import cost
from understudy_operator.core.quota import EXHAUSTED, needed_seconds
from understudy_operator.core.seconds import decimal_seconds
from understudy_operator.core.state import JobState, OrderLog, SpecProblem
from understudy_operator.core.times import rfc3339

ETA_STEP_SECONDS: Final = 10


def job_status(state: JobState, admission: Admission, course: Course, now: float) -> RenderJobStatus:
    """The whole status of a job at `now` (Unix seconds)."""
    permitted = admission if isinstance(admission, Permitted) else None
    if permitted is not None and permitted.digest != course.order_digest:
        permitted = None  # Finished as another order: what it was stays as it was.
    order = permitted.order if permitted else None
    made = totals(state.log, course.order_digest)
    old, log = state.status, state.log
    items = _items(old, made, order.total_items if order else None)
    final = last_word(log, course.order_digest)
    moved = final is not None and delivered_elsewhere(state, final)
    return RenderJobStatus(
        phase=course.phase,
        observed_generation=state.identity.generation,
        conditions=_conditions(state, admission, course, now),
        items=items,
        progress=f"{made.items}/{items.total}" if items else None,
        takes=TakeCounts(rendered=made.clips_rendered, reused=made.clips_reused) if items else None,
        metered_seconds=decimal_seconds(log.head.billed_seconds) if log.head else None,
        worker_seconds=decimal_seconds(log.head.billed_worker_seconds) if log.head else None,
        worker_seconds_by_group=_by_group(log),
        cost=_cost(state),
        budget=spending(state),
        content_digest=order.content.digest if order else old.content_digest,
        order_digest=course.order_digest,
        license_digest=permitted.rights.license.digest if permitted else _admitted_under(state),
        license=license_words(state, now) or (old.license if course.finished else None),
        refusals=refusal_words(admission) if not course.finished else old.refusals,
        noted_refusals=old.noted_refusals,
        consent_request=_consent_request(state, admission) or old.consent_request,
        twin_version=order.twin.version if order else old.twin_version,
        quota_needed_seconds=_quota_needed(state, admission),
        admitted_at=_moment(course.admitted_at),
        started_at=_moment(made.started_at),
        finished_at=_moment(course.finished_at),
        eta=_eta(state, course, made, items, now),
        index=old.index if moved else _url(state, final.index_key if final else None),
        contact_sheet=old.contact_sheet if moved else _url(state, final.contact_sheet_key if final else None),
    )


def _admitted_under(state: JobState) -> str | None:
    """The license that admitted the job before; a changed job has not been admitted yet."""
    old = state.status
    return old.license_digest if old.observed_generation == state.identity.generation else None


def _consent_request(state: JobState, admission: Admission) -> str | None:
    """The request that waits, as namespace/name; the last one is remembered."""
    if not isinstance(admission, Waiting) or admission.question is None or isinstance(state.spec, SpecProblem):
        return None
    return f"{state.spec.twin_ref.namespace}/{admission.question.name}"


def _quota_needed(state: JobState, admission: Admission) -> str | None:
    """What the job lacked when it ran out; kept while it stays so."""
    if not isinstance(admission, Refused) or admission.verdict.reason != EXHAUSTED:
        return None
    was = find(state.status.conditions, "Admitted")
    if was is not None and was.reason == EXHAUSTED and state.status.quota_needed_seconds is not None:
        return state.status.quota_needed_seconds
    return decimal_seconds(needed_seconds(state))


def _cost(state: JobState) -> Money | None:
    if state.pool is None:
        return state.status.cost
    head = state.log.head
    if head is None:
        return None
    return cost(head.billed_worker_seconds, head.billed_worker_seconds_by_group, state.pool.prices)


def _by_group(log: OrderLog) -> dict[str, str] | None:
    spent = log.head.billed_worker_seconds_by_group if log.head else {}
    return {group: decimal_seconds(seconds) for group, seconds in sorted(spent.items())} or None


def _conditions(state: JobState, admission: Admission, course: Course, now: float) -> tuple[Condition, ...]:
    return merged(
        state.status.conditions, job_conditions(state, admission, course, now), state.identity.generation, now
    )


def _items(old: RenderJobStatus, made: Totals, total: int | None) -> ItemCounts | None:
    if total is None:
        total = old.items.total if old.items else None
    if total is None:
        return None
    return ItemCounts(total=total, done=made.done, failed=made.failed, rejected=made.rejected)


def _eta(state: JobState, course: Course, made: Totals, items: ItemCounts | None, now: float) -> str | None:
    """When the job should finish at its pace so far; reckoned anew only when an item was finished."""
    if course.phase != "Running" or items is None or made.items == 0 or made.started_at is None:
        return None
    if items == state.status.items and state.status.eta is not None:
        return state.status.eta
    left = (items.total - made.items) * max(now - made.started_at, 0) / made.items
    return rfc3339(math.ceil((now + left) / ETA_STEP_SECONDS) * ETA_STEP_SECONDS)


def _url(state: JobState, key: str | None) -> str | None:
    if key is None or isinstance(state.spec, SpecProblem):
        return None
    return Place(_bucket(state, state.spec), key).url


def _bucket(state: JobState, spec: RenderJobSpec) -> str:
    return destination(spec, state.identity.namespace, state.identity.name, state.farm.buckets).bucket


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else rfc3339(seconds)
