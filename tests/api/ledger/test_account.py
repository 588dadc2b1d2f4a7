"""The fold: promises and use stay within the quota whatever is asked, in whatever order, however often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_words import (
    ACCOUNT,
    LICENSE,
    NOVEMBER,
    ROYALTY,
    SECOND,
    licensed,
    released,
    reserved,
    segment,
    some_chain,
    uid,
)

from understudy_api.ledger import entry as written
from understudy_api.ledger.account import Account, fold, namespace_pseudonym
from understudy_api.ledger.royalty import earned_micros
from understudy_api.verdict import Refusal

EMPTY = Account(id=ACCOUNT)


def folded(account: Account, *entries: written.Entry) -> Account:
    found = fold(account, entries)
    assert isinstance(found, Account), found
    return found


def reason(account: Account, *entries: written.Entry) -> str:
    found = fold(account, entries)
    assert isinstance(found, Refusal), found
    assert found.message.startswith("ledger: ")
    return found.reason


def a_claim(seconds: float = 20, quota: int = 60) -> Account:
    return folded(EMPTY, licensed(quota), reserved(1, seconds))


def test_a_claim_is_promised_used_and_given_back() -> None:
    account = a_claim()
    assert (account.license, account.used_micros, account.reserved_micros) == (LICENSE, 0, 20 * SECOND)
    account = folded(account, *segment(account, 1, 0, (2.5, 2.5)))
    assert (account.used_micros, account.reserved_micros, account.used_items) == (5 * SECOND, 15 * SECOND, 2)
    assert account.claims[uid(1)].segment == 1
    account = folded(account, released(1, 1))
    assert (account.used_micros, account.left_micros, account.claims) == (5 * SECOND, 55 * SECOND, {})
    assert account.royalty_micros == 12_345 * 5 + 2 * 7


def test_a_claim_is_extended_and_keeps_what_it_made() -> None:
    account = a_claim()
    account = folded(account, *segment(account, 1, 0, (5,)))
    account = folded(account, reserved(1, 40, granted_until=2_000_000_000))
    claim = account.claims[uid(1)]
    assert (claim.open_micros, claim.committed_micros, claim.segment) == (35 * SECOND, 5 * SECOND, 1)


def test_what_comes_after_the_release_is_late() -> None:
    account = folded(a_claim(), released(1, 0, "Expired"))
    assert reason(account, *segment(account, 1, 0, (1,))) == "LateCommit"
    again = folded(account, reserved(1, 5, segment=3))
    assert reason(again, *segment(again, 1, 0, (1,))) == "WrongSegment"
    assert folded(again, *segment(again, 1, 3, (1,))).used_micros == SECOND


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        (lambda a: (reserved(2, 40.000001),), "QuotaExceeded"),
        (lambda a: (reserved(1, 60.04),), "QuotaExceeded"),
        (lambda a: (reserved(1, 10, granted_until=5),), "GrantShortened"),
        (lambda a: segment(a, 1, 1, (1,)), "WrongSegment"),
        (lambda a: segment(a, 2, 0, (1,)), "LateCommit"),
        (lambda a: segment(a, 1, 0, (19, 1.04)), "BeyondClaim"),
        (lambda a: segment(a, 1, 0, (1,))[:1], "SegmentUnfinished"),
        (lambda a: (*segment(a, 1, 0, (1,))[:1], reserved(2, 1)), "SegmentUnfinished"),
        (lambda a: (*segment(a, 1, 0, (1,)), *segment(a, 1, 0, (1,))), "WrongSegment"),
        (lambda a: (released(1, 1),), "NoClaim"),
        (lambda a: (released(2, 0),), "NoClaim"),
        (lambda a: (segment(a, 1, 0, (1,))[0].model_copy(update={"royalty_micros": 1}),), "WrongRoyalty"),
        (lambda a: (written.Corrected(entry=LICENSE, micros=-1, reason="Wrong"),), "WrongCorrection"),
        (lambda a: (written.Corrected(entry=LICENSE, micros=41 * SECOND, reason="Wrong"),), "QuotaExceeded"),
    ],
)
def test_what_may_not_be_written(entries: object, why: str) -> None:
    account = a_claim()
    assert reason(account, *entries(account)) == why  # type: ignore[operator]


def test_nothing_is_promised_without_a_license() -> None:
    assert reason(EMPTY, reserved(1, 1)) == "NoLicense"


def test_a_claim_covers_what_was_made_under_it() -> None:
    account = a_claim()
    account = folded(account, *segment(account, 1, 0, (5,)))
    assert reason(account, reserved(1, 4)) == "ClaimTooSmall"
    assert folded(account, reserved(1, 5)).claims[uid(1)].open_micros == 0


def test_items_and_jobs_at_once_are_counted_too() -> None:
    account = folded(EMPTY, licensed(quota_items=3, concurrent=2), reserved(1, 10, items=2))
    assert reason(account, reserved(2, 10, items=2)) == "QuotaExceeded"
    account = folded(account, reserved(2, 10, items=1))
    assert reason(account, reserved(3, 1)) == "TooManyJobs"
    assert reason(account, *segment(account, 2, 0, (1, 1))) == "BeyondClaim"
    account = folded(account, *segment(account, 2, 0, (1,)), released(2, 1))
    assert folded(account, reserved(3, 1)).used_items == 1


def pinned(job: int, uid_: str, namespace: str = "acme") -> written.Entry:
    pin = written.Pin(namespace=namespace_pseudonym(ACCOUNT, namespace), uid=uid_)
    return reserved(job, 1).model_copy(update={"pin": pin})


def test_the_first_namespace_object_of_a_name_is_pinned_for_good() -> None:
    account = folded(EMPTY, licensed(60), pinned(1, "uid-1"))
    assert account.pins == {namespace_pseudonym(ACCOUNT, "acme"): "uid-1"}
    assert reason(account, pinned(2, "uid-2")) == "NamespaceTaken"
    account = folded(account, released(1, 0), pinned(2, "uid-1"), pinned(3, "uid-9", "brand-of-the-same-jti"))
    assert sorted(account.pins.values()) == ["uid-1", "uid-9"]
    assert folded(account, reserved(2, 2)).pins == account.pins, "a promise without a pin takes nothing back"


def test_the_ledger_calls_a_namespace_by_no_name() -> None:
    assert "acme" not in namespace_pseudonym(ACCOUNT, "acme")
    assert namespace_pseudonym(ACCOUNT, "acme") != namespace_pseudonym("0" * 64, "acme")


def test_a_license_signed_anew_with_less_lets_go_on_what_was_promised() -> None:
    account = folded(a_claim(), licensed(10))
    assert account.left_micros == 0
    assert folded(account, reserved(1, 20, granted_until=2_000_000_000)).claims[uid(1)].open_micros == 20 * SECOND
    assert reason(account, reserved(1, 21)) == "QuotaExceeded"
    assert folded(account, *segment(account, 1, 0, (20,))).used_micros == 20 * SECOND


def test_a_correction_is_an_entry_of_its_own() -> None:
    account = a_claim()
    account = folded(account, *segment(account, 1, 0, (5,)))
    fixed = folded(account, written.Corrected(entry=LICENSE, micros=-SECOND, items=-1, royalty_micros=-9, reason="Bad"))
    assert (fixed.used_micros, fixed.used_items) == (4 * SECOND, 0)
    assert fixed.royalty_micros == account.royalty_micros - 9


def test_facts_without_amounts_change_no_sum() -> None:
    account = a_claim()
    facts = (
        written.Refused(uid=uid(1), generation=1, reason="LanguageNotCovered"),
        written.KeyRecorded(number=1, record="a.b.c"),
        written.ConsentAsked(uid=uid(1), request=LICENSE),
        written.ConsentAnswered(request=LICENSE, answer="deny", act="a.b.c"),
    )
    assert folded(account, *facts) == account.model_copy(update={"sequence": account.sequence + 1})


REVOKED = written.Revoked(act="a.b.c")
ERASED = written.Erased(act="a.b.d")
LISTED = written.Delivered(uid=uid(1), items=(LICENSE, ACCOUNT))
PUT_AWAY = written.Quarantined(manifest=LICENSE, files=3, bytes=900)


def test_after_a_revocation_nothing_more_is_promised() -> None:
    account = folded(a_claim(), REVOKED)
    assert account.ending.begun
    assert reason(account, reserved(2, 1)) == "LicenseRevoked"
    assert reason(account, reserved(1, 20, granted_until=2_000_000_000)) == "LicenseRevoked"
    assert reason(account, licensed(60, issued_at=int(NOVEMBER)), reserved(2, 1)) == "LicenseRevoked"


def test_what_was_made_before_a_revocation_counts_while_its_claim_is_open() -> None:
    account = folded(a_claim(), REVOKED)
    late = folded(account, *segment(account, 1, 0, (2.5,)))
    assert late.used_micros == 2.5 * SECOND
    over = folded(late, released(1, 1))
    assert reason(over, *segment(over, 1, 1, (1,))) == "LateCommit"


def test_an_erased_twin_ends_the_license_too() -> None:
    account = folded(a_claim(), ERASED)
    assert (account.ending.begun, account.ending.revoked) == (True, False)
    assert folded(account, released(1, 0), LISTED, PUT_AWAY).ending.quarantined_files == 3


def test_files_are_put_away_once_and_only_when_nobody_is_at_work() -> None:
    working = folded(a_claim(), REVOKED)
    for one in (LISTED, PUT_AWAY):
        assert reason(working, one) == "NotEnded"
        assert reason(folded(a_claim(), released(1, 0)), one) == "NotEnded"
    account = folded(working, released(1, 0), LISTED, PUT_AWAY)
    assert (account.ending.delivered_items, account.ending.quarantined_files) == (2, 3)
    for one in (LISTED, PUT_AWAY):
        assert reason(account, one) == "NotEnded"


def test_an_account_written_before_it_knew_of_endings_is_read() -> None:
    account = a_claim()
    old = account.model_dump(mode="json")
    del old["ending"]
    assert Account.model_validate(old) == account


def test_writing_an_entry_again_gives_the_same_id() -> None:
    writer = some_chain()
    ids = [one.id for link in writer.links for one in link.entries]
    again = [one.id for link in some_chain().links for one in link.entries]
    assert ids == again
    assert len(set(ids)) == len(ids)
    committed = next(one for link in writer.links for one in link.entries if isinstance(one, written.Committed))
    assert committed.model_copy(update={"segment": 9, "royalty_micros": 0}).id == committed.id, "an item is billed once"


ASKED = st.tuples(
    st.sampled_from(["reserve", "make", "release", "license", "correct"]),
    st.integers(0, 3),
    st.integers(0, 400),
    st.integers(0, 2),
)


@given(st.lists(ASKED, max_size=40))
def test_no_history_promises_or_makes_more_than_there_is(history: list[tuple[str, int, int, int]]) -> None:
    quota = 30
    account, made, items = folded(EMPTY, licensed(quota)), 0, 0
    for what, job, amount, number in history:
        seconds = amount / 10
        match what:
            case "reserve":
                asked: tuple[written.Entry, ...] = (reserved(job, seconds, segment=number),)
            case "make":
                asked = segment(account, job, number, (seconds / 2, seconds / 2))
            case "release":
                asked = (released(job, number),)
            case "license":
                asked = (licensed(quota),)
            case _:
                asked = (written.Corrected(entry=LICENSE, micros=amount - 200, reason="Test"),)
        found = fold(account, asked)
        if isinstance(found, Refusal):
            continue
        made += {"make": 2 * round(seconds / 2 * SECOND), "correct": amount - 200}.get(what, 0)
        items += 2 if what == "make" else 0
        account = found
        assert account.used_micros == made
        assert account.used_micros + account.reserved_micros <= quota * SECOND
        assert account.used_items == items
        assert all(claim.open_micros >= 0 for claim in account.claims.values())


@given(st.lists(st.integers(0, 300), min_size=1, max_size=12))
def test_royalties_of_a_chain_are_the_rate_on_all_seconds(lengths: list[int]) -> None:
    account = folded(EMPTY, licensed(10_000), reserved(1, 10_000))
    for number, length in enumerate(lengths):
        account = folded(account, *segment(account, 1, number, (length / 25, 0.04)))
    whole = earned_micros(ROYALTY, 0, account.used_micros)
    assert account.royalty_micros == whole + 7 * (account.used_items - 1)
