"""Seconds and items under a license: what is promised to a job, in slices, and when there is nothing left to promise.

A claim reaches one slice beyond what was made and is extended when half of it is used, so a license is shared by whoever
works now, an operator that is away pauses jobs instead of overspending, and nobody holds seconds it will not need soon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from understudy_api.ledger.account import MICROS_PER_SECOND, namespace_pseudonym
from understudy_api.ledger.entry import Pin, Reserved
from understudy_api.order import Order
from understudy_api.permits import Usage
from understudy_api.terms import License, Terms
from understudy_api.verdict import Refusal
from understudy_operator.core.booking import Booking, licensed, micros
from understudy_operator.core.claims import is_behind, last_counted
from understudy_operator.core.conditions import find
from understudy_operator.core.items import granted_items, reachable_items, uncounted_items, wanted_items
from understudy_operator.core.standing import standing
from understudy_operator.core.state import JobState, OrderLog, PoolView

SLICE_SECONDS: Final = 600.0
"""Metered seconds that a claim reaches beyond what was made."""
FAST_SECONDS: Final = 60.0
"""A pool so fast that it makes more than a slice in this time gets what it makes in this time."""
LEAST_ITEM_SECONDS: Final = 0.32
"""Lower bound of any item: one take, which rests for four frames before and after its words."""
LEAST_STEP_SECONDS: Final = 1.0
"""A claim is not extended for less while there is something to go on with."""
EXHAUSTED: Final = "QuotaExhausted"


@dataclass(frozen=True)
class Demand:
    """What a permitted order asks of the account."""

    order: Order
    digest: str
    license: License
    bound_seconds: float
    """Upper bound of the whole order's metered seconds."""


def made_seconds(log: OrderLog, order_digest: str) -> float:
    """Metered seconds of an order so far, as its log says."""
    return log.head.totals.metered_seconds if log.head and log.head.order == order_digest else 0.0


def least_seconds(log: OrderLog, order: Order) -> float:
    """Lower bound of what an order has still to make; 0 where items may be carried over from an earlier one."""
    return order.total_items * LEAST_ITEM_SECONDS if log.head is None else 0.0


def remaining_seconds(log: OrderLog, demand: Demand) -> float:
    """Upper bound of what an order has still to make; where it was too low, what its items took so far tells."""
    head, made = log.head, made_seconds(log, demand.digest)
    if head is None or head.order != demand.digest:
        return demand.bound_seconds
    left = demand.order.total_items - head.totals.items
    mean = made / head.totals.done if head.totals.done else 0.0
    return max(demand.bound_seconds - made, mean * left) if left > 0 else 0.0


def usage(state: JobState, terms: Terms, now: float) -> Usage:
    """What stands against a license, what was used under it by everybody, and what is promised to other jobs."""
    if state.license is None:
        return Usage()
    view, account = state.license, state.license.account
    known = standing(terms, state.twin, view.registration, view.standing, now)
    if account is None:
        return known
    others = [claim for uid, claim in account.claims.items() if uid != state.identity.uid]
    amounts = {
        "used_seconds": account.used_micros / MICROS_PER_SECOND,
        "reserved_seconds": sum(claim.open_micros for claim in others) / MICROS_PER_SECOND,
        "used_items": account.used_items,
        "reserved_items": sum(claim.open_items for claim in others),
        "running": len(others),
        "namespace_uid": account.pins.get(namespace_pseudonym(account.id, state.identity.namespace)),
    }
    return known.model_copy(update=amounts)


def needed_seconds(state: JobState) -> float:
    """What a job that ran out has to have before it goes on: its next item, or what it made and nobody had promised."""
    booking, held = state.booking, state.pool.held if state.pool else None
    if booking is None:
        return 0.0
    beyond = _uncounted_micros(state, booking) / MICROS_PER_SECOND
    left = reachable_micros(state, booking) / MICROS_PER_SECOND
    following = held.short_seconds if held is not None and held.short_seconds is not None else None
    return beyond + (following or 0.0) if beyond or following else left + LEAST_STEP_SECONDS


def begin(state: JobState, demand: Demand) -> Booking | None:
    """The booking of what counts now, with the license on record; None when there is no account."""
    booking = state.booking
    terms = licensed(booking.account, demand.license) if booking else None
    return booking.with_entries(terms) if booking and terms else booking


def reachable_micros(state: JobState, booking: Booking) -> int:
    """What the job's claim could be opened up to: its own open part and all that nobody else holds."""
    claim = booking.claim(state.identity.uid)
    return booking.account.left_micros + (claim.open_micros if claim else 0)


def wanted_micros(state: JobState, booking: Booking, demand: Demand, now: float) -> int:
    """What the claim should be open for: a slice, or less where less is left to make or to have."""
    pace = _pace(state.log, demand.digest, now)
    ahead = min(max(SLICE_SECONDS, pace * FAST_SECONDS), remaining_seconds(state.log, demand))
    return min(micros(ahead) + _uncounted_micros(state, booking), reachable_micros(state, booking))


def granted_seconds(state: JobState, booking: Booking, demand: Demand) -> float:
    """Metered seconds that the order may reach in total under the claim as it stands after the booking."""
    claim = booking.claim(state.identity.uid)
    still = (claim.open_micros if claim else 0) - _uncounted_micros(state, booking)
    return (micros(made_seconds(state.log, demand.digest)) + max(still, 0)) / MICROS_PER_SECOND


def extension(state: JobState, booking: Booking, demand: Demand, until: int, due: bool, now: float) -> Reserved | None:
    """The promise that has to stand before a grant may be given until `until`; None when nothing has to be promised.

    `due`: a grant will be given in any case. One follows whenever a claim is opened or extended.
    """
    claim = booking.claim(state.identity.uid)
    wanted, items = wanted_micros(state, booking, demand, now), _wanted_items(state, booking, demand, now)
    if claim is None:
        return _reserved(state, demand, state.next_segment, wanted, items, until)
    more, further = max(wanted - claim.open_micros, 0), max(items - claim.open_items, 0)
    bounded, same = booking.account.quota_items is not None, claim.order == demand.digest
    low = 2 * claim.open_micros <= wanted and more >= micros(LEAST_STEP_SECONDS)
    few = bounded and 2 * claim.open_items <= items and further > 0
    waits = (more > 0 or (bounded and further > 0)) and state.pool is not None and is_short(state.pool)
    if not (low or few or waits):
        if same and not (due and until > claim.granted_until):
            return None
        more, further = 0, 0 if bounded else further
    items = claim.committed_items + claim.open_items + further if bounded or not same else claim.items
    until = max(until, claim.granted_until)
    return _reserved(state, demand, claim.segment, claim.reserved_micros + more, items, until)


def is_short(pool: PoolView) -> bool:
    """Whether the director waits for seconds, and nothing is under way that could set some free."""
    held = pool.held
    return held is not None and held.short_seconds is not None and not held.takes_in_flight


def exhausted(state: JobState, demand: Demand, now: float) -> Refusal | None:
    """That the license has nothing more for this job, which stops now; None while it has or nobody knows yet."""
    booking = begin(state, demand)
    if booking is None:
        return None
    if not _ran_out_before(state, booking, demand.digest) and not _runs_out(state, booking, demand, now):
        return None
    quota, made = demand.license.terms.quota, state.log.head.totals.items if state.log.head else 0
    left, asked = f"{reachable_micros(state, booking) / MICROS_PER_SECOND:.2f} s left of {quota.seconds} s", "seconds"
    if _lacks_items(state, booking):
        left, asked = f"{reachable_items(state, booking)} items left of {quota.items}", "items"
    return Refusal(
        reason=EXHAUSTED,
        message=f"license: the next item does not fit into the {left}; "
        f"{made} of {demand.order.total_items} items have a receipt, the job goes on once there is more: ask the owner "
        f"for more {asked}, or wait until other jobs give theirs back",
    )


def _runs_out(state: JobState, booking: Booking, demand: Demand, now: float) -> bool:
    """Whether the director waits although all that can be had was granted, or made more than there is."""
    pool, claim = state.pool, booking.claim(state.identity.uid)
    if pool is None or claim is None or pool.held is None or pool.held.digest != demand.digest or is_behind(state):
        return False
    beyond = pool.held.state == "Finishing" and _uncounted_micros(state, booking) > 0
    if not (beyond or is_short(pool)) or pool.grant_expires_at is None or pool.grant_expires_at <= now:
        return False
    all_granted = (pool.granted_seconds or 0.0) >= granted_seconds(state, booking, demand) - 0.001
    all_promised = wanted_micros(state, booking, demand, now) <= claim.open_micros
    items = granted_items(state, booking)
    if items is not None:
        all_granted = all_granted and (pool.granted_items or 0) >= items
        all_promised = all_promised and _wanted_items(state, booking, demand, now) <= claim.open_items
    return all_granted and all_promised


def _lacks_items(state: JobState, booking: Booking) -> bool:
    """Whether not one more item can be had, or fewer than were made and do not count yet."""
    left = reachable_items(state, booking)
    return left is not None and left < max(uncounted_items(state, booking), 1)


def _ran_out_before(state: JobState, booking: Booking, order_digest: str) -> bool:
    """Whether the very order ran out before, and what it lacked is not there now."""
    said, needed = find(state.status.conditions, "Admitted"), state.status.quota_needed_seconds
    if said is None or said.reason != EXHAUSTED or needed is None or state.status.order_digest != order_digest:
        return False
    return reachable_micros(state, booking) < micros(float(needed)) or _lacks_items(state, booking)


def _uncounted_micros(state: JobState, booking: Booking) -> int:
    """Metered time in the log that does not count after the booking."""
    if not state.uncounted or state.log.head is None:
        return 0
    last = last_counted(state, booking)
    rest = (receipt for one in state.uncounted if one.segment.sequence > last for receipt in one.segment.receipts)
    unread = micros(state.log.head.billed_seconds) - micros(state.uncounted[-1].segment.billed_seconds)
    return sum(micros(receipt.metered_seconds) for receipt in rest if receipt.charged) + max(unread, 0)


def _wanted_items(state: JobState, booking: Booking, demand: Demand, now: float) -> int:
    """As `wanted_micros`; a fast pool gets the items it makes in the time it gets seconds for."""
    head, running = state.log.head, _running_seconds(state.log, demand.digest, now)
    ahead = head.totals.items / running * FAST_SECONDS if head and running else 0.0
    return wanted_items(state, booking, demand.order, round(ahead))


def _pace(log: OrderLog, order_digest: str, now: float) -> float:
    """Metered seconds an order made per second so far."""
    running = _running_seconds(log, order_digest, now)
    return log.head.totals.metered_seconds / running if log.head and running else 0.0


def _running_seconds(log: OrderLog, order_digest: str, now: float) -> float:
    """How long an order was worked on, at least a second; 0 before it began."""
    head = log.head
    if head is None or head.order != order_digest or head.totals.started_at is None:
        return 0.0
    return max(now - head.totals.started_at, 1.0)


def _reserved(state: JobState, demand: Demand, segment: int, amount: int, items: int, until: int) -> Reserved:
    return Reserved(
        uid=state.identity.uid,
        license=demand.license.digest,
        order=demand.digest,
        segment=segment,
        reserved_micros=amount,
        items=items,
        granted_until=until,
        pin=_pin(state),
    )


def _pin(state: JobState) -> Pin | None:
    """That this namespace object is the one that uses the license from now on; None once that is on record."""
    account = state.license.account if state.license else None
    if account is None or state.namespace_uid is None:
        return None
    name = namespace_pseudonym(account.id, state.identity.namespace)
    return None if name in account.pins else Pin(namespace=name, uid=state.namespace_uid)
