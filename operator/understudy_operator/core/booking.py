"""A link to be: receipts that count now, promises, and their end, with the account that follows.

A segment of the receipt log counts whole and in order. It counts only while the job holds a claim that reaches for it:
what comes after the claim's end, or beyond what was promised, is never delivered and never paid for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from understudy_api.ledger.account import MICROS_PER_SECOND, Account, Claim, fold
from understudy_api.ledger.entry import Committed, Counted, Entry, Licensed, Released
from understudy_api.ledger.royalty import earned_micros
from understudy_api.receipt import Segment
from understudy_api.terms import License
from understudy_api.token import CLOCK_SKEW_SECONDS
from understudy_api.verdict import Refusal

MAX_SEGMENTS: Final = 8
"""Segments that one look counts at most, 4,000 items; whoever has more looks again at once."""
GRACE_SECONDS: Final = CLOCK_SKEW_SECONDS
"""How long after a grant's end a claim stays open for receipts that are on their way."""


@dataclass(frozen=True, kw_only=True)
class Logged:
    """A segment of a receipt log, whole, the digest of its bytes, and what speaks against its receipts (`proof.fault`)."""

    segment: Segment
    digest: str
    fault: Refusal | None


@dataclass(frozen=True)
class Booking:
    """Entries of one link to be, and the account after them."""

    base: Account
    account: Account
    entries: tuple[Entry, ...] = ()

    def with_entries(self, *entries: Entry) -> Booking | None:
        """The booking with more entries; None when the ledger would refuse them."""
        after = fold(self.account, entries)
        if not isinstance(after, Account):
            return None
        account = after.model_copy(update={"sequence": self.base.sequence + 1})
        return replace(self, account=account, entries=(*self.entries, *entries))

    def claim(self, uid: str) -> Claim | None:
        """A job's claim after these entries."""
        return self.account.claims.get(uid)


def micros(seconds: float) -> int:
    """Seconds as the ledger counts them."""
    return round(seconds * MICROS_PER_SECOND)


def counted(account: Account, uid: str, uncounted: Sequence[Logged]) -> Booking:
    """The booking with every segment of a job that can count now; without a claim none can, nor one that is not proven."""
    booking = Booking(account, account)
    for logged in uncounted if uid in account.claims else ():
        if logged.fault is not None:
            break
        further = booking.with_entries(*segment_entries(booking.account, logged))
        if further is None:
            break
        booking = further
    return booking


def segment_entries(account: Account, logged: Logged) -> tuple[Entry, ...]:
    """What a segment becomes: an entry for each item that is charged for, then its end."""
    segment, made = logged.segment, account.used_micros
    entries = list[Entry]()
    for receipt in segment.receipts:
        if not receipt.charged:
            continue
        taken = micros(receipt.metered_seconds)
        entries.append(
            Committed(
                uid=segment.uid,
                segment=segment.sequence,
                item=receipt.item,
                frames=receipt.frames,
                micros=taken,
                sha256=receipt.sha256,
                royalty_micros=earned_micros(account.royalty, made, taken),
            )
        )
        made += taken
    return (*entries, Counted(uid=segment.uid, segment=segment.sequence, digest=logged.digest))


def licensed(account: Account, license_: License) -> Licensed | None:
    """The entry that records a license; None when what it says of amounts is on record, or a later one is.

    Licenses of one `jti` for several brands share an account: as long as they agree on amounts, one entry serves all.
    """
    terms = license_.terms
    entry = Licensed(
        license=license_.digest,
        jti=terms.jti,
        issued_at=terms.iat,
        quota_micros=terms.quota.seconds * MICROS_PER_SECOND,
        quota_items=terms.quota.items,
        concurrent=terms.quota.concurrent,
        expires_at=terms.exp,
        royalty=terms.royalty,
    )
    if account.license is None:
        return entry
    known = (account.quota_micros, account.quota_items, account.concurrent, account.expires_at, account.royalty)
    said = (entry.quota_micros, entry.quota_items, entry.concurrent, entry.expires_at, entry.royalty)
    return entry if terms.iat >= account.licensed_at and said != known else None


def released(booking: Booking, uid: str, reason: Literal["Stopped", "Expired", "Gone"]) -> Booking:
    """The booking with the job's claim ended, if it holds one."""
    claim = booking.claim(uid)
    if claim is None:
        return booking
    return booking.with_entries(Released(uid=uid, segment=claim.segment, reason=reason)) or booking


def expired(claim: Claim | None, now: float) -> bool:
    """Whether no grant under a claim can bring anything any more."""
    return claim is not None and now >= claim.granted_until + GRACE_SECONDS
