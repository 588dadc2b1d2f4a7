"""Items under a license that bounds their number: promised in slices, like seconds.

Where no license bounds them a claim names all that are left, for the record alone.
"""

from __future__ import annotations

from typing import Final

from understudy_api.order import Order
from understudy_operator.core.booking import Booking
from understudy_operator.core.claims import last_counted
from understudy_operator.core.state import JobState, OrderLog

SLICE_ITEMS: Final = 100
"""Items that a claim reaches beyond what was made: ten minutes of work at six seconds each."""


def remaining_items(log: OrderLog, order: Order) -> int:
    """Items of an order without an outcome; those it may carry over from an earlier one are among them."""
    made = log.head.totals.items if log.head and log.head.order == order.digest else 0
    return max(order.total_items - made, 0)


def least_items(state: JobState, order: Order) -> int:
    """Lower bound of what an order has still to make; 0 once its job has begun: it shares what is left, slice by slice."""
    account = state.license.account if state.license else None
    begun = state.log.head is not None or (account is not None and state.identity.uid in account.claims)
    return 0 if begun else order.total_items


def uncounted_items(state: JobState, booking: Booking) -> int:
    """Charged items in the log that do not count after the booking."""
    if not state.uncounted or state.log.head is None:
        return 0
    last = last_counted(state, booking)
    rest = (receipt for one in state.uncounted if one.segment.sequence > last for receipt in one.segment.receipts)
    unread = state.log.head.billed_items - state.uncounted[-1].segment.billed_items
    return sum(receipt.charged for receipt in rest) + max(unread, 0)


def reachable_items(state: JobState, booking: Booking) -> int | None:
    """What the job's claim could be open for: all that nobody made and nobody else holds; None without a bound."""
    account = booking.account
    if account.quota_items is None:
        return None
    others = sum(claim.open_items for uid, claim in account.claims.items() if uid != state.identity.uid)
    return max(account.quota_items - account.used_items - others, 0)


def wanted_items(state: JobState, booking: Booking, order: Order, ahead: int) -> int:
    """What the claim should be open for: `ahead` items, or fewer where fewer are left to make or to have."""
    remaining, uncounted = remaining_items(state.log, order), uncounted_items(state, booking)
    left = reachable_items(state, booking)
    if left is None:
        return remaining + uncounted
    return min(min(max(SLICE_ITEMS, ahead), remaining) + uncounted, left)


def granted_items(state: JobState, booking: Booking) -> int | None:
    """Charged items that the job's whole log may reach under the claim as it stands after the booking; None without a bound.

    A claim from before the license was signed anew, with a bound, reaches no further than the bound.
    """
    left, claim = reachable_items(state, booking), booking.claim(state.identity.uid)
    if left is None:
        return None
    still = min(claim.open_items if claim else 0, left) - uncounted_items(state, booking)
    return (state.log.head.billed_items if state.log.head else 0) + max(still, 0)
