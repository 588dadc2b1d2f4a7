"""One rule for consent to a capture: who may give it, for which twin, before whom."""

from __future__ import annotations

from typing import Any

import pytest
from builders import NOW, a_genesis_record, a_key, a_keyring
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.acts import CaptureConsent, Stop, sign_act
from understudy_api.capture_consent import missing_consent, read_capture_consent
from understudy_api.genesis import public_key
from understudy_api.keyring import KeyRecord, Keyring, read_keyring, sign_key_record
from understudy_api.verdict import Refusal

TWIN = a_keyring().twin_id


def consent(signer: str = "owner", **changed: Any) -> str:
    claims = {
        "twin": TWIN,
        "capture_sha256": "d" * 64,
        "passcode": "00Z5-K2QH-7T3M-9WXC",
        "witness": "A. Witness",
        "iat": int(NOW) - 60,
    }
    return sign_act(a_key(signer), CaptureConsent.model_validate({**claims, **changed}))


def ring(**record: Any) -> Keyring:
    """The ring after one key record, or none."""
    claims = {"twin": TWIN, "number": 1, "previous": TWIN, "iat": int(NOW) - 900, **record}
    text = sign_key_record(a_key("owner"), KeyRecord.model_validate(claims))
    found = read_keyring(a_genesis_record(), (text,))
    assert isinstance(found, Keyring), found
    return found


def test_the_owner_and_a_key_with_the_role_consent() -> None:
    found = read_capture_consent(consent(), a_keyring(), NOW)
    assert isinstance(found, CaptureConsent)
    assert (found.capture_sha256, found.witness) == ("d" * 64, "A. Witness")
    delegated = ring(act="delegate", role="consent", key=public_key(a_key("consent")))
    assert isinstance(read_capture_consent(consent("consent"), delegated, NOW), CaptureConsent)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (consent("stranger"), "may not sign for role consent"),
        (consent(twin="f" * 64), "it is for twin"),
        (consent(witness=" "), "names no witness"),
        (consent(iat=int(NOW) + 600), "in the future"),
        (consent()[:-6] + "AAAAAA", "signature"),
        (sign_act(a_key("owner"), Stop(twin=TWIN, iat=int(NOW))), "another act"),
    ],
)
def test_everything_else_is_refused_in_one_line(text: str, words: str) -> None:
    found = read_capture_consent(text, a_keyring(), NOW)
    assert isinstance(found, Refusal)
    assert found.reason == "CaptureConsentInvalid"
    assert found.message.startswith("captureConsent: ")
    assert words in found.message


def test_a_key_that_lost_its_power_consents_no_more() -> None:
    rotated = ring(act="rotate", key=public_key(a_key("next")))
    assert isinstance(read_capture_consent(consent(), rotated, NOW), Refusal)
    over = ring(act="delegate", role="consent", key=public_key(a_key("consent")), exp=int(NOW))
    assert isinstance(read_capture_consent(consent("consent"), over, NOW), Refusal)


@given(st.text(max_size=400))
def test_nonsense_is_a_refusal(text: str) -> None:
    assert isinstance(read_capture_consent(text, a_keyring(), NOW), Refusal)


def test_none_at_all_has_a_reason_of_its_own() -> None:
    assert missing_consent().reason == "CaptureConsentMissing"
