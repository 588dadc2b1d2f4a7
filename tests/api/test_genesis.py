import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api import token
from understudy_api.genesis import GENESIS_TYPE, Genesis, read_genesis, sign_genesis, twin_id
from understudy_api.verdict import Refusal

OWNER = token.new_key()
NONCE = "0" * 32
RECORD = sign_genesis(OWNER, "Ada", 1_700_000_000, NONCE)


def test_round_trip() -> None:
    genesis = read_genesis(RECORD)
    assert isinstance(genesis, Genesis)
    assert genesis.claims.name == "Ada"
    assert genesis.twin_id == twin_id(RECORD)
    assert token.thumbprint(genesis.owner) == token.thumbprint(OWNER)


def test_another_nonce_is_another_twin() -> None:
    assert twin_id(sign_genesis(OWNER, "Ada", 1_700_000_000, "1" * 32)) != twin_id(RECORD)


def claims(**changes: object) -> dict[str, object]:
    base: dict[str, object] = {"root": token.public_jwk(OWNER), "name": "Ada", "iat": 1, "nonce": NONCE}
    return {**base, **changes}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (token.sign(token.new_key(), GENESIS_TYPE, claims()), "BadSignature"),
        (token.sign(OWNER, "other", claims()), "WrongTokenType"),
        (token.sign(OWNER, GENESIS_TYPE, claims(extra=1)), "UnknownClaim"),
        (token.sign(OWNER, GENESIS_TYPE, claims(nonce="x")), "MalformedGenesis"),
        (token.sign(OWNER, GENESIS_TYPE, claims(name="")), "MalformedGenesis"),
        (token.sign(OWNER, GENESIS_TYPE, claims(root={"kty": "RSA"})), "MalformedGenesis"),
        ("nonsense", "MalformedToken"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    result = read_genesis(text)
    assert isinstance(result, Refusal)
    assert result.reason == reason


@pytest.mark.parametrize("ending", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
def test_another_last_letter_of_the_key_is_refused(ending: str) -> None:
    key = token.public_jwk(OWNER)
    if key["x"][-1] != ending:
        root = {**key, "x": key["x"][:-1] + ending}
        assert isinstance(read_genesis(token.sign(OWNER, GENESIS_TYPE, claims(root=root))), Refusal)


def test_root_key_never_holds_the_private_part() -> None:
    assert token.public_jwk(OWNER)["x"] in str(token.unverified(RECORD, GENESIS_TYPE))
    assert str(OWNER.as_dict(private=True)["d"]) not in str(token.unverified(RECORD, GENESIS_TYPE))


@given(st.text(max_size=200))
def test_garbage_is_refused(text: str) -> None:
    assert isinstance(read_genesis(text), Refusal)
