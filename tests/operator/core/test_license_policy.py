"""What a License shows its owner: whether it holds and why not, its terms in words, its seconds."""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    DAY,
    NOW,
    a_claim,
    a_genesis_record,
    a_job,
    a_key,
    a_license,
    a_license_token,
    a_twin_view,
    an_account,
    some_terms,
)

from understudy_api.ledger.entry import Released
from understudy_api.license import LicenseStatus
from understudy_api.owner_word import OwnerWord
from understudy_api.token import thumbprint
from understudy_operator.core.actions import EmitEvent, Record
from understudy_operator.core.admission import Refused, admit
from understudy_operator.core.conditions import find
from understudy_operator.core.decide import decide_license
from understudy_operator.core.state import LicenseState, SpecProblem

WORDS = [
    (OwnerWord(revoked={"acme-spring-2026": NOW}), "LicenseRevoked"),
    (OwnerWord(stops={"0" * 64: NOW}), "TwinStopped"),
    (OwnerWord(erased_at=NOW), "TwinErased"),
    (OwnerWord(erased_at=NOW, stops={"0" * 64: NOW}), "TwinErased"),
]


def _status(state: LicenseState, now: float = NOW) -> LicenseStatus:
    found = decide_license(state, now).status
    assert found is not None
    return found


def _reason(state: LicenseState, now: float = NOW) -> tuple[str, str]:
    valid = find(_status(state, now).conditions, "Valid")
    assert valid is not None
    return valid.status, valid.reason


@pytest.mark.parametrize(
    ("changed", "at", "status", "reason"),
    [
        ({}, NOW, "True", "Valid"),
        ({"exp": int(NOW)}, NOW, "False", "Expired"),
        ({"nbf": int(NOW) + 1}, NOW, "False", "NotYetValid"),
        ({"aud": thumbprint(a_key("other farm"))}, NOW, "False", "WrongFarm"),
        ({"twin": "0" * 64}, NOW, "False", "TwinNotCovered"),
    ],
)
def test_whether_it_holds(changed: dict[str, Any], at: float, status: str, reason: str) -> None:
    assert _reason(a_license(a_license_token(**changed)), at) == (status, reason)


def test_a_signature_that_does_not_hold_shows_no_terms() -> None:
    thief, altered = a_license_token(signer="thief"), a_license_token()[:-6] + "AAAAAA"
    for token, reason in ((thief, "SignerNotAllowed"), (altered, "BadSignature")):
        state = a_license(token)
        assert _reason(state) == ("False", reason)
        status = _status(state)
        assert (status.id, status.terms, status.assignee, status.left_seconds) == (None, (), None, None)


@pytest.mark.parametrize(
    ("twin", "reason"),
    [(None, "TwinNotFound"), (a_twin_view(genesis=a_genesis_record()[:-6] + "AAAAAA"), "TwinNotValid")],
)
def test_without_its_twin_nothing_can_be_verified(twin: Any, reason: str) -> None:
    state = a_license(twin=twin)
    assert _reason(state) == ("False", reason)
    assert decide_license(state, NOW).requeue_after_seconds == (30 if twin is None else None)


def test_terms_stand_in_plain_words() -> None:
    status = _status(a_license())
    assert (status.id, status.assignee) == ("acme-spring-2026", "acme")
    assert any("Germany" in line or "DE" in line for line in status.terms)
    assert any("100,000 seconds" in line for line in status.terms)
    assert (status.valid_from, status.valid_until) == ("2026-05-27T20:26:40Z", "2026-06-27T20:26:40Z")


def test_seconds_are_used_reserved_and_left() -> None:
    token = a_license_token()
    account = an_account(token, used=1042.75, one=60, two=9.75)
    status = _status(a_license(token, account=account, jobs=frozenset(account.claims)))
    assert (status.used_seconds, status.reserved_seconds, status.left_seconds) == ("1042.75", "69.75", "98887.5")


def test_items_are_used_and_left_where_they_are_bounded() -> None:
    token = a_license_token(quota={"seconds": 1000, "items": 20})
    claims = {"one": a_claim(5, items=6, committed_items=2)}
    account = an_account(token).model_copy(update={"quota_items": 20, "used_items": 9, "claims": claims})
    status = _status(a_license(token, account=account, jobs=frozenset(claims)))
    assert (status.used_items, status.left_items) == (9, 7)
    unused = _status(a_license(token, account=None))
    assert (unused.used_items, unused.left_items) == (0, 20)
    assert _status(a_license()).left_items is None


def test_an_exhausted_license_has_nothing_left() -> None:
    token = a_license_token(quota={"seconds": 10})
    assert _status(a_license(token, account=an_account(token, used=11))).left_seconds == "0"


@pytest.mark.parametrize(
    ("nbf", "exp", "open_claims", "seconds"),
    [
        (int(NOW) + 5, int(NOW) + 50, False, 5),
        (int(NOW) - 5, int(NOW) + 50, False, 50),
        (int(NOW) - 5, int(NOW) + 50, True, 10),
        (int(NOW) - 50, int(NOW) - 5, False, None),
    ],
)
def test_it_is_looked_at_when_its_window_turns(nbf: int, exp: int, open_claims: bool, seconds: float | None) -> None:
    token = a_license_token(nbf=nbf, exp=exp)
    account = an_account(token, **({"one": 1.0} if open_claims else {}))
    state = a_license(token, account=account, jobs=frozenset({"one"}))
    assert decide_license(state, NOW).requeue_after_seconds == seconds


@pytest.mark.parametrize(("word", "reason"), WORDS)
def test_what_its_owner_said_is_told_in_the_words_a_job_is_refused_with(word: OwnerWord, reason: str) -> None:
    valid = find(_status(a_license(twin=a_twin_view(word=word))).conditions, "Valid")
    refused = admit(a_job(twin=a_twin_view(word=word)), NOW)
    assert valid is not None
    assert isinstance(refused, Refused)
    assert (valid.status, valid.reason, refused.verdict.reason) == ("False", reason, reason)
    assert valid.message == refused.verdict.message


def test_expiry_is_one_event() -> None:
    token = a_license_token(exp=int(NOW) + DAY)
    state, reasons = a_license(token), []
    for now in (NOW, NOW + 5, NOW + DAY, NOW + DAY + 5):
        decision = decide_license(state, now)
        reasons += [(one.type, one.reason) for one in decision.actions if isinstance(one, EmitEvent)]
        state = a_license(token, status=decision.status or state.status)
    assert reasons == [("Normal", "Valid"), ("Warning", "Expired")]


@pytest.mark.parametrize(
    ("exists", "held", "later", "closes"),
    [
        (True, False, 0, False),
        (False, True, 0, False),
        (False, None, 900 + 59, False),
        (False, None, 900 + 60, True),
        (False, True, 900 + 60, True),
        (False, False, 0, True),
        (True, True, 5000, False),
    ],
)
def test_claims_of_jobs_that_are_gone_are_closed(exists: bool, held: bool | None, later: float, closes: bool) -> None:
    account = an_account(uid_of_gone=100, uid_of_other=5)
    jobs = frozenset({"uid-of-other"} | ({"uid-of-gone"} if exists else set()))
    orders = None if held is None else frozenset({"uid-of-gone"} if held else set())
    actions = decide_license(a_license(account=account, jobs=jobs, held=orders), NOW + later).actions
    written = [one.entries for one in actions if isinstance(one, Record)]
    assert written == ([(Released(uid="uid-of-gone", segment=0, reason="Gone"),)] if closes else [])


def test_an_unreadable_spec_is_a_condition() -> None:
    state = LicenseState(**{**vars(a_license()), "spec": SpecProblem(message="spec.token: too short")})
    assert _reason(state) == ("False", "SpecInvalid")


def test_a_license_at_rest_writes_nothing() -> None:
    status = _status(a_license())
    again = decide_license(a_license(status=status), NOW + 50)
    assert (again.actions, again.status) == ((), None)
    assert some_terms().jti == status.id
