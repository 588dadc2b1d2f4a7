"""What a job asks of its pool: put the order, renew its grant, stop it; and what stands in the ledger before that.

Every decision writes at most one link: receipts that count now, then the promise a grant rests on. The pool is asked only
after it stands there.
"""

from __future__ import annotations

from typing import Final

from understudy_api.grant import Grant
from understudy_api.order import Progress
from understudy_api.status_source import UNLISTED
from understudy_operator.core.actions import (
    Action,
    FreezeContent,
    PutOrder,
    RenewGrant,
    StopOrder,
    TellCommitted,
)
from understudy_operator.core.admission import FREEZING, Admission, Permitted, Refused, Waiting
from understudy_operator.core.booking import Booking, expired
from understudy_operator.core.claims import ended, last_counted, record
from understudy_operator.core.content import RETRY_SECONDS, request
from understudy_operator.core.grants import expiry, grant, reach, renewal_due
from understudy_operator.core.items import granted_items
from understudy_operator.core.lifecycle import Course
from understudy_operator.core.quota import begin, extension, granted_seconds
from understudy_operator.core.state import ContentProblem, JobState, PoolView, SpecProblem

ANSWER_SECONDS: Final = 30.0
"""How long an order that the pool refused is not put again unchanged."""
FRAME_SECONDS: Final = 0.04


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
    """What to write into the ledger and to ask of the pool now."""
    pool, goes_on = state.pool, not course.finished
    if pool is None or not pool.reachable:
        # The ledger does not wait for a pool: what a job that goes on made counts, one that does not gives its claim back.
        return record(state, state.booking) if isinstance(admission, Permitted) and goes_on else _let_go(state, now)
    if isinstance(admission, Permitted) and goes_on:
        return _go_on(state, admission, pool, course.phase == "Suspended", now)
    freezes = isinstance(admission, Waiting) and admission.reason == FREEZING and goes_on
    if freezes or (course.phase == "Complete" and pool.working):
        # The earlier order goes on for the moment it takes to know the new one; or everything is delivered and the
        # director is about to notice.
        return (*record(state, state.booking), *_told(state, pool))
    return stop(state, pool)


def stop(state: JobState, pool: PoolView) -> tuple[Action, ...]:
    """Stops the order; once nothing works on it, ends its claim: what was promised and not used is free again.

    What has not counted by then counts only when the job goes on: nobody is there to deliver it. The stop is asked for
    first: it must not wait for a ledger that others write to, or that is away.
    """
    if pool.working:
        order = StopOrder(pool=pool.name, uid=state.identity.uid)
        return (order, *record(state, state.booking), *_told(state, pool))
    return record(state, ended(state, "Stopped"))


def refusal_stands(pool: PoolView, order_digest: str, now: float) -> bool:
    """True while the pool's refusal of this very order is fresh."""
    answer = pool.answer
    return answer is not None and answer.order == order_digest and now < answer.at + ANSWER_SECONDS


def _go_on(state: JobState, permitted: Permitted, pool: PoolView, paused: bool, now: float) -> tuple[Action, ...]:
    order, held, demand = permitted.order, pool.held, permitted.demand
    booking, told = begin(state, demand), _told(state, pool)
    puts = held is None or _is_another(held, permitted)
    if booking is None or refusal_stands(pool, permitted.digest, now) or (held is None and order.suspended):
        return _let_go(state, now)
    if not puts and not pool.working:
        return (*record(state, booking), *told)
    if not puts and paused:
        return (*(_let_go(state, now) or record(state, booking)), *told)
    terms, standing = demand.license.terms, state.license.standing if state.license else UNLISTED
    expires_at = expiry(terms, now, standing)
    due = puts or renewal_due(terms, pool, now, standing)
    claim = booking.claim(state.identity.uid)
    # A status list ends grants early; the promise behind them need not be written anew with every list.
    outlives = claim is None or expires_at > claim.granted_until
    promise = extension(state, booking, demand, reach(terms, now), due and outlives, now)
    if promise is not None:
        further = booking.with_entries(promise)
        if further is None:
            return (*record(state, state.booking), *told)  # The ledger knows better; admission will say so.
        booking = further
    made = _grant(state, permitted, pool, booking, expires_at, now)
    if puts:
        return (*record(state, booking), PutOrder(pool=pool.name, order=order, grant=made))
    if due or promise is not None or _says_more(pool, made):
        return (*record(state, booking), RenewGrant(pool=pool.name, grant=made), *told)
    return (*record(state, booking), *told)


def _grant(
    state: JobState, permitted: Permitted, pool: PoolView, booking: Booking, expires_at: int, now: float
) -> Grant:
    """The grant that the claim after the booking allows: never over more, never for longer."""
    claim = booking.claim(state.identity.uid)
    until = min(expires_at, claim.granted_until) if claim else int(now)
    seconds, items = granted_seconds(state, booking, permitted.demand), granted_items(state, booking)
    named = state.license is not None and permitted.rights.license.terms.status is not None
    status_iat = state.license.standing.iat if state.license and named else None
    return grant(permitted, state.farm, pool, seconds, now, until, items, status_iat)


def _let_go(state: JobState, now: float) -> tuple[Action, ...]:
    """Ends the claim of a job that is not at work, once no grant can bring anything any more."""
    account = state.license.account if state.license else None
    claim = account.claims.get(state.identity.uid) if account else None
    return record(state, ended(state, "Expired")) if expired(claim, now) else ()


def _told(state: JobState, pool: PoolView) -> tuple[Action, ...]:
    """Tells the director how far the log counts; nothing when it knows."""
    last = last_counted(state, state.booking)
    if pool.held is None or last <= pool.held.committed:
        return ()
    return (TellCommitted(pool=pool.name, uid=state.identity.uid, sequence=last),)


def _says_more(pool: PoolView, made: Grant) -> bool:
    """Whether the last grant, if it is known, says less than this one."""
    if pool.granted_seconds is None:
        return False
    return made.seconds - pool.granted_seconds >= FRAME_SECONDS or (made.items or 0) > (pool.granted_items or 0)


def _is_another(held: Progress, permitted: Permitted) -> bool:
    """Whether the pool has to be told the order anew: other content, newer, stopped, judged by other keys, or
    under another allowance."""
    order = permitted.order
    return (
        held.digest != permitted.digest
        or held.generation < order.generation
        or held.key_records != len(order.key_records)
        or held.state == "Stopped"
        or (held.spending.allowance if held.spending else None) != order.allowance
    )
