"""Passcodes: issued for one twin, good for half an hour, told from every other string."""

from __future__ import annotations

import re

import pytest
from builders import a_key, a_keyring
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_api import token
from understudy_api.acts import Stop, sign_act
from understudy_api.passcode import (
    FRESH_SECONDS,
    PASSCODE_REQUEST_TYPE,
    VALID_SECONDS,
    passcode,
    passcode_refusal,
    passcode_request_refusal,
    sign_passcode_request,
)

KEY = bytes(range(32))
TWIN, OTHER = "a" * 64, "b" * 64
NOW = 1_780_000_030.0


def reason(text: str, *, twin: str = TWIN, at: float = NOW, key: bytes = KEY) -> str:
    found = passcode_refusal(key, twin, text, at)
    return found.reason if found else ""


def test_a_passcode_is_four_groups_that_can_be_said() -> None:
    found = passcode(KEY, TWIN, NOW)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", found.text)
    assert found.twin == TWIN
    assert NOW + VALID_SECONDS - 60 < found.expires_at <= NOW + VALID_SECONDS


def test_it_is_the_same_within_its_minute_and_another_in_the_next() -> None:
    assert passcode(KEY, TWIN, NOW).text == passcode(KEY, TWIN, NOW + 1).text
    assert passcode(KEY, TWIN, NOW).text != passcode(KEY, TWIN, NOW + 60).text


@pytest.mark.parametrize(
    ("after", "wanted"),
    [
        (0, ""),
        (60, ""),
        (VALID_SECONDS - 31, ""),
        (VALID_SECONDS, "PasscodeExpired"),
        (10**6, "PasscodeExpired"),
        (-31, ""),
        (-120, "PasscodeExpired"),
    ],
)
def test_it_holds_for_half_an_hour(after: float, wanted: str) -> None:
    assert reason(passcode(KEY, TWIN, NOW).text, at=NOW + after) == wanted


def test_it_holds_for_one_twin_and_one_vault() -> None:
    text = passcode(KEY, TWIN, NOW).text
    assert reason(text) == ""
    assert reason(text, twin=OTHER) == "PasscodeUnknown"
    assert reason(text, key=bytes(32)) == "PasscodeUnknown"


def test_how_it_is_written_does_not_matter() -> None:
    text = passcode(KEY, TWIN, NOW).text
    assert reason(text.lower()) == ""
    assert reason(text.replace("-", "")) == ""


@pytest.mark.parametrize(
    "text", ["", "0000", "-" * 16, "IIII-OOOO-LLLL-UUUU", "0" * 17, "é" * 16, "0000 0000 0000 0000"]
)
def test_what_is_no_passcode_is_malformed(text: str) -> None:
    assert reason(text) == "PasscodeMalformed"


@given(st.integers(0, 15), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
@settings(max_examples=60)
def test_one_changed_character_is_refused(at: int, character: str) -> None:
    plain = passcode(KEY, TWIN, NOW).text.replace("-", "")
    changed = plain[:at] + character + plain[at + 1 :]
    assert (reason(changed) == "") == (changed == plain)


@given(st.text(max_size=30))
@settings(max_examples=100)
def test_no_string_makes_it_fail(text: str) -> None:
    assert reason(text) in {"PasscodeMalformed", "PasscodeUnknown", "PasscodeExpired"}


def test_a_short_key_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        passcode(b"short", TWIN, NOW)


def request(signer: str = "owner", twin: str = a_keyring().twin_id, at: float = NOW) -> str:
    return sign_passcode_request(a_key(signer), twin, int(at))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (request(), None),
        (request(at=NOW - FRESH_SECONDS), None),
        (request(at=NOW - FRESH_SECONDS - 1), "NotFresh"),
        (request(at=NOW + FRESH_SECONDS + 1), "NotFresh"),
        (request("stranger"), "SignerNotAllowed"),
        (request(twin=OTHER), "TwinNotCovered"),
        (sign_act(a_key("owner"), Stop(iat=int(NOW))), "WrongTokenType"),
        (token.sign(a_key("owner"), PASSCODE_REQUEST_TYPE, {"twin": a_keyring().twin_id}), "MissingClaim"),
        (token.sign(a_key("owner"), PASSCODE_REQUEST_TYPE, {"twin": 7, "iat": int(NOW)}), "MalformedRequest"),
    ],
)
def test_only_the_owner_of_the_twin_asks_and_just_now(text: str, wanted: str | None) -> None:
    found = passcode_request_refusal(text, a_keyring(), int(NOW))
    assert (found.reason if found else None) == wanted


@given(st.text(max_size=400))
def test_a_request_that_is_nonsense_is_refused(text: str) -> None:
    assert passcode_request_refusal(text, a_keyring(), NOW) is not None
