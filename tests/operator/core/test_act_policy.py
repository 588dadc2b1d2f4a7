"""Delivered owner acts: recorded when signature and place hold, refused with a reason otherwise, and what follows."""

from __future__ import annotations

import dataclasses

import pytest
from builders import NOW, a_job, a_key, a_keyring, a_license, a_twin, a_twin_view, an_owner_act

from understudy_api.acts import Act, Export, Resume, Revocation, Stop, sign_act
from understudy_api.digest import digest_bytes
from understudy_api.genesis import PublicKey
from understudy_api.keyring import KeyRecord, sign_key_record
from understudy_api.owner_word import OwnerWord, Recorded, owner_word
from understudy_api.owneract import OwnerActStatus
from understudy_api.token import public_jwk
from understudy_operator.core.act_policy import in_words
from understudy_operator.core.actions import EmitEvent, RecordAct
from understudy_operator.core.admission import Refused, admit
from understudy_operator.core.conditions import find
from understudy_operator.core.decide import decide_act, decide_license, decide_twin
from understudy_operator.core.state import ActState

TWIN = a_keyring().twin_id
T = int(NOW)
STOP = sign_act(a_key("owner"), Stop(twin=TWIN, iat=T, reason="a quarrel"))


def said(state: ActState, now: float = NOW) -> OwnerActStatus:
    found = decide_act(state, now).status
    assert found is not None
    return found


def recorded_actions(state: ActState) -> list[RecordAct]:
    return [one for one in decide_act(state, NOW).actions if isinstance(one, RecordAct)]


def after(act: str, *others: str) -> OwnerWord:
    return owner_word((), [Recorded(act=one, accepted_at=NOW) for one in (act, *others)])


def test_a_signed_act_is_recorded_and_said() -> None:
    state = an_owner_act(STOP)
    (action,) = recorded_actions(state)
    assert (action.twin_id, action.recorded) == (TWIN, Recorded(act=STOP, accepted_at=NOW))
    assert action.key == f"acts/{TWIN}/{digest_bytes(STOP.encode())}.json"
    status = said(state)
    assert status.conditions[0].status == "True"
    assert (status.type, status.digest) == ("likeness-stop+jwt", digest_bytes(STOP.encode()))
    assert status.says == "All licenses and all training of the twin are stopped (a quarrel)."
    assert status.accepted_at == "2026-05-28T20:26:40Z"
    assert any(isinstance(one, EmitEvent) and one.type == "Normal" for one in decide_act(state, NOW).actions)


def test_once_recorded_nothing_is_left_to_do() -> None:
    state = an_owner_act(STOP)
    later = dataclasses.replace(state, status=said(state), twin=a_twin_view(word=after(STOP)))
    decision = decide_act(later, NOW + 60)
    assert (decision.actions, decision.status, decision.requeue_after_seconds) == ((), None, None)


def test_an_act_delivered_again_keeps_its_time() -> None:
    again = an_owner_act(STOP, twin=a_twin_view(word=after(STOP)))
    assert said(again, NOW + 500).accepted_at == "2026-05-28T20:26:40Z"
    assert recorded_actions(again) == []


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (sign_act(a_key("stranger"), Stop(twin=TWIN, iat=T)), "SignerNotAllowed"),
        (sign_act(a_key("owner"), Stop(twin="f" * 64, iat=T)), "TwinNotCovered"),
        (sign_act(a_key("owner"), Stop(twin=TWIN, iat=T + 600)), "FromTheFuture"),
        (sign_act(a_key("owner"), Export(twin=TWIN, recipient="age1" + "q" * 58, iat=T - 9, exp=T)), "ActExpired"),
        (sign_act(a_key("owner"), Resume(twin=TWIN, stop="e" * 64, iat=T)), "NothingToLift"),
        (STOP[:-6] + "AAAAAA", "BadSignature"),
    ],
)
def test_what_does_not_hold_is_refused_by_name(act: str, reason: str) -> None:
    state = an_owner_act(act)
    assert recorded_actions(state) == []
    condition = said(state).conditions[0]
    assert (condition.status, condition.reason) == ("False", reason)


def test_an_act_waits_for_its_twin() -> None:
    state = an_owner_act(STOP, twin=None)
    decision = decide_act(state, NOW)
    assert said(state).conditions[0].reason == "TwinNotFound"
    assert decision.requeue_after_seconds is not None


def test_a_stop_is_lifted_by_a_resume_that_names_it() -> None:
    lift = sign_act(a_key("owner"), Resume(twin=TWIN, stop=digest_bytes(STOP.encode()), iat=T))
    state = an_owner_act(lift, twin=a_twin_view(word=after(STOP)))
    assert len(recorded_actions(state)) == 1
    assert after(STOP, lift).halted is None


def test_key_records_take_their_numbered_place() -> None:
    key = PublicKey.model_validate(public_jwk(a_key("stop")))
    claims = KeyRecord(twin=TWIN, number=1, previous=TWIN, act="delegate", role="stop", key=key, iat=T)
    record = sign_key_record(a_key("owner"), claims)
    (action,) = recorded_actions(an_owner_act(record))
    assert action.key == f"keys/{TWIN}/00000001.json"
    assert in_words(claims) == "Key record 1: delegates role stop."
    by_delegate = sign_act(a_key("stop"), Revocation(twin=TWIN, jti="license-1", iat=T))
    assert said(an_owner_act(by_delegate)).conditions[0].reason == "SignerNotAllowed"
    known = a_twin_view(word=owner_word((record,), ()))
    assert len(recorded_actions(an_owner_act(by_delegate, twin=known))) == 1


def revocation() -> str:
    license_ = a_license()
    jti = decide_license(license_, NOW).status.id
    return sign_act(a_key("owner"), Revocation(twin=TWIN, jti=jti, iat=T))


@pytest.mark.parametrize(("act", "reason"), [(revocation(), "LicenseRevoked"), (STOP, "TwinStopped")])
def test_jobs_and_licenses_follow_the_word(act: str, reason: str) -> None:
    twin = a_twin_view(word=after(act))
    admission = admit(a_job(twin=twin), NOW)
    assert isinstance(admission, Refused)
    assert admission.verdict.reason == reason
    status = decide_license(a_license(twin=twin), NOW).status
    assert status is not None
    valid = find(status.conditions, "Valid")
    assert valid is not None
    assert (valid.status, valid.reason) == ("False", reason)


def test_a_stopped_twin_is_not_trained() -> None:
    decision = decide_twin(a_twin(word=after(STOP)), NOW)
    assert decision.status is not None
    ready = find(decision.status.conditions, "Ready")
    assert ready is not None
    assert (decision.status.stage, ready.status, ready.reason) == ("Govern", "False", "TwinStopped")
    assert all(isinstance(one, EmitEvent) for one in decision.actions)


def test_every_act_has_words() -> None:
    acts: list[Act] = [Stop(twin=TWIN, iat=T), Revocation(twin=TWIN, jti="license-1", iat=T, reason="over")]
    assert [in_words(act) for act in acts] == [
        "All licenses and all training of the twin are stopped.",
        "License license-1 is revoked for good (over).",
    ]
