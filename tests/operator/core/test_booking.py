"""Bookings: receipts count whole, in order, under a claim; the entries are the ones the ledger accepts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import NOW, UID, a_claim, a_key, an_account, logged, some_terms
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.ledger.account import Account, fold
from understudy_api.ledger.entry import Committed, Counted, Licensed, Released
from understudy_api.terms import License
from understudy_api.token import thumbprint
from understudy_api.verdict import Refusal
from understudy_operator.core.booking import GRACE_SECONDS, Booking, counted, expired, licensed, micros, released

ORDER = "a" * 64
ROYALTY = {"currency": "EUR", "splits": [{"role": "owner", "payee": "p-1", "share_millionths": 1_000_000}]}


def test_receipts_become_entries_in_their_order() -> None:
    account = an_account(**{UID: 100})
    booking = counted(account, UID, (logged(ORDER, 0, (2.5, 0.04)), logged(ORDER, 1, (1.0,), before=2.54)))
    assert [one.kind for one in booking.entries] == ["Committed", "Committed", "Counted", "Committed", "Counted"]
    assert [one.micros for one in booking.entries if isinstance(one, Committed)] == [2_500_000, 40_000, 1_000_000]
    assert booking.account == fold(account, booking.entries)
    assert booking.account.claims[UID].segment == 2


@pytest.mark.parametrize("changed", [{"carried": True}, {"outcome": "failed"}, {"outcome": "rejected"}])
def test_what_costs_nothing_leaves_only_its_segments_end(changed: dict[str, object]) -> None:
    made = logged(ORDER, 0, (1.0, 1.0))
    receipts = tuple(one.model_copy(update=changed) for one in made.segment.receipts)
    quiet = replace(made, segment=made.segment.model_copy(update={"receipts": receipts}))
    booking = counted(an_account(**{UID: 100}), UID, (quiet,))
    assert booking.entries == (Counted(uid=UID, segment=0, digest=made.digest),)


def test_without_a_claim_nothing_counts() -> None:
    assert counted(an_account(), UID, (logged(ORDER, 0, (1.0,)),)).entries == ()


def test_what_a_claim_does_not_reach_for_waits_whole_and_so_does_all_after_it() -> None:
    segments = (logged(ORDER, 0, (2.0,)), logged(ORDER, 1, (1.0, 2.0)), logged(ORDER, 2, (0.04,)))
    booking = counted(an_account(**{UID: 4.9}), UID, segments)
    assert booking.account.claims[UID].segment == 1
    assert booking.account.used_micros == 2_000_000


def test_what_nobody_proved_does_not_count_and_neither_does_what_follows() -> None:
    segments = [logged(ORDER, 0, (2.0,)), logged(ORDER, 1, (1.0,)), logged(ORDER, 2, (1.0,))]
    segments[1] = replace(segments[1], fault=Refusal(reason="ReceiptNotProven", message="receipts: forged"))
    booking = counted(an_account(**{UID: 100}), UID, segments)
    assert booking.account.claims[UID].segment == 1
    assert booking.account.used_micros == 2_000_000


def test_segments_that_are_counted_do_not_count_again() -> None:
    account = an_account().model_copy(update={"claims": {UID: a_claim(10, segment=1)}})
    assert counted(account, UID, (logged(ORDER, 0, (1.0,)),)).entries == ()


@given(st.lists(st.lists(st.integers(1, 100), min_size=1, max_size=4), max_size=8), st.integers(0, 1000))
def test_never_more_counts_than_was_promised_and_never_out_of_order(lengths: list[list[int]], reserved: int) -> None:
    account, before, segments = an_account(**{UID: reserved / 25}), 0.0, []
    for number, frames in enumerate(lengths):
        segments.append(logged(ORDER, number, tuple(one / 25 for one in frames), before=before))
        before += sum(frames) / 25
    booking = counted(account, UID, segments)
    taken, fits = 0, 0
    for frames in lengths:
        if taken + sum(frames) > reserved:
            break
        taken, fits = taken + sum(frames), fits + 1
    assert booking.account.claims[UID].segment == fits
    assert booking.account.used_micros == taken * 40_000


def _licensed(account: Account, **changed: object) -> Licensed | None:
    return licensed(account, License(terms=some_terms(**changed), digest="b" * 64, signer=thumbprint(a_key("owner"))))


def test_a_license_is_recorded_once_and_anew_when_it_says_something_else() -> None:
    terms = some_terms()
    entry = _licensed(Account(id="0" * 64))
    assert isinstance(entry, Licensed)
    assert (entry.quota_micros, entry.issued_at, entry.expires_at) == (
        micros(terms.quota.seconds),
        terms.iat,
        terms.exp,
    )
    account = an_account()
    assert _licensed(account) is None
    assert _licensed(account, assignee={"namespace": "brand-b"}) is None, "brands share it under one jti"
    assert _licensed(account, quota={"seconds": 5}) is not None
    assert _licensed(account, quota={"seconds": 5}, iat=terms.iat - 1) is None, "what was signed earlier does not count"
    for changed in ({"exp": terms.exp + 1}, {"quota": {"seconds": 100_000, "items": 5}}, {"royalty": ROYALTY}):
        assert _licensed(account, **changed) is not None


def test_a_claim_ends_where_counting_stopped() -> None:
    account = an_account(**{UID: 5})
    booking = released(counted(account, UID, (logged(ORDER, 0, (2.0,)),)), UID, "Stopped")
    assert booking.entries[-1] == Released(uid=UID, segment=1, reason="Stopped")
    assert booking.account.reserved_micros == 0
    assert released(booking, UID, "Stopped") is booking


def test_entries_the_ledger_refuses_make_no_booking() -> None:
    account = an_account()
    assert Booking(account, account).with_entries(Released(uid=UID, segment=0, reason="Gone")) is None


def test_a_claim_expires_a_minute_after_its_last_grant() -> None:
    claim = a_claim(5)
    assert not expired(claim, NOW + 900 + GRACE_SECONDS - 0.1)
    assert expired(claim, NOW + 900 + GRACE_SECONDS)
    assert not expired(None, 1e12)
