"""Fuzzing of everything that is signed: nothing crashes, and nothing is believed that its signer did not sign.

Texts are bent in many places at once: parts of true tokens spliced together, headers rewritten, claims replaced by any
JSON and signed by a thief, signed by the right key, or not signed at all. `UNDERSTUDY_FUZZ_EXAMPLES` sets how many.
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_api import token
from understudy_api.acts import CaptureConsent, ConsentAnswer, Erase, Revocation, Stop, read_act, sign_act
from understudy_api.genesis import public_key, read_genesis, sign_genesis, twin_id
from understudy_api.grant import Grant, read_grant, sign_grant
from understudy_api.keyring import KeyRecord, Keyring, extended, read_keyring, sign_key_record
from understudy_api.permits import Usage, Use, findings, permits
from understudy_api.plain import terms_in_words
from understudy_api.status_list import (
    MAX_LIST_BYTES,
    StatusClaims,
    StatusList,
    pack,
    read_status_list,
    sign_status_list,
)
from understudy_api.terms import License, Terms, read_license, sign_license
from understudy_api.verdict import Refusal

EXAMPLES = int(os.environ.get("UNDERSTUDY_FUZZ_EXAMPLES", "60"))
NOW = 1_780_000_000
OWNER, FARM, THIEF = (token.new_key() for _ in range(3))
GENESIS = sign_genesis(OWNER, "Ada", NOW - 100, "0" * 32)
RING = read_keyring(GENESIS)
assert isinstance(RING, Keyring)
TWIN = RING.twin_id

TERMS = Terms.model_validate(
    {
        "iss": RING.owner,
        "aud": token.thumbprint(FARM),
        "jti": "acme-spring",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 1000,
        "assignee": {"namespace": "acme"},
        "twin": TWIN,
        "purposes": ["advertising"],
        "channels": ["social"],
        "territories": ["EU"],
        "languages": ["de"],
        "publish_until": NOW + 1000,
        "status": {"index": 3, "ttl_seconds": 60},
        "quota": {"seconds": 600, "items": 3},
    }
)
USE = Use(
    farm=token.thumbprint(FARM),
    namespace="acme",
    twin=TWIN,
    purpose="advertising",
    channels=("social",),
    territories=("DE",),
    locales=("de-DE",),
    seconds=1,
)
GRANT = Grant(
    iss=token.thumbprint(FARM),
    aud="default",
    sub="0c8f2b1e-0000-4000-8000-000000000000",
    order="a" * 64,
    license="b" * 64,
    keys=TWIN,
    twin_version="c" * 64,
    seconds=600,
    iat=NOW,
    exp=NOW + 900,
)
RECORD = KeyRecord(twin=TWIN, number=1, previous=TWIN, act="delegate", role="stop", key=public_key(FARM), iat=NOW)
LIST = StatusClaims(sub=TWIN, iat=NOW, ttl=300, status_list=pack({3: "revoked"}, 100))
ACTS = (
    Revocation(twin=TWIN, jti="acme-spring", iat=NOW),
    Stop(twin=TWIN, iat=NOW),
    ConsentAnswer(twin=TWIN, request="b" * 64, license="acme-spring", answer="approve", iat=NOW, exp=NOW + 60),
    CaptureConsent(twin=TWIN, capture_sha256="c" * 64, passcode="ada-4711", witness="N. N.", iat=NOW),
    Erase(twin=TWIN, iat=NOW),
)


def judged(text: str) -> License | Refusal:
    """A license read, and if it is one, everything that is done with its terms."""
    found = read_license(text, RING)
    if isinstance(found, License):
        usage = Usage(status="valid", status_iat=NOW)
        verdict = permits(found.terms, USE, usage, NOW + 1)
        assert verdict.permitted is not any(row.refusal for row in findings(found.terms, USE, usage, NOW + 1))
        assert all("\n" not in line or found.terms.intended_use for line in terms_in_words(found.terms))
        assert isinstance(found.terms.outranks(TERMS), bool)
    return found


Reader = Callable[[str], Any]
READERS: dict[str, tuple[Any, Reader, tuple[str, ...]]] = {
    "license": (OWNER, judged, (sign_license(OWNER, TERMS),)),
    "status list": (OWNER, lambda text: read_status_list(text, RING, NOW), (sign_status_list(OWNER, LIST),)),
    "grant": (FARM, lambda text: read_grant(text, FARM, NOW), (sign_grant(FARM, GRANT),)),
    "key record": (OWNER, lambda text: extended(RING, text, NOW), (sign_key_record(OWNER, RECORD),)),
    **{type(act).__name__: (OWNER, lambda text: read_act(text, RING, NOW), (sign_act(OWNER, act),)) for act in ACTS},
}
TRUE = {text for _, _, texts in READERS.values() for text in texts} | {GENESIS}
every_reader = pytest.mark.parametrize("name", READERS)
fuzzed = settings(max_examples=EXAMPLES, deadline=None)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.sampled_from(["EU", "acme", TWIN, token.thumbprint(FARM), "approve", "a" * 70_000, "\x00", "\ud800", NOW])
)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def parts_of(text: str) -> list[bytes]:
    return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in text.split(".")]


def signed_raw(key: Any, header: bytes, payload: bytes) -> str:
    """A token of any bytes, truly signed."""
    signing_input = f"{encode(header)}.{encode(payload)}"
    return f"{signing_input}.{encode(token._ED25519.sign(signing_input.encode(), key))}"


def bent_claims(data: st.DataObject, claims: dict[str, Any]) -> dict[str, Any]:
    """Claims with some values replaced, dropped, added or bent deep inside."""
    bent = dict(claims)
    for name in data.draw(st.lists(st.sampled_from(sorted(bent)), max_size=3, unique=True)):
        if data.draw(st.booleans()):
            del bent[name]
        elif isinstance(bent[name], dict) and bent[name] and data.draw(st.booleans()):
            inner = data.draw(st.sampled_from(sorted(bent[name])))
            bent[name] = {**bent[name], inner: data.draw(ANY)}
        else:
            bent[name] = data.draw(ANY)
    return bent | data.draw(st.dictionaries(st.text(max_size=6), ANY, max_size=1))


def believed(answer: Any) -> bool:
    if isinstance(answer, Refusal):
        assert answer.reason
        assert "\n" not in answer.message
        return False
    return True


@every_reader
def test_the_true_token_is_believed(name: str) -> None:
    _, read, texts = READERS[name]
    assert all(believed(read(text)) for text in texts)
    for text in TRUE - set(texts):
        assert not believed(read(text)) or name in {type(act).__name__ for act in ACTS}


@every_reader
@fuzzed
@given(data=st.data())
def test_spliced_texts_are_never_believed(name: str, data: st.DataObject) -> None:
    _, read, _ = READERS[name]
    pieces = [piece for text in sorted(TRUE) for piece in text.split(".")]
    text = ".".join(data.draw(st.lists(st.sampled_from(pieces) | st.text(max_size=30), min_size=1, max_size=4)))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(text)))
        text = text[:place] + data.draw(st.text(max_size=2)) + text[place + data.draw(st.integers(0, 2)) :]
    assert text in TRUE or not believed(read(text))


@every_reader
@fuzzed
@given(data=st.data())
def test_flipped_bits_are_never_believed(name: str, data: st.DataObject) -> None:
    _, read, (text,) = READERS[name]
    parts = parts_of(text)
    which = data.draw(st.integers(0, 2))
    place = data.draw(st.integers(0, len(parts[which]) - 1))
    flipped = bytearray(parts[which])
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    parts[which] = bytes(flipped)
    assert not believed(read(".".join(map(encode, parts))))


@every_reader
@fuzzed
@given(data=st.data())
def test_a_thief_is_never_believed(name: str, data: st.DataObject) -> None:
    key, read, (text,) = READERS[name]
    header, payload, signature = parts_of(text)
    rewritten = {**json.loads(header), **data.draw(st.dictionaries(st.sampled_from(HEADERS), ANY, max_size=3))}
    claims = as_json(bent_claims(data, json.loads(payload)))
    kid = {"kid": data.draw(st.sampled_from([token.thumbprint(key), token.thumbprint(THIEF)]))}
    stolen = signed_raw(THIEF, as_json({**rewritten, **kid}), claims)
    assert not believed(read(stolen))
    forged = f"{encode(as_json(rewritten))}.{encode(claims)}.{encode(data.draw(st.sampled_from([b'', signature, bytes(64)])))}"
    assert forged == text or not believed(read(forged))


HEADERS = ("alg", "typ", "kid", "crit", "jwk", "x5c", "b64", "zip", "cty", "jku")


@every_reader
@fuzzed
@given(data=st.data())
def test_the_right_key_may_sign_anything_and_nothing_crashes(name: str, data: st.DataObject) -> None:
    key, read, (text,) = READERS[name]
    header, payload, _ = parts_of(text)
    claims = bent_claims(data, json.loads(payload))
    body = data.draw(
        st.sampled_from([as_json(claims), as_json(claims) + b" ", as_json(claims)[:-1]]) | st.binary(max_size=60)
    )
    believed(read(signed_raw(key, header, body)))


@fuzzed
@given(data=st.data())
def test_any_genesis_is_its_own_twin(data: st.DataObject) -> None:
    header, payload, _ = parts_of(GENESIS)
    claims = bent_claims(data, json.loads(payload))
    for key in (OWNER, THIEF):
        text = signed_raw(key, header, as_json(claims))
        found = read_genesis(text)
        if believed(found):
            assert found.twin_id == twin_id(text) != TWIN or text == GENESIS  # type: ignore[union-attr]


@fuzzed
@given(
    data=st.binary(max_size=200) | st.binary(max_size=200).map(zlib.compress),
    copies=st.integers(1, 200_000),
    cut=st.integers(0, 20),
    bits=st.sampled_from([1, 2]),
)
def test_any_status_bytes_stay_within_their_bound(data: bytes, copies: int, cut: int, bits: int) -> None:
    packed = zlib.compress(data * copies)
    for lst in (data, packed, packed[: len(packed) - cut]):
        claims = {**LIST.model_dump(exclude_none=True), "status_list": {"bits": bits, "lst": encode(lst)}}
        header = parts_of(sign_status_list(OWNER, LIST))[0]
        found = read_status_list(signed_raw(OWNER, header, as_json(claims)), RING, NOW)
        if isinstance(found, StatusList):
            assert len(found.data) <= MAX_LIST_BYTES
            assert found.status(len(found.data) * 8 // bits) is None
        else:
            assert found.reason
