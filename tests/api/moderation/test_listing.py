"""What an owner reads before signing: every sentence, or templates and every value; the same bytes for the same content."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_api.digest import digest_bytes
from understudy_api.moderation.listing import FORMAT, MAX_SENTENCES, MAX_SHOWN, Lister, is_of

CONTENT = "c" * 64
SCENES = {"en-GB": ("Hello {name}. Welcome.",), "de-DE": ("Hallo {name}. Willkommen.",)}


def entries(lister: Lister) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lister.lines()]


def filled(names: list[str]) -> Lister:
    lister = Lister(SCENES, CONTENT)
    for name in names:
        lister.row({"name": name})
    return lister


def test_lists_every_distinct_sentence_in_every_locale() -> None:
    head, *rest = entries(filled(["Mira", "Jonas", "Mira"]))
    assert head == {"format": FORMAT, "form": "sentences", "content": CONTENT}
    assert {(one["locale"], one["sentence"]) for one in rest} == {
        ("en-GB", "Hello Mira."),
        ("en-GB", "Hello Jonas."),
        ("en-GB", "Welcome."),
        ("de-DE", "Hallo Mira."),
        ("de-DE", "Hallo Jonas."),
        ("de-DE", "Willkommen."),
    }
    assert len(rest) == 6


def test_the_listing_names_the_very_bytes() -> None:
    lister = filled(["Mira"])
    listing, data = lister.listing(), b"".join(lister.lines())
    assert listing.digest == digest_bytes(data)
    assert is_of(listing, data)
    assert not is_of(listing, data + b" ")
    assert (listing.form, listing.entries, listing.content) == ("sentences", 4, CONTENT)
    assert len(listing.first) == 4


def test_many_sentences_become_templates_and_values() -> None:
    names = [f"name {number}" for number in range(MAX_SENTENCES)]
    lister = filled(names)
    head, *rest = entries(lister)
    assert head["form"] == "templates"
    assert {(one["locale"], one["template"]) for one in rest if "template" in one} == {
        ("en-GB", "Hello {name}."),
        ("en-GB", "Welcome."),
        ("de-DE", "Hallo {name}."),
        ("de-DE", "Willkommen."),
    }
    assert [one["value"] for one in rest if "column" in one] == names
    assert len(lister.listing().first) == MAX_SHOWN


def test_exactly_the_bound_is_still_sentences() -> None:
    lister = Lister({"en-GB": ("Hello {name}.",)}, CONTENT)
    for number in range(MAX_SENTENCES):
        lister.row({"name": str(number)})
    assert lister.listing().form == "sentences"
    lister.row({"name": "one more"})
    assert lister.listing().form == "templates"


def test_a_changed_word_changes_the_digest() -> None:
    assert filled(["Mira"]).listing().digest != filled(["Mina"]).listing().digest


def test_a_script_without_variables_needs_no_rows() -> None:
    lister = Lister({"en-GB": ("Hello. Welcome.",)}, CONTENT)
    for _ in range(3):
        lister.row({"id": "x"})
    assert [one["sentence"] for one in entries(lister)[1:]] == ["Hello.", "Welcome."]


def test_an_unread_script_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="not checked"):
        Lister({"en-GB": ("Hello {",)}, CONTENT)


@given(st.lists(st.text(alphabet="abcäé あ", min_size=1, max_size=4), max_size=12))
@settings(max_examples=40)
def test_equal_rows_give_equal_bytes_and_every_value_is_said(names: list[str]) -> None:
    first, again = filled(names), filled(names)
    assert b"".join(first.lines()) == b"".join(again.lines())
    spoken = {one["sentence"] for one in entries(first)[1:] if one["locale"] == "en-GB"}
    assert len(spoken) <= len(set(names)) + 1
