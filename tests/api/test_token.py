import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws

from understudy_api import token
from understudy_api.verdict import Refusal

KEY = token.new_key()
OTHER = token.new_key()
TYP = "test+jwt"
CLAIMS = {"sub": "x", "n": 1}


def encode(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign_raw(header: dict[str, object], payload: bytes) -> str:
    registry = jws.JWSRegistry(algorithms=["Ed25519"], strict_check_header=False)
    return str(jws.serialize_compact(header, payload, KEY, registry=registry))


def header(**extra: object) -> dict[str, object]:
    return {"alg": "Ed25519", "typ": TYP, "kid": token.thumbprint(KEY), **extra}


def test_round_trip() -> None:
    assert token.verify(token.sign(KEY, TYP, CLAIMS), KEY, TYP) == CLAIMS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (token.sign(OTHER, TYP, CLAIMS), "BadSignature"),
        (token.sign(KEY, "other+jwt", CLAIMS), "WrongTokenType"),
        (sign_raw(header(), b'{"a":1,"a":2}'), "MalformedToken"),
        (sign_raw(header(), b'{"a":NaN}'), "MalformedToken"),
        (sign_raw(header(), b'{"a":Infinity}'), "MalformedToken"),
        (sign_raw(header(), b"[1]"), "MalformedToken"),
        (sign_raw(header(), b"not json"), "MalformedToken"),
        (sign_raw({"alg": "Ed25519", "typ": TYP}, b"{}"), "WrongTokenType"),
        (sign_raw(header(cty="x"), b"{}"), "WrongTokenType"),
        (f"{encode({'alg': 'none', 'typ': TYP})}.{encode(CLAIMS)}.", "BadSignature"),
        (f"{encode({'alg': 'HS256', 'typ': TYP})}.{encode(CLAIMS)}.{encode(b'x' * 32)}", "BadSignature"),
        ("a.b", "BadSignature"),
        ("", "BadSignature"),
        ("é.a.b", "TokenTooLarge"),
        ("a" * (token.MAX_TOKEN_BYTES + 1), "TokenTooLarge"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    result = token.verify(text, KEY, TYP)
    assert isinstance(result, Refusal)
    assert result.reason == reason


def test_every_altered_character_is_refused() -> None:
    text = token.sign(KEY, TYP, CLAIMS)
    for place in range(len(text)):
        altered = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert isinstance(token.verify(altered, KEY, TYP), Refusal), place


@given(st.text(max_size=400))
def test_garbage_never_crashes(text: str) -> None:
    assert isinstance(token.verify(text, KEY, TYP), Refusal)
    assert isinstance(token.unverified(text, TYP), dict | Refusal)


@given(st.binary(max_size=300))
def test_any_payload_is_read_or_refused(payload: bytes) -> None:
    assert isinstance(token.parse_claims(payload), dict | Refusal)


def test_deep_nesting_is_refused() -> None:
    assert isinstance(token.parse_claims(b'{"a":' + b"[" * 100_000), Refusal)


def test_keys_load_and_refuse() -> None:
    assert token.thumbprint(token.load_key(json.dumps(KEY.as_dict(private=True)))) == token.thumbprint(KEY)
    for wrong in ("", "{}", "[]", '{"kty":"OKP","crv":"Ed25519"}', '{"kty":"RSA"}'):
        with pytest.raises(ValueError, match="not an Ed25519 key"):
            token.load_key(wrong)


def test_public_jwk_holds_no_private_part() -> None:
    assert set(token.public_jwk(KEY)) == {"crv", "kty", "x"}
