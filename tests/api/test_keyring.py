"""The chain of key records: who may sign what, and what no chain can be talked into."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.genesis import public_key, sign_genesis
from understudy_api.keyring import (
    KEY_RECORD_TYPE,
    KeyRecord,
    Keyring,
    extended,
    read_keyring,
    sign_key_record,
)
from understudy_api.verdict import Refusal

ROOT, SECOND, RECOVERY, AGENT, THIEF = (token.new_key() for _ in range(5))
GENESIS = sign_genesis(ROOT, "Ada", 1_000, "0" * 32, RECOVERY)
PLAIN = sign_genesis(ROOT, "Ada", 1_000, "0" * 32)


def ring(*records: str, genesis: str = GENESIS) -> Keyring:
    found = read_keyring(genesis, records)
    assert isinstance(found, Keyring), found
    return found


def record(after: Keyring, signer: OKPKey = ROOT, key: OKPKey = AGENT, **changes: Any) -> str:
    """A record that follows `after`; by default the root delegates the license role."""
    base = {"twin": after.twin_id, "number": after.number + 1, "previous": after.head, "iat": 2_000}
    act = {"act": "delegate", "role": "license"} if changes.get("act") != "rotate" else {}
    return sign_key_record(signer, KeyRecord.model_validate({**base, **act, "key": public_key(key), **changes}))


def grown(after: Keyring, text: str) -> Keyring:
    found = extended(after, text)
    assert isinstance(found, Keyring), found
    return found


def reason(after: Keyring, text: str, now: float | None = None) -> str:
    found = extended(after, text, now)
    assert isinstance(found, Refusal)
    return found.reason


def names(keys: tuple[OKPKey, ...]) -> list[str]:
    return [token.thumbprint(key) for key in keys]


def test_the_founding_root_signs_everything() -> None:
    start = ring()
    assert (start.number, start.head) == (0, start.twin_id)
    assert start.owner == token.thumbprint(ROOT)
    for role in ("root", "license", "consent", "stop"):
        assert names(start.signers(role, 0)) == [token.thumbprint(ROOT)]


def test_a_delegation_is_for_one_role_and_ends() -> None:
    delegated = grown(ring(), record(ring(), exp=3_000))
    assert names(delegated.signers("license", 2_999)) == [token.thumbprint(ROOT), token.thumbprint(AGENT)]
    assert names(delegated.signers("license", 3_000)) == [token.thumbprint(ROOT)]
    assert names(delegated.signers("stop", 2_999)) == [token.thumbprint(ROOT)]
    assert delegated.ends("license", token.thumbprint(AGENT)) == 3_000
    assert delegated.ends("license", token.thumbprint(ROOT)) is None
    assert delegated.head == digest_bytes(delegated.records[-1].encode())


def test_delegating_again_replaces_the_end() -> None:
    once = grown(ring(), record(ring(), exp=3_000))
    twice = grown(once, record(once))
    assert len(twice.delegations) == 1
    assert twice.ends("license", token.thumbprint(AGENT)) is None


def test_a_withdrawn_key_signs_nothing_any_more() -> None:
    delegated = grown(ring(), record(ring()))
    gone = grown(delegated, record(delegated, act="withdraw"))
    assert isinstance(gone.signer("license", token.thumbprint(AGENT)), Refusal)
    assert reason(gone, record(gone, act="withdraw")) == "NothingToWithdraw"


def test_a_rotation_hands_over_and_keeps_delegations() -> None:
    delegated = grown(ring(), record(ring()))
    rotated = grown(delegated, record(delegated, act="rotate", key=SECOND))
    assert names(rotated.signers("license", 0)) == [token.thumbprint(SECOND), token.thumbprint(AGENT)]
    assert rotated.owner == token.thumbprint(ROOT)
    assert reason(rotated, record(rotated)) == "SignerNotAllowed"
    assert grown(rotated, record(rotated, signer=SECOND, role="stop")).number == 3


def test_recovery_replaces_a_stolen_root_and_whom_it_delegated() -> None:
    stolen = grown(ring(), record(ring(), key=THIEF))
    taken = grown(stolen, record(stolen, act="rotate", key=THIEF))
    saved = grown(taken, record(taken, signer=RECOVERY, act="rotate", key=SECOND))
    assert saved.delegations == ()
    assert names(saved.signers("license", 0)) == [token.thumbprint(SECOND)]
    assert reason(saved, record(saved, signer=THIEF)) == "SignerNotAllowed"


def test_recovery_may_do_nothing_else() -> None:
    assert reason(ring(), record(ring(), signer=RECOVERY)) == "SignerNotAllowed"
    assert reason(ring(genesis=PLAIN), record(ring(genesis=PLAIN), signer=RECOVERY, act="rotate")) == "SignerNotAllowed"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"signer": THIEF}, "SignerNotAllowed"),
        ({"number": 3}, "KeyRecordGap"),
        ({"number": 1}, "KeyRecordBackwards"),
        ({"previous": "0" * 64}, "KeyRecordFork"),
        ({"twin": "0" * 64}, "TwinNotCovered"),
        ({"act": "rotate", "key": ROOT}, "KeyUnchanged"),
        ({"iat": 5_061}, "FromTheFuture"),
    ],
)
def test_what_does_not_follow_is_refused_by_name(changes: dict[str, Any], why: str) -> None:
    start = grown(ring(), record(ring(), role="stop"))
    assert reason(start, record(start, **changes), 5_000) == why


def test_a_gap_a_fork_and_a_step_back_in_a_whole_chain() -> None:
    first = record(ring())
    one = grown(ring(), first)
    second, rival = record(one, role="stop"), record(one, role="consent")
    assert read_keyring(GENESIS, [first, second]) == grown(one, second)
    for chain in ([second], [second, first], [first, first], [first, second, rival], [first, second, first]):
        assert isinstance(read_keyring(GENESIS, chain), Refusal), chain


def test_a_record_of_a_former_root_is_told_apart() -> None:
    first = record(ring(), act="rotate", key=SECOND)
    rotated = grown(ring(), first)
    assert reason(rotated, first) == "KeyRecordRepeated"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"vip": True}, "UnknownClaim"),
        ({"number": "1"}, "MalformedKeyRecord"),
        ({"number": 0}, "MalformedKeyRecord"),
        ({"act": "erase"}, "MalformedKeyRecord"),
        ({"act": "rotate"}, "MalformedKeyRecord"),
        ({"role": None}, "MalformedKeyRecord"),
        ({"role": "root"}, "MalformedKeyRecord"),
        ({"exp": 1_999}, "MalformedKeyRecord"),
        ({"act": "withdraw", "exp": 9_999}, "MalformedKeyRecord"),
        ({"key": {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "d": "A" * 43}}, "UnknownClaim"),
    ],
)
def test_claims_are_closed(claims: dict[str, Any], why: str) -> None:
    read = token.unverified(record(ring()), KEY_RECORD_TYPE)
    assert isinstance(read, dict)
    assert reason(ring(), token.sign(ROOT, KEY_RECORD_TYPE, {**read, **claims})) == why


def test_the_ring_opens_only_what_a_role_signed() -> None:
    delegated = grown(ring(), record(ring()))
    assert isinstance(delegated.opens("license", token.sign(AGENT, "x+jwt", {}), "x+jwt"), token.Opened)
    refused = delegated.opens("stop", token.sign(AGENT, "x+jwt", {}), "x+jwt")
    assert isinstance(refused, Refusal)
    assert refused.reason == "SignerNotAllowed"


def test_a_genesis_whose_recovery_is_its_root_is_none() -> None:
    with pytest.raises(ValueError, match="another key"):
        sign_genesis(ROOT, "Ada", 1_000, "0" * 32, ROOT)


CHAIN = ring(record(ring()))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_altered_record_is_taken_in(data: st.DataObject) -> None:
    text = record(CHAIN, role="stop")
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCDEabcde0189-_.= é\n").filter(lambda one: one != text[place]))
    assert isinstance(extended(CHAIN, text[:place] + letter + text[place + 1 :]), Refusal)


@given(st.text(max_size=200), st.lists(st.text(max_size=50), min_size=1, max_size=3))
def test_garbage_is_refused(genesis: str, records: list[str]) -> None:
    assert isinstance(read_keyring(genesis, records), Refusal)
    assert isinstance(read_keyring(GENESIS, records), Refusal)
