import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

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
        (token.sign(OTHER, TYP, CLAIMS), "WrongSigner"),
        (sign_raw(header(kid=token.thumbprint(OTHER)), b"{}"), "WrongSigner"),
        (token.sign(KEY, TYP, CLAIMS)[:-4] + "AAAA", "BadSignature"),
        (token.sign(KEY, "other+jwt", CLAIMS), "WrongTokenType"),
        (sign_raw(header(), b'{"a":1,"a":2}'), "DuplicateKey"),
        (sign_raw(header(), b'{"a":NaN}'), "NotANumber"),
        (sign_raw(header(), b'{"a":Infinity}'), "NotANumber"),
        (sign_raw(header(), b"[1]"), "MalformedToken"),
        (sign_raw(header(), b"not json"), "MalformedToken"),
        (sign_raw({"alg": "Ed25519", "typ": TYP}, b"{}"), "UnknownHeader"),
        (f"{encode(header(kid=7))}.e30.{encode(b'x' * 64)}", "UnknownHeader"),
        (sign_raw(header(cty="x"), b"{}"), "UnknownHeader"),
        (f"{encode(header(crit=['b64'], b64=False))}.{encode(CLAIMS)}.{encode(b'x' * 64)}", "CriticalHeader"),
        (f"{encode(header(crit=[]))}.{encode(CLAIMS)}.{encode(b'x' * 64)}", "CriticalHeader"),
        (f"{encode({**header(), 'alg': 'none'})}.{encode(CLAIMS)}.", "WrongAlgorithm"),
        (f"{encode({**header(), 'alg': 'HS256'})}.{encode(CLAIMS)}.{encode(b'x' * 32)}", "WrongAlgorithm"),
        (f"{encode({**header(), 'alg': 'EdDSA'})}.{encode(CLAIMS)}.{encode(b'x' * 64)}", "WrongAlgorithm"),
        (f"{encode({'typ': TYP})}.{encode(CLAIMS)}.{encode(b'x' * 64)}", "WrongAlgorithm"),
        (f"{encode(header())}.{encode(CLAIMS)}.{encode(b'x' * 64)}", "BadSignature"),
        (f"{encode(header())}.{encode(CLAIMS)}.{encode(b'x' * 63)}", "BadSignature"),
        (f"{encode(header())}.{encode(CLAIMS)}.", "BadSignature"),
        (encode(b'{"alg":"none","alg":"Ed25519"}') + ".e30.e30", "DuplicateKey"),
        (encode({**header(), "x5c": "x" * 600}) + ".e30.e30", "TokenTooLarge"),
        ("a.b", "MalformedToken"),
        ("a.b.c.d", "MalformedToken"),
        ("", "MalformedToken"),
        ("e30.e31.e30", "NotCanonical"),
        ("e30=.e30.e30", "NotCanonical"),
        ("e3+.e30.e30", "NotCanonical"),
        ("é.a.b", "TokenNotAscii"),
        ("a" * (token.MAX_TOKEN_BYTES + 1), "TokenTooLarge"),
    ],
)
def test_each_fault_has_its_own_reason(text: str, reason: str) -> None:
    result = token.verify(text, KEY, TYP)
    assert isinstance(result, Refusal)
    assert result.reason == reason
    assert "\n" not in result.message


class Vault:
    """Signs elsewhere; `spoils` makes it answer with another signature."""

    def __init__(self, key: OKPKey, spoils: bool = False) -> None:
        self._key, self._spoils = key, spoils

    @property
    def public(self) -> OKPKey:
        return token.load_key(json.dumps(token.public_jwk(self._key)))

    def signature(self, signing_input: bytes) -> bytes:
        key = OTHER if self._spoils else self._key
        text = str(jws.JWSRegistry(algorithms=["Ed25519"]).get_alg("Ed25519").sign(signing_input, key).hex())
        return bytes.fromhex(text)


def test_a_key_kept_elsewhere_signs_the_same_token() -> None:
    assert token.sign(Vault(KEY), TYP, CLAIMS) == token.sign(KEY, TYP, CLAIMS)


def test_a_signer_that_answers_wrongly_is_found_out() -> None:
    with pytest.raises(ValueError, match="does not verify"):
        token.sign(Vault(KEY, spoils=True), TYP, CLAIMS)


def test_our_tokens_are_plain_jws() -> None:
    found = jws.deserialize_compact(token.sign(KEY, TYP, CLAIMS), KEY, registry=jws.JWSRegistry(algorithms=["Ed25519"]))
    assert json.loads(found.payload or b"") == CLAIMS
    assert found.headers() == header()


def test_the_limit_of_a_token_can_be_wider() -> None:
    text = token.sign(KEY, TYP, {"a": "x" * 20_000})
    found = token.opened(text, lambda _: KEY, TYP)
    assert isinstance(found, Refusal)
    assert found.reason == "TokenTooLarge"
    assert isinstance(token.opened(text, lambda _: KEY, TYP, 40_000), token.Opened)


def test_type_of_reads_before_anything_is_checked() -> None:
    assert token.type_of(token.sign(OTHER, "x+jwt", {})) == "x+jwt"
    assert isinstance(token.type_of("a.b"), Refusal)
    assert isinstance(token.type_of("W10.e30.e30"), Refusal)


def test_every_altered_character_is_refused() -> None:
    text = token.sign(KEY, TYP, CLAIMS)
    for place in range(len(text)):
        altered = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert isinstance(token.verify(altered, KEY, TYP), Refusal), place


@given(st.text(max_size=400))
def test_garbage_never_crashes(text: str) -> None:
    assert isinstance(token.verify(text, KEY, TYP), Refusal)
    assert isinstance(token.unverified(text, TYP), dict | Refusal)


def test_keys_load_and_refuse() -> None:
    assert token.thumbprint(token.load_key(json.dumps(KEY.as_dict(private=True)))) == token.thumbprint(KEY)
    for wrong in ("", "{}", "[]", '{"kty":"OKP","crv":"Ed25519"}', '{"kty":"RSA"}'):
        with pytest.raises(ValueError, match="not an Ed25519 key"):
            token.load_key(wrong)


def test_public_jwk_holds_no_private_part() -> None:
    assert set(token.public_jwk(KEY)) == {"crv", "kty", "x"}


@given(st.binary(max_size=100), st.binary(min_size=1, max_size=100))
def test_bytes_are_signed_for_themselves_alone(data: bytes, more: bytes) -> None:
    key = token.key_of_x(token.public_jwk(KEY)["x"])
    assert key is not None
    said = token.signature(KEY, data)
    assert token.holds(said, key, data)
    assert not token.holds(said, key, data + more)
    assert not token.holds(said, OTHER, data)


@given(st.text(max_size=90), st.text(max_size=50))
def test_no_nonsense_is_a_signature_or_a_key(signature: str, x: str) -> None:
    assert not token.holds(signature, KEY, b"data")
    key = token.key_of_x(x)
    assert key is None or not token.holds(signature, key, b"data")
