"""A job's standing in its license's ledger, and the links that looks write: one action a look, before anything else is asked."""

from __future__ import annotations

from typing import Literal

from understudy_api.ledger.entry import Refused, Reserved
from understudy_api.verdict import Refusal
from understudy_operator.core.actions import Action, Record
from understudy_operator.core.booking import MAX_SEGMENTS, Booking, expired, released
from understudy_operator.core.state import JobState, LicenseState


def record(state: JobState, booking: Booking | None) -> tuple[Action, ...]:
    """The action that writes a booking down; nothing when it has no entries."""
    if booking is None or not booking.entries:
        return ()
    uid = state.identity.uid
    opens = uid not in booking.base.claims and any(isinstance(one, Reserved | Refused) for one in booking.entries)
    names = {uid: f"{state.identity.namespace}/{state.identity.name}"} if opens else {}
    return (Record(account=booking.base, entries=booking.entries, names=names),)


def ended(state: JobState, reason: Literal["Stopped", "Expired"]) -> Booking | None:
    """The booking that ends the job's claim where it stands, if it holds one; nothing more counts in it."""
    account = state.license.account if state.license else None
    return released(Booking(account, account), state.identity.uid, reason) if account else None


def last_counted(state: JobState, booking: Booking | None) -> int:
    """The last segment of the job's log that counts after a booking; -1 when none does."""
    claim = booking.claim(state.identity.uid) if booking else None
    return (claim.segment if claim else state.next_segment) - 1


def unproven(state: JobState) -> Refusal | None:
    """Why the job stops: its log goes on with receipts that no performer named by the farm's grant has signed."""
    return next((one.fault for one in state.uncounted if one.fault is not None), None)


def is_behind(state: JobState) -> bool:
    """Whether the log goes on after what one look could take."""
    head, booking = state.log.head, state.booking
    if head is None or booking is None or len(state.uncounted) < MAX_SEGMENTS:
        return False
    return last_counted(state, booking) == state.uncounted[-1].segment.sequence < head.sequence


def orphans_released(state: LicenseState, now: float) -> tuple[Action, ...]:
    """Ends claims of jobs that are gone, once no pool works on them or their grants ran out; nothing when there are none.

    When the license itself is being deleted, jobs see it no more: it ends their claims too.
    """
    if state.account is None:
        return ()
    booking = Booking(state.account, state.account)
    for uid, claim in sorted(state.account.claims.items()):
        free = state.held is not None and uid not in state.held
        left = uid not in state.jobs or state.identity.deleted_at is not None
        if left and (free or expired(claim, now)):
            booking = released(booking, uid, "Gone")
    return (Record(account=booking.base, entries=booking.entries),) if booking.entries else ()
