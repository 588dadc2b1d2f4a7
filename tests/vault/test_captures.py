"""No key for a training against the owner's word: the vault judges consent to the capture itself, passcode and all."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.acts import Stop, sign_act
from understudy_api.genesis import PublicKey
from understudy_api.keyring import KeyRecord, sign_key_record
from understudy_api.passcode import (
    Passcode,
    PasscodeAsking,
    passcode,
    passcode_refusal,
    sign_passcode_request,
)
from understudy_api.release import Released
from understudy_api.verdict import Verdict
from understudy_vault.captures import passcode_key


def refused(answer: Any) -> str:
    assert isinstance(answer, Verdict), answer
    return answer.reason


def train(room: Any, cast: Any, **changes: Any) -> Any:
    return room.release(cast.ask(cast.training(cast.training_order(**changes))))


@pytest.fixture
def empty(open_room: Callable[..., Any]) -> Any:
    """A vault that has no key yet."""
    return open_room()


def test_with_consent_the_key_is_made_and_the_log_names_the_capture(empty: Any, cast: Any) -> None:
    assert isinstance(train(empty, cast), Released)
    assert [(line["what"], line["capture"]) for line in empty.log()] == [
        ("created", cast.capture),
        ("released", cast.capture),
    ]
    assert not any("Witness" in text.decode() for text in empty.shelf.objects.values())


def test_without_consent_nothing_is_made_where_the_farm_demands_it(open_room: Callable[..., Any], cast: Any) -> None:
    room = open_room()
    assert refused(train(room, cast, capture_consent=None)) == "CaptureConsentMissing"
    assert room.vault.keys.find(cast.twin) is None
    assert isinstance(train(open_room(demands=False), cast, capture_consent=None), Released)


CONSENTS: list[tuple[str, dict[str, Any], str]] = [
    ("another twin's", {"twin": "f" * 64}, "CaptureConsentInvalid"),
    ("another capture's", {"capture_sha256": "f" * 64}, "CaptureDiffers"),
    ("no witness", {"witness": "  "}, "CaptureConsentInvalid"),
    ("made-up passcode", {"passcode": "00Z5-K2QH-7T3M-9WXC"}, "PasscodeUnknown"),
    ("words", {"passcode": "three-words-here"}, "PasscodeMalformed"),
    ("signed too late", {"iat": 1_780_000_000 + 50, "passcode": "late"}, "PasscodeExpired"),
    ("signed before it was given", {"iat": 1_780_000_000 - 900}, "PasscodeExpired"),
    ("from the future", {"iat": 1_780_000_000 + 600}, "CaptureConsentInvalid"),
]


@pytest.mark.parametrize("demands", [True, False])
@pytest.mark.parametrize(("changes", "reason"), [row[1:] for row in CONSENTS], ids=[row[0] for row in CONSENTS])
def test_consent_that_does_not_hold_makes_no_key_demanded_or_not(
    open_room: Callable[..., Any], cast: Any, changes: dict[str, Any], reason: str, demands: bool
) -> None:
    if changes.get("passcode") == "late":
        changes = {**changes, "passcode": passcode(cast.secret, cast.twin, cast.now - 1860).text}
    room = open_room(demands=demands)
    assert refused(train(room, cast, capture_consent=cast.consent(**changes))) == reason
    assert room.vault.keys.find(cast.twin) is None


def test_only_the_owner_consents(empty: Any, cast: Any, stranger: Any) -> None:
    for signer in (cast.farm, cast.performer, stranger.owner):
        assert refused(train(empty, cast, capture_consent=cast.consent(signer))) == "CaptureConsentInvalid"
    stop = sign_act(cast.owner, Stop(twin=cast.twin, iat=cast.now))
    assert refused(train(empty, cast, capture_consent=stop)) == "CaptureConsentInvalid"


def test_another_vaults_passcode_is_none_here(open_room: Callable[..., Any], cast: Any) -> None:
    foreign = passcode(bytes(32), cast.twin, cast.now - 300).text
    assert refused(train(open_room(), cast, capture_consent=cast.consent(passcode=foreign))) == "PasscodeUnknown"


def delegated(cast: Any, key: OKPKey, number: int = 1, previous: str | None = None, **changes: Any) -> str:
    record = {
        "twin": cast.twin,
        "number": number,
        "previous": previous or cast.twin,
        "act": "delegate",
        "role": "consent",
        "key": PublicKey.model_validate(token.public_jwk(key)),
        "iat": cast.now - 500,
    }
    return sign_key_record(cast.owner, KeyRecord.model_validate({**record, **changes}))


def test_a_consent_key_consents_and_asks_for_passcodes(empty: Any, cast: Any) -> None:
    key = token.new_key()
    record = delegated(cast, key)
    given = ask(empty, cast, key, records=(record,))
    assert isinstance(given, Passcode)
    consent = cast.consent(key, passcode=given.text, iat=cast.now)
    assert refused(train(empty, cast, capture_consent=consent)) == "KeyRecordBackwards", "records are never left out"
    assert isinstance(train(empty, cast, capture_consent=consent, key_records=(record,)), Released)


def ask(room: Any, cast: Any, key: OKPKey, at: int = 0, twin: str = "", records: tuple[str, ...] = ()) -> Any:
    request = sign_passcode_request(key, twin or cast.twin, cast.now + at)
    return room.vault.issue(PasscodeAsking(genesis=cast.genesis, key_records=records, request=request))


def test_an_owner_gets_a_passcode_and_the_log_a_line_without_it(empty: Any, cast: Any) -> None:
    given = ask(empty, cast, cast.owner)
    assert isinstance(given, Passcode)
    assert passcode_refusal(cast.secret, cast.twin, given.text, cast.now) is None
    (line,) = empty.log()
    assert (line["what"], line["twin"], line["expires_at"]) == ("passcode", cast.twin, given.expires_at)
    assert given.text not in str(line)


def test_strangers_late_and_halted_owners_get_none(empty: Any, cast: Any, stranger: Any) -> None:
    for key in (cast.farm, stranger.owner):
        assert refused(ask(empty, cast, key)) == "SignerNotAllowed"
    assert refused(ask(empty, cast, cast.owner, at=-61)) == "NotFresh"
    assert refused(ask(empty, cast, cast.owner, at=61)) == "NotFresh"
    assert refused(ask(empty, cast, cast.owner, twin="f" * 64)) == "TwinNotCovered"
    over = token.new_key()
    records = (delegated(cast, over, exp=cast.now),)
    assert refused(ask(empty, cast, over, records=records)) == "DelegationOver"
    assert refused(ask(empty, cast, token.new_key(), records=records)) == "SignerNotAllowed"
    assert empty.log() == []


def test_a_stopped_twin_is_given_no_passcode(empty: Any, cast: Any) -> None:
    from understudy_api.release import OwnersWord

    stop = sign_act(cast.owner, Stop(twin=cast.twin, iat=cast.now))
    empty.vault.heed(OwnersWord(genesis=cast.genesis, act=stop))
    assert refused(ask(empty, cast, cast.owner)) == "TwinStopped"


def test_the_secret_is_the_vaults_own_and_stays_the_same() -> None:
    key, other = token.new_key(), token.new_key()
    assert passcode_key(key) == passcode_key(token.load_key(json.dumps(key.as_dict(private=True))))
    assert passcode_key(key) != passcode_key(other)
    assert len(passcode_key(key)) == 32
