"""Accounts and quota: seconds are promised once, counted once, and given back when a job ends."""

from __future__ import annotations

import pytest
from builders import (
    NOW,
    UID,
    a_job,
    a_key,
    a_license,
    a_license_token,
    a_license_view,
    a_log,
    some_terms,
)
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.digest import digest
from understudy_api.permits import Usage
from understudy_api.receipt import Totals
from understudy_api.token import sign, thumbprint
from understudy_operator.core.account import Account, Claim, account_id, account_key
from understudy_operator.core.quota import claimed, remaining_seconds, settled, settled_orphans, usage
from understudy_operator.core.state import AccountView, JobState

ID = account_id(a_license_token()) or ""


def _claim(reserved: float, start: float = 0.0) -> Claim:
    return Claim(namespace="acme", job="spring", reserved_seconds=reserved, billed_from_seconds=start)


def _job(account: Account, billed: float = 0.0, order: str = "a" * 64, made: float | None = None) -> JobState:
    totals = Totals(metered_seconds=billed if made is None else made)
    log = a_log(order, totals)
    assert log.head is not None
    head = type(log.head)(**{**vars(log.head), "billed_seconds": billed})
    return a_job(license=a_license_view(account=account), log=type(log)(head=head))


def test_an_account_belongs_to_owner_and_jti() -> None:
    assert account_id(a_license_token()) == digest({"iss": thumbprint(a_key("owner")), "jti": some_terms().jti})
    assert account_id(a_license_token(exp=int(NOW) + 99)) == ID, "a license signed anew counts on"
    assert account_id(a_license_token(jti="another-license")) != ID
    assert account_id(a_license_token(owner="other owner")) != ID, "nobody can count under another owner's jti"


@pytest.mark.parametrize(
    "text", ["x.y.z", "", sign(a_key("owner"), "likeness-license+jwt", {"iss": 5}), sign(a_key("owner"), "jwt", {})]
)
def test_a_token_without_issuer_names_no_account(text: str) -> None:
    assert account_id(text) is None


def test_keys_sort_as_sequences_do() -> None:
    assert account_key("a", 9) < account_key("a", 10) < account_key("a", 99_999_999)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_claim_moves_from_reserved_to_used(reserved: float, start: float, more: float) -> None:
    claim = _claim(reserved, start)
    used, left = claim.used_seconds(start + more), claim.open_seconds(start + more)
    assert used == pytest.approx(more, abs=1e-6)
    assert used + left == pytest.approx(max(reserved, more), abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1000)), min_size=1, max_size=5))
def test_settling_keeps_what_was_used_and_frees_the_rest(claims: list[tuple[float, float]]) -> None:
    billed = {str(index): made for index, (_, made) in enumerate(claims)}
    account = Account(id=ID)
    for index, (reserved, _) in enumerate(claims):
        account = account.claimed(str(index), _claim(reserved))
    before = account.usage(billed)
    after = account.settled(billed, *billed)
    assert after.sequence == account.sequence + 1
    assert after.claims == {}
    assert after.usage(billed).used_seconds == pytest.approx(before.used_seconds)
    assert after.usage(billed).reserved_seconds == 0


def test_a_jobs_own_promise_does_not_stand_against_it() -> None:
    account = Account(id=ID, claims={UID: _claim(100.0), "other": _claim(40.0)})
    assert usage(_job(account, billed=30.0)) == Usage(used_seconds=30.0, reserved_seconds=40.0, running=1)


def test_a_job_without_license_uses_nothing() -> None:
    assert usage(a_job(license=None)) == Usage()
    assert claimed(a_job(license=None), "a" * 64, 10.0) is None
    assert settled(a_job(license=None)) is None


def test_an_order_needs_what_it_has_not_made() -> None:
    log = a_log("a" * 64, Totals(metered_seconds=30.0))
    assert remaining_seconds(log, "a" * 64, 100.0) == 70.0
    assert remaining_seconds(log, "b" * 64, 100.0) == 100.0
    assert remaining_seconds(log, "a" * 64, 20.0) == 0.0


def test_a_claim_is_opened_once_and_stands_while_the_job_goes_on() -> None:
    first = claimed(_job(Account(id=ID)), "a" * 64, 100.0)
    assert first is not None
    assert (first.sequence, first.claims[UID].reserved_seconds) == (0, 100.0)
    for billed in (0.0, 10.0, 55.5, 100.0):
        assert claimed(_job(first, billed=billed), "a" * 64, 100.0) is None


def test_a_changed_order_claims_beyond_what_was_made_before() -> None:
    account = Account(id=ID, sequence=4, claims={UID: _claim(100.0)})
    state = _job(account, billed=60.0, order="a" * 64)
    anew = claimed(state, "b" * 64, 80.0)
    assert anew is not None
    assert (anew.sequence, anew.claims[UID].reserved_seconds) == (5, 140.0)
    assert claimed(_job(anew, billed=60.0), "b" * 64, 80.0) is None


def test_a_job_that_ended_and_starts_again_claims_from_what_was_billed() -> None:
    over = Account(id=ID, sequence=2, settled_seconds=60.0)
    anew = claimed(_job(over, billed=60.0), "b" * 64, 80.0)
    assert anew is not None
    assert anew.claims[UID] == _claim(80.0, start=60.0)
    assert anew.usage({UID: 60.0}) == Usage(used_seconds=60.0, reserved_seconds=80.0, running=1)


def test_settling_a_job_that_holds_no_claim_writes_nothing() -> None:
    assert settled(_job(Account(id=ID))) is None
    closed = settled(_job(Account(id=ID, claims={UID: _claim(100.0)}), billed=25.0))
    assert closed is not None
    assert (closed.settled_seconds, closed.claims) == (25.0, {})


@pytest.mark.parametrize(
    ("exists", "held", "settles"),
    [(True, False, False), (False, True, False), (False, None, False), (False, False, True), (True, True, False)],
)
def test_claims_of_jobs_that_are_gone_are_settled_when_no_pool_works_on_them(
    exists: bool, held: bool | None, settles: bool
) -> None:
    account = Account(id=ID, claims={UID: _claim(100.0), "other": _claim(5.0)})
    state = a_license(
        account=AccountView(account=account, billed_seconds={UID: 40.0}),
        jobs=frozenset({"other"} | ({UID} if exists else set())),
        held=None if held is None else frozenset({UID} if held else set()),
    )
    found = settled_orphans(state)
    assert (found is not None) is settles
    if found is not None:
        assert found.settled_seconds == 40.0
        assert set(found.claims) == {"other"}
