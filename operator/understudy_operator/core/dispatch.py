"""What a job asks of its pool: put the order, renew its grant, stop it; and the claim on the license around it."""

from __future__ import annotations

from typing import Final

from understudy_api.order import Progress
from understudy_operator.core.actions import (
    Action,
    FreezeContent,
    PutOrder,
    RenewGrant,
    StopOrder,
    WriteAccount,
)
from understudy_operator.core.admission import FREEZING, Admission, Permitted, Refused, Waiting
from understudy_operator.core.content import RETRY_SECONDS, request
from understudy_operator.core.grants import grant, renewal_due
from understudy_operator.core.lifecycle import Course
from understudy_operator.core.quota import claimed, settled
from understudy_operator.core.state import ContentProblem, JobState, PoolView, SpecProblem

ANSWER_SECONDS: Final = 30.0
"""How long an order that the pool refused is not put again unchanged."""


def freeze(state: JobState, admission: Admission, now: float) -> tuple[Action, ...]:
    """Freezes the rows when admission waits for them, and again when a file in S3 may have been mended."""
    if isinstance(state.spec, SpecProblem):
        return ()
    waits = isinstance(admission, Waiting) and admission.reason == FREEZING
    problem = state.content if isinstance(state.content, ContentProblem) else None
    from_s3 = state.spec.data is not None and state.spec.data.from_ is not None
    mended = (
        problem is not None
        and from_s3
        and now >= problem.at + RETRY_SECONDS
        and isinstance(admission, Refused)
        and admission.verdict.reason == problem.reason
    )
    if not waits and not mended:
        return ()
    identity = state.identity
    return (FreezeContent(uid=identity.uid, namespace=identity.namespace, request=request(state.spec)),)


def dispatch(state: JobState, admission: Admission, course: Course, now: float) -> tuple[Action, ...]:
    """What to ask of the pool now; nothing while it does not answer."""
    pool = state.pool
    if pool is None or not pool.reachable:
        return ()
    if isinstance(admission, Permitted) and not course.finished:
        return _go_on(state, admission, pool, now)
    if isinstance(admission, Waiting) and admission.reason == FREEZING and not course.finished:
        return ()  # The earlier order goes on for the moment it takes to know the new one.
    if course.phase == "Complete" and pool.working:
        return ()  # Everything is delivered; the director is about to notice.
    return stop(state, pool)


def stop(state: JobState, pool: PoolView) -> tuple[Action, ...]:
    """Stops the order; once nothing works on it, gives back what was promised and not used."""
    if pool.working:
        return (StopOrder(pool=pool.name, uid=state.identity.uid),)
    account = settled(state)
    return (WriteAccount(account=account),) if account else ()


def refusal_stands(pool: PoolView, order_digest: str, now: float) -> bool:
    """True while the pool's refusal of this very order is fresh."""
    answer = pool.answer
    return answer is not None and answer.order == order_digest and now < answer.at + ANSWER_SECONDS


def _go_on(state: JobState, permitted: Permitted, pool: PoolView, now: float) -> tuple[Action, ...]:
    order, held = permitted.order, pool.held
    if refusal_stands(pool, permitted.digest, now) or (held is None and order.suspended):
        return ()
    account = claimed(state, permitted.digest, permitted.seconds)
    claim: tuple[Action, ...] = (WriteAccount(account=account),) if account else ()
    if held is None or _is_another(held, permitted):
        return (*claim, PutOrder(pool=pool.name, order=order, grant=grant(permitted, state.farm, pool, now)))
    if pool.working and not order.suspended and renewal_due(permitted, pool, now):
        return (*claim, RenewGrant(pool=pool.name, grant=grant(permitted, state.farm, pool, now)))
    return claim


def _is_another(held: Progress, permitted: Permitted) -> bool:
    """Whether the pool has to be told the order anew: other content, newer, stopped, or judged by other keys."""
    order = permitted.order
    return (
        held.digest != permitted.digest
        or held.generation < order.generation
        or held.key_records != len(order.key_records)
        or held.state == "Stopped"
    )
