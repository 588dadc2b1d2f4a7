"""What follows from findings: outcomes, refusals that say what to change, categories for the license rule."""

from __future__ import annotations

import pytest

from understudy_api.categories import CATEGORIES, SENSITIVE, within
from understudy_api.moderation.rule import (
    IN_WORDS,
    MAX_SENTENCE_CHARACTERS,
    NO_LIST,
    Finding,
    examine,
    floor_refusals,
    found_categories,
    in_words,
    outcome,
    shown,
    unjudged,
)


@pytest.mark.parametrize(
    ("sentence", "locale", "wanted"),
    [
        ("Every piece is made to last.", "en-GB", "pass"),
        ("Our casino is open.", "en-GB", "needs-human"),
        ("It cures cancer.", "en-GB", "block"),
        ("Hola, Mira.", "es-ES", "needs-human"),
        ("", "en-GB", "pass"),
        ("Unsere Spielbank.", "de-AT", "needs-human"),
        ("カジノ", "ja-JP", "needs-human"),
    ],
)
def test_outcomes(sentence: str, locale: str, wanted: str) -> None:
    assert outcome(examine(sentence, locale)) == wanted


def test_a_finding_names_sentence_category_and_term() -> None:
    (found,) = examine("Our CASINO is open.", "en-GB")
    assert (found.locale, found.category, found.level, found.term) == ("en-GB", "181", "sensitive", "casino*")
    assert found.sentence == "Our CASINO is open."


def test_a_long_sentence_is_cut() -> None:
    (found,) = examine("casino " + "a" * 1000, "en-GB")
    assert len(found.sentence) == MAX_SENTENCE_CHARACTERS
    assert len(shown(found)) <= 82


def test_a_language_without_list_is_for_a_person() -> None:
    (found,) = examine("Hola, Mira.", "es-ES")
    assert (found.why, found.category) == (NO_LIST, "")
    assert unjudged([found]) == (found,)
    assert found_categories([found]) == ()


def test_a_floor_refusal_says_where_what_and_the_cure() -> None:
    findings = (*examine("It cures cancer.", "en-GB"), *examine("He cures cancer.", "en-GB"))
    (refusal,) = floor_refusals(findings)
    assert refusal.reason == "ContentBlocked"
    assert "It cures cancer." in refusal.message
    assert refusal.message.endswith("change the words")


def test_every_category_of_the_floor_is_told_once_in_order() -> None:
    words = ("It cures cancer.", "porn", "porn again")
    found = [finding for sentence in words for finding in examine(sentence, "en")]
    messages = [refusal.message for refusal in floor_refusals(found)]
    assert len(messages) == 2
    assert "medical" in messages[0]
    assert "adult" in messages[1]


def test_alcohol_counts_where_a_license_may_name_it() -> None:
    assert found_categories(examine("Fine champagne.", "en")) == ("211", "pg0WhF")
    assert found_categories(examine("A fine cigar.", "en")) == ("pg0WhF",)


def test_a_category_outside_the_taxonomy_is_for_a_person() -> None:
    found = Finding(locale="en", sentence="x", category="nosuch", why="Classified")
    assert found_categories([found]) == ()
    assert unjudged([found]) == (found,)


def test_every_listed_category_is_in_the_taxonomy() -> None:
    assert set(IN_WORDS) <= set(CATEGORIES)
    assert all(within(one, SENSITIVE) for one in IN_WORDS)


def test_categories_read_as_words() -> None:
    assert in_words("181") == "gambling"
    assert in_words("1") == "category 1"
    assert all(text == text.lower() for text in IN_WORDS.values())


def test_what_a_classifier_says_weighs_the_same() -> None:
    blocked = Finding(locale="en", sentence="x", category="8FD8nI", level="floor", term="model 7", why="Classified")
    assert outcome([blocked]) == "block"
    assert floor_refusals([blocked])
