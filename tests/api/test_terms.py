import pytest
from pydantic import ValidationError

from understudy_api import token
from understudy_api.genesis import public_key, sign_genesis
from understudy_api.keyring import KeyRecord, Keyring, read_keyring, sign_key_record
from understudy_api.term_parts import Allows
from understudy_api.terms import LICENSE_TYPE, License, Terms, read_license, sign_license
from understudy_api.verdict import Refusal

OWNER = token.new_key()
FARM = token.thumbprint(token.new_key())


RECORD = sign_genesis(OWNER, "Ada", 1_700_000_000, "0" * 32)


def ring(*records: str) -> Keyring:
    found = read_keyring(RECORD, records)
    assert isinstance(found, Keyring)
    return found


RING = ring()


def terms(**changes: object) -> Terms:
    base: dict[str, object] = {
        "iss": token.thumbprint(OWNER),
        "aud": FARM,
        "jti": "acme-spring-1",
        "iat": 0,
        "nbf": 100,
        "exp": 200,
        "assignee": {"namespace": "acme"},
        "twin": RING.twin_id,
        "purposes": ["advertising"],
        "channels": ["social"],
        "territories": ["DE"],
        "languages": ["de"],
        "quota": {"seconds": 600},
    }
    return Terms.model_validate({**base, **changes})


def test_round_trip() -> None:
    text = sign_license(OWNER, terms())
    result = read_license(text, RING)
    assert isinstance(result, License)
    assert result.terms == terms()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (sign_license(token.new_key(), terms()), "SignerNotAllowed"),
        (sign_license(OWNER, terms(iss=FARM)), "WrongIssuer"),
        (sign_license(OWNER, terms(twin="0" * 64)), "TwinNotCovered"),
        (token.sign(OWNER, "jwt", terms().model_dump(mode="json")), "WrongTokenType"),
        (token.sign(OWNER, LICENSE_TYPE, {**terms().model_dump(mode="json"), "vip": True}), "UnknownClaim"),
        (token.sign(OWNER, LICENSE_TYPE, {**terms().model_dump(mode="json"), "exp": "never"}), "MalformedTerms"),
        (token.sign(OWNER, LICENSE_TYPE, {**terms().model_dump(mode="json"), "exp": "200"}), "MalformedTerms"),
        (token.sign(OWNER, LICENSE_TYPE, {**terms().model_dump(mode="json"), "exclusive": 1}), "MalformedTerms"),
        (token.sign(OWNER, LICENSE_TYPE, {"profile": "understudy-license/1"}), "MissingClaim"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    result = read_license(text, RING)
    assert isinstance(result, Refusal)
    assert result.reason == reason


def test_one_altered_character_is_refused() -> None:
    text = sign_license(OWNER, terms())
    for place in range(0, len(text), 7):
        altered = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert isinstance(read_license(altered, RING), Refusal)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 100},
        {"exp": 10**15},
        {"publish_until": 100},
        {"territories": ["UK"]},
        {"territories": ["ZZ"]},
        {"excluded_categories": ["no such thing"]},
        {"formats": [{"aspect": "round"}]},
        {"max_item_seconds": 0},
        {"quota": {"seconds": 1, "items": 0}},
        {"quota": {"seconds": 1, "concurrent": 0}},
        {"age": {"minimum": 17, "maximum": 30}},
        {"age": {"minimum": 30, "maximum": 20}},
        {"allows": {"everything": True}},
        {"disclosures": ["a\nb"]},
        {"contract_sha256": "abc"},
        {"status": {"index": -1, "ttl_seconds": 60}},
        {"status": {"index": 1, "ttl_seconds": 60, "uri": "file:///etc/passwd"}},
        {"representation": {"kind": "friend", "name": "x"}},
        {"versions": ["v1"]},
        {"jti": "x"},
        {"twin": "xyz"},
        {"purposes": []},
        {"purposes": ["war"]},
        {"territories": ["Germany"]},
        {"languages": ["d"]},
        {"quota": {"seconds": 0}},
        {"assignee": {"namespace": "Not A Namespace"}},
        {"profile": "understudy-license/9"},
        {"preview": True},
        {"preview_recipient": "age1" + "q" * 58},
        {"preview": True, "preview_recipient": "ada@example.com"},
    ],
)
def test_terms_have_bounds(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        terms(**changes)


def test_what_is_not_given_is_what_is_least() -> None:
    least = terms()
    assert least.allows == Allows()
    assert not any(least.allows.model_dump().values())
    assert not least.exclusive
    assert not least.preview
    assert {"386", "453", "v9i3On"} <= set(least.sensitive_categories)


def test_categories_are_taken_by_name_too() -> None:
    assert terms(excluded_categories=["Politics", "453"]).excluded_categories == ("386", "453")


def a_record(number: int, previous: str, **changes: object) -> KeyRecord:
    base = {
        "twin": RING.twin_id,
        "number": number,
        "previous": previous,
        "act": "delegate",
        "role": "license",
        "iat": 1,
    }
    return KeyRecord.model_validate({**base, "key": public_key(AGENT), **changes})


AGENT = token.new_key()


def test_a_delegated_key_signs_and_the_license_ends_with_the_delegation() -> None:
    text = sign_license(AGENT, terms())
    refused = read_license(text, RING)
    assert isinstance(refused, Refusal)
    assert refused.reason == "SignerNotAllowed"
    for exp, ends in ((None, 200), (500, 200), (150, 150)):
        delegated = ring(sign_key_record(OWNER, a_record(1, RING.head, exp=exp)))
        found = read_license(text, delegated)
        assert isinstance(found, License)
        assert found.terms.exp == ends
        assert found.signer == token.thumbprint(AGENT)


def test_a_license_that_begins_after_the_delegation_is_none() -> None:
    delegated = ring(sign_key_record(OWNER, a_record(1, RING.head, exp=100)))
    found = read_license(sign_license(AGENT, terms()), delegated)
    assert isinstance(found, Refusal)
    assert found.reason == "DelegationOver"


@pytest.mark.parametrize("role", ["consent", "stop"])
def test_another_role_signs_no_license(role: str) -> None:
    delegated = ring(sign_key_record(OWNER, a_record(1, RING.head, role=role)))
    found = read_license(sign_license(AGENT, terms()), delegated)
    assert isinstance(found, Refusal)
    assert found.reason == "SignerNotAllowed"


def test_the_owner_keeps_the_name_after_a_rotation() -> None:
    rotated = ring(sign_key_record(OWNER, a_record(1, RING.head, act="rotate", role=None)))
    assert isinstance(read_license(sign_license(AGENT, terms()), rotated), License)
    assert isinstance(read_license(sign_license(OWNER, terms()), rotated), Refusal)


EXCLUSIVE = terms(exclusive=True, territories=["EU"], languages=["de", "fr"])


@pytest.mark.parametrize(
    ("later", "stands"),
    [
        ({}, True),
        ({"exclusive": True}, True),
        ({"territories": ["US", "FR"]}, True),
        ({"languages": ["de-AT"]}, True),
        ({"territories": ["US"]}, False),
        ({"languages": ["en"]}, False),
        ({"languages": ["den"]}, False),
        ({"channels": ["web"]}, False),
        ({"purposes": ["news"]}, False),
        ({"nbf": 200, "exp": 300}, False),
        ({"nbf": 0, "exp": 100}, False),
        ({"nbf": 199, "exp": 300}, True),
        ({"twin": "0" * 64}, False),
        ({"assignee": {"namespace": "acme"}}, False),
    ],
)
def test_an_exclusive_license_stands_against_later_ones(later: dict[str, object], stands: bool) -> None:
    other = terms(**{"assignee": {"namespace": "globex"}, **later})
    assert EXCLUSIVE.outranks(other) is stands
    assert not terms().outranks(other)
