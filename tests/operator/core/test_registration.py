"""Exclusive licenses: the first recorded on this farm stands, for jobs and where a License is shown, until it ends."""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    DAY,
    FIRST,
    NOW,
    a_job,
    a_key,
    a_keyring,
    a_license,
    a_license_token,
    a_license_view,
    a_twin_view,
    some_terms,
)

from understudy_api.owner_word import OwnerWord
from understudy_api.register import MAX_REGISTERED
from understudy_api.token import thumbprint
from understudy_operator.core.actions import FreezeContent, PutOrder, Record, RegisterLicense
from understudy_operator.core.admission import UNRECORDED, Refused, Waiting, admit
from understudy_operator.core.conditions import find
from understudy_operator.core.decide import decide_job, decide_license
from understudy_operator.core.registration import Registration, Rival, outranked

OVER = "another license, recorded earlier, is exclusive; ask the owner for terms that do not overlap"


def _rival(signer: str | None = None, **changed: Any) -> Rival:
    """An exclusive license of another brand, as the register holds it."""
    known = {"jti": "rival-exclusive", "assignee": {"namespace": "rival"}, "exclusive": True, **changed}
    return Rival(a_license_token(signer=signer, **known), some_terms(**known))


def _after(*rivals: Rival) -> Registration:
    return Registration(number=len(rivals), following=len(rivals) + 1, rivals=rivals)


CASES: list[tuple[Rival, OwnerWord, float, bool]] = [
    (_rival(), OwnerWord(), NOW, True),
    (_rival(exp=int(NOW) + DAY), OwnerWord(), NOW + DAY - 1, True),
    (_rival(exp=int(NOW) + DAY), OwnerWord(), NOW + DAY, False),
    (_rival(nbf=int(NOW) + DAY), OwnerWord(), NOW, True),
    (_rival(), OwnerWord(revoked={"rival-exclusive": NOW}), NOW, False),
    (_rival(), OwnerWord(revoked={"acme-spring-2026": NOW}), NOW, True),
    (_rival(exclusive=False), OwnerWord(), NOW, False),
    (_rival(assignee={"namespace": "acme"}), OwnerWord(), NOW, False),
    (_rival(territories=("JP",)), OwnerWord(), NOW, False),
    (_rival(purposes=("news",)), OwnerWord(), NOW, False),
    (_rival(channels=("cinema",)), OwnerWord(), NOW, False),
    (_rival(languages=("ja",)), OwnerWord(), NOW, False),
    (_rival(signer="thief"), OwnerWord(), NOW, False),
]


@pytest.mark.parametrize(("rival", "word", "now", "keeps_out"), CASES)
def test_an_earlier_exclusive_license_stands_while_it_holds_and_overlaps(
    rival: Rival, word: OwnerWord, now: float, keeps_out: bool
) -> None:
    assert outranked(some_terms(), _after(rival), a_keyring(), word, now) is keeps_out


def test_one_of_many_is_enough() -> None:
    others = (_rival(territories=("JP",)), _rival(signer="thief"), _rival(languages=("ja",)))
    assert not outranked(some_terms(), _after(*others), a_keyring(), OwnerWord(), NOW)
    assert outranked(some_terms(), _after(*others, _rival()), a_keyring(), OwnerWord(), NOW)
    assert not outranked(some_terms(), FIRST, a_keyring(), OwnerWord(), NOW)


def test_a_job_under_the_later_license_is_refused_by_the_rule() -> None:
    admission = admit(a_job(license=a_license_view(registration=_after(_rival()))), NOW)
    assert isinstance(admission, Refused)
    (said,) = admission.verdict.refusals
    assert (said.reason, said.clause, said.gate) == ("ExclusivityConflict", "exclusive", "admission")
    assert said.message.endswith(OVER)
    assert "rival" not in said.message, "nobody learns of others' contracts"


def test_the_later_license_says_so_and_how_to_mend_it() -> None:
    status = decide_license(a_license(registration=_after(_rival())), NOW).status
    assert status is not None
    valid = find(status.conditions, "Valid")
    assert valid is not None
    assert (valid.status, valid.reason) == ("False", "ExclusivityConflict")
    assert valid.message.endswith(OVER)


def test_it_is_known_before_it_is_recorded_itself() -> None:
    late = Registration(following=1, rivals=(_rival(),))
    decision = decide_license(a_license(registration=late), NOW)
    assert [one.number for one in decision.actions if isinstance(one, RegisterLicense)] == [1]
    assert decision.status is not None
    assert decision.status.conditions[0].reason == "ExclusivityConflict"
    assert isinstance(admit(a_job(license=a_license_view(registration=late)), NOW), Refused)


@pytest.mark.parametrize(
    ("changed", "twin", "recorded"),
    [
        ({}, {}, True),
        ({"nbf": int(NOW) + DAY}, {}, True),
        ({"exp": int(NOW)}, {}, False),
        ({"aud": thumbprint(a_key("other farm"))}, {}, False),
        ({"twin": "0" * 64}, {}, False),
        ({}, {"word": OwnerWord(revoked={"acme-spring-2026": NOW})}, False),
        ({}, {"word": OwnerWord(erased_at=NOW)}, False),
        ({}, {"word": OwnerWord(stops={"0" * 64: NOW})}, True),
    ],
)
def test_a_license_is_recorded_once_it_is_valid_for_this_farm(
    changed: dict[str, Any], twin: dict[str, Any], recorded: bool
) -> None:
    token = a_license_token(**changed)
    state = a_license(token, twin=a_twin_view(**twin), registration=Registration(following=7))
    made = [one for one in decide_license(state, NOW).actions if isinstance(one, RegisterLicense)]
    assert len(made) == recorded
    for one in made:
        assert (one.twin_id, one.number) == (a_keyring().twin_id, 7)
        assert (one.registered.license, one.registered.recorded_at) == (token, NOW)


def test_a_license_whose_signature_does_not_hold_is_not_recorded() -> None:
    state = a_license(a_license_token(signer="thief"), registration=Registration())
    assert not any(isinstance(one, RegisterLicense) for one in decide_license(state, NOW).actions)


def test_what_is_recorded_is_not_recorded_again() -> None:
    assert not any(isinstance(one, RegisterLicense) for one in decide_license(a_license(), NOW).actions)
    assert not any(isinstance(one, RegisterLicense) for one in decide_job(a_job(), NOW).actions)


def test_nothing_is_made_under_a_license_before_it_is_recorded() -> None:
    state = a_job(license=a_license_view(registration=Registration(following=3)))
    admission = admit(state, NOW)
    assert isinstance(admission, Waiting)
    assert admission.reason == UNRECORDED
    decision = decide_job(state, NOW)
    assert [one.number for one in decision.actions if isinstance(one, RegisterLicense)] == [3]
    assert not any(isinstance(one, PutOrder | Record | FreezeContent) for one in decision.actions)
    assert decision.requeue_after_seconds == 0.0


def test_a_job_that_is_refused_records_nothing() -> None:
    token = a_license_token(territories=("JP",))
    state = a_job(license=a_license_view(token, registration=Registration()))
    assert isinstance(admit(state, NOW), Refused)
    assert not any(isinstance(one, RegisterLicense) for one in decide_job(state, NOW).actions)


def test_a_full_register_takes_no_more_and_says_so() -> None:
    full = Registration(following=MAX_REGISTERED)
    state = a_license(registration=full)
    decision = decide_license(state, NOW)
    assert not any(isinstance(one, RegisterLicense) for one in decision.actions)
    assert decision.status is not None
    assert (decision.status.conditions[0].status, decision.status.conditions[0].reason) == ("False", "RegisterFull")
    refused = admit(a_job(license=a_license_view(registration=full)), NOW)
    assert isinstance(refused, Refused)
    assert refused.verdict.reason == "RegisterFull"
    held = Registration(number=5, following=MAX_REGISTERED)
    assert held.full is None
