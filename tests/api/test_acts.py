"""Owner acts: read by who may sign them, for this twin, while they hold; nothing passes for another act."""

from typing import Any, get_args

import pytest

from understudy_api import token
from understudy_api.acts import (
    ACT_TYPES,
    Act,
    CaptureConsent,
    ConsentAnswer,
    Erase,
    Export,
    Resume,
    Revocation,
    Stop,
    read_act,
    sign_act,
)
from understudy_api.genesis import public_key, sign_genesis
from understudy_api.keyring import KEY_RECORD_TYPE, KeyRecord, Keyring, extended, read_keyring, sign_key_record
from understudy_api.verdict import Refusal

NOW = 1_780_000_000
ROOT, THIEF = token.new_key(), token.new_key()
AGENTS = {role: token.new_key() for role in ("license", "consent", "stop")}
FOUNDED = read_keyring(sign_genesis(ROOT, "Ada", NOW - 100, "0" * 32))
assert isinstance(FOUNDED, Keyring)
TWIN = FOUNDED.twin_id


def delegated(**ends: int | None) -> Keyring:
    """The ring after the root delegated every role, some until a moment."""
    ring = FOUNDED
    assert isinstance(ring, Keyring)
    for role, key in AGENTS.items():
        record = {"twin": TWIN, "number": ring.number + 1, "previous": ring.head, "act": "delegate", "role": role}
        claims = KeyRecord.model_validate({**record, "key": public_key(key), "iat": NOW - 50, "exp": ends.get(role)})
        found = extended(ring, sign_key_record(ROOT, claims))
        assert isinstance(found, Keyring)
        ring = found
    return ring


RING = delegated()
ACTS: dict[str, tuple[Act, set[str]]] = {
    "revocation": (Revocation(twin=TWIN, jti="acme-spring", iat=NOW, reason="over"), {"stop"}),
    "stop": (Stop(twin=TWIN, iat=NOW), {"stop"}),
    "stop everything": (Stop(iat=NOW), {"stop"}),
    "resume": (Resume(twin=TWIN, stop="a" * 64, iat=NOW), set()),
    "consent": (
        ConsentAnswer(twin=TWIN, request="b" * 64, license="acme-spring", answer="approve", iat=NOW, exp=NOW + 60),
        {"consent"},
    ),
    "capture": (
        CaptureConsent(twin=TWIN, capture_sha256="c" * 64, passcode="ada-4711", witness="N. N.", iat=NOW),
        {"consent"},
    ),
    "export": (Export(twin=TWIN, recipient="age1" + "q" * 58, iat=NOW, exp=NOW + 60), set()),
    "erase": (Erase(twin=TWIN, iat=NOW), set()),
}
every_act = pytest.mark.parametrize("name", ACTS)


def reason(text: str, ring: Keyring = RING, now: float = NOW) -> str:
    found = read_act(text, ring, now)
    assert isinstance(found, Refusal), found
    assert "\n" not in found.message
    return found.reason


def test_the_table_names_every_act() -> None:
    assert {model for model, _ in ACT_TYPES.values()} == set(get_args(Act)) == {type(act) for act, _ in ACTS.values()}


@every_act
def test_the_root_signs_every_act(name: str) -> None:
    act, _ = ACTS[name]
    assert read_act(sign_act(ROOT, act), RING, NOW) == act


@every_act
@pytest.mark.parametrize("role", AGENTS)
def test_a_role_key_signs_its_own_acts_alone(name: str, role: str) -> None:
    act, roles = ACTS[name]
    text = sign_act(AGENTS[role], act)
    if role in roles:
        assert read_act(text, RING, NOW) == act
        assert reason(text, delegated(**{role: NOW})) == "DelegationOver"
        assert read_act(text, delegated(**{role: NOW + 1}), NOW) == act
    else:
        assert reason(text) == "SignerNotAllowed"


@every_act
def test_a_stranger_signs_none(name: str) -> None:
    assert reason(sign_act(THIEF, ACTS[name][0])) == "SignerNotAllowed"


@every_act
def test_an_act_from_the_future_is_none(name: str) -> None:
    act = ACTS[name][0]
    text = sign_act(ROOT, act)
    assert read_act(text, RING, NOW - 60) == act
    assert reason(text, now=NOW - 61) == "FromTheFuture"


@pytest.mark.parametrize("name", ["consent", "export"])
def test_what_has_an_end_ends(name: str) -> None:
    text = sign_act(ROOT, ACTS[name][0])
    assert not isinstance(read_act(text, RING, NOW + 59), Refusal)
    assert reason(text, now=NOW + 60) == "ActExpired"


@pytest.mark.parametrize("name", ["revocation", "stop", "stop everything", "erase", "capture"])
def test_what_has_no_end_holds_for_years(name: str) -> None:
    act = ACTS[name][0]
    assert read_act(sign_act(ROOT, act), RING, NOW + 10**9) == act


@every_act
def test_no_act_passes_for_another(name: str) -> None:
    claims = token.unverified(sign_act(ROOT, ACTS[name][0]), _typ(name))
    assert isinstance(claims, dict)
    for typ in ACT_TYPES:
        if typ != _typ(name):
            found = read_act(token.sign(ROOT, typ, claims), RING, NOW)
            assert isinstance(found, Refusal) or type(found) is ACT_TYPES[typ][0], typ


@every_act
def test_another_twins_act_and_unknown_claims(name: str) -> None:
    typ = _typ(name)
    claims = token.unverified(sign_act(ROOT, ACTS[name][0]), typ)
    assert isinstance(claims, dict)
    assert reason(token.sign(ROOT, typ, {**claims, "twin": "0" * 64})) == "TwinNotCovered"
    assert reason(token.sign(ROOT, typ, {**claims, "vip": 1})) == "UnknownClaim"
    assert reason(token.sign(ROOT, typ, {**claims, "iat": "now"})) == "MalformedAct"
    assert reason(token.sign(ROOT, typ, {"twin": TWIN})) == "MissingClaim"


def test_only_a_stop_may_name_no_twin() -> None:
    claims: dict[str, Any] = {"jti": "acme-spring", "iat": NOW}
    assert reason(token.sign(ROOT, "likeness-revocation+jwt", claims)) == "MissingClaim"


def test_other_tokens_are_no_acts() -> None:
    assert reason(token.sign(ROOT, "likeness-license+jwt", {})) == "WrongTokenType"
    assert reason("a.b") == "MalformedToken"


def test_a_key_record_is_an_act_when_it_is_next() -> None:
    record = KeyRecord(twin=TWIN, number=4, previous=RING.head, act="rotate", key=public_key(THIEF), iat=NOW)
    text = sign_key_record(ROOT, record)
    assert read_act(text, RING, NOW) == record
    assert reason(text, now=NOW - 61) == "FromTheFuture"
    grown = extended(RING, text)
    assert isinstance(grown, Keyring)
    assert reason(text, grown) == "KeyRecordRepeated"
    assert reason(token.sign(ROOT, KEY_RECORD_TYPE, {"number": 4})) == "MissingClaim"


def _typ(name: str) -> str:
    return next(typ for typ, (model, _) in ACT_TYPES.items() if model is type(ACTS[name][0]))
