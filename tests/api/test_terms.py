import pytest
from pydantic import ValidationError

from understudy_api import token
from understudy_api.genesis import Genesis, read_genesis, sign_genesis
from understudy_api.terms import LICENSE_TYPE, License, Terms, read_license, sign_license
from understudy_api.verdict import Refusal

OWNER = token.new_key()
FARM = token.thumbprint(token.new_key())


def genesis_of(name: str = "Ada") -> Genesis:
    genesis = read_genesis(sign_genesis(OWNER, name, 1_700_000_000, "0" * 32))
    assert isinstance(genesis, Genesis)
    return genesis


GENESIS = genesis_of()


def terms(**changes: object) -> Terms:
    base: dict[str, object] = {
        "iss": token.thumbprint(OWNER),
        "aud": FARM,
        "jti": "acme-spring-1",
        "iat": 0,
        "nbf": 100,
        "exp": 200,
        "assignee": {"namespace": "acme"},
        "twin": GENESIS.twin_id,
        "purposes": ["advertising"],
        "channels": ["social"],
        "territories": ["DE"],
        "languages": ["de"],
        "quota": {"seconds": 600},
    }
    return Terms.model_validate({**base, **changes})


def test_round_trip() -> None:
    text = sign_license(OWNER, terms())
    result = read_license(text, GENESIS)
    assert isinstance(result, License)
    assert result.terms == terms()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (sign_license(token.new_key(), terms()), "BadSignature"),
        (sign_license(OWNER, terms(iss=FARM)), "WrongIssuer"),
        (sign_license(OWNER, terms(twin="0" * 64)), "TwinNotCovered"),
        (token.sign(OWNER, "jwt", terms().model_dump(mode="json")), "WrongTokenType"),
        (token.sign(OWNER, LICENSE_TYPE, {**terms().model_dump(mode="json"), "vip": True}), "MalformedTerms"),
        (token.sign(OWNER, LICENSE_TYPE, {**terms().model_dump(mode="json"), "exp": "never"}), "MalformedTerms"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    result = read_license(text, GENESIS)
    assert isinstance(result, Refusal)
    assert result.reason == reason


def test_one_altered_character_is_refused() -> None:
    text = sign_license(OWNER, terms())
    for place in range(0, len(text), 7):
        altered = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert isinstance(read_license(altered, GENESIS), Refusal)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 100},
        {"jti": "x"},
        {"twin": "xyz"},
        {"purposes": []},
        {"purposes": ["war"]},
        {"territories": ["Germany"]},
        {"languages": ["d"]},
        {"quota": {"seconds": 0}},
        {"assignee": {"namespace": "Not A Namespace"}},
        {"profile": "understudy-license/9"},
    ],
)
def test_terms_have_bounds(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        terms(**changes)
