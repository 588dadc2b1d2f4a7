"""Signed notes: the example of the format's reference implementation, and what must not be accepted."""

from __future__ import annotations

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.ledger.note import open_note, sign_note, verifier_key
from understudy_api.verdict import Refusal

EXAMPLE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
EXAMPLE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The well-known example that the reference implementation documents."""
KEY, OTHER = token.new_key(), token.new_key()
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"


def public_key(verifier: str) -> OKPKey:
    raw = base64.b64decode(verifier.split("+", 2)[2])[1:]
    x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})


def test_the_example_of_the_format_is_read() -> None:
    key = public_key(EXAMPLE_KEY)
    assert verifier_key("PeterNeumann", key) == EXAMPLE_KEY
    assert open_note(EXAMPLE, "PeterNeumann", key) == EXAMPLE.rpartition("\n\n")[0] + "\n"


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_what_was_signed_is_read_and_nothing_else(text: str) -> None:
    note = sign_note(text + "\n", "farm", KEY)
    assert open_note(note, "farm", KEY) == text + "\n"
    for wrong in (open_note(note, "farm", OTHER), open_note(note, "other", KEY), open_note("x" + note, "farm", KEY)):
        assert isinstance(wrong, Refusal)


@given(st.data())
def test_a_changed_character_breaks_it(data: st.DataObject) -> None:
    note = sign_note("a ledger\n5\n", "farm", KEY)
    place = data.draw(st.integers(0, len(note) - 1))
    put = data.draw(st.sampled_from("aZ9+/\n =-"))
    changed = note[:place] + put + note[place + 1 :]
    if changed != note:
        assert isinstance(open_note(changed, "farm", KEY), Refusal)


def test_a_signature_has_one_spelling() -> None:
    note = sign_note("text\n", "farm.example", KEY)
    body, last = note[:-3], note[-3]
    assert note.endswith("=\n"), "68 bytes leave two bits of the last letter unused"
    twin = ALPHABET[ALPHABET.index(last) ^ 1]
    assert isinstance(open_note(f"{body}{twin}=\n", "farm.example", KEY), Refusal)


def test_signatures_of_others_are_passed_over() -> None:
    note = sign_note("a ledger\n", "farm", KEY)
    witnessed = note + sign_note("a ledger\n", "witness", OTHER).rpartition("\n\n")[2]
    assert open_note(witnessed, "farm", KEY) == open_note(witnessed, "witness", OTHER) == "a ledger\n"


@pytest.mark.parametrize(
    "text", ["", "\n", "\n\n", "a\n\n", "a\n\n\u2014 farm\n", "a\n\n\u2014 farm !!!\n", "a" * 1_000_001]
)
def test_what_is_no_note_is_refused(text: str) -> None:
    assert isinstance(open_note(text, "farm", KEY), Refusal)


@pytest.mark.parametrize(("text", "name"), [("no newline", "farm"), ("a\n", ""), ("a\n", "two words"), ("a\n", "a+b")])
def test_what_cannot_be_signed_is_an_error(text: str, name: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        sign_note(text, name, KEY)
