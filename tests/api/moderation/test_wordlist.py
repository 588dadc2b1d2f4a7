"""The data files: every language holds every category, no term is harmless by its own allow list, indexes are folded."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from understudy_api.moderation.fold import fold
from understudy_api.moderation.rule import IN_WORDS
from understudy_api.moderation.scan import scan
from understudy_api.moderation.wordlist import LANGUAGES, SPACELESS, Term, indexed, lists_digest, word_list


def document(language: str) -> dict[str, dict[str, list[str]]]:
    text = (resources.files("understudy_api.moderation") / "lists" / f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_category_has_terms(language: str) -> None:
    found = document(language)
    assert set(found) - {"allow"} == set(IN_WORDS)
    for category, levels in found.items():
        if category != "allow":
            assert 8 <= len(levels["terms"]) <= 60, category


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_term_stands_twice(language: str) -> None:
    terms = [t for name, levels in document(language).items() if name != "allow" for v in levels.values() for t in v]
    assert sorted(terms) == sorted(set(terms))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_term_is_found_where_it_stands(language: str) -> None:
    for category, levels in document(language).items():
        for text in () if category == "allow" else [t for terms in levels.values() for t in terms]:
            core = text.replace("*", "")
            found = scan(core, language)
            assert found is not None
            assert category in {one.category for one in found}, (language, category, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_allowed_phrase_is_silent(language: str) -> None:
    for text in document(language)["allow"]:
        assert scan(str(text), language) == (), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_are_folded(language: str) -> None:
    found = word_list(language)
    assert found is not None
    for index in (found.words, found.prefixes, found.suffixes, found.phrases):
        for key in index:
            assert fold(key) == key


@pytest.mark.parametrize("language", LANGUAGES)
def test_stems_are_long_enough_to_be_looked_up(language: str) -> None:
    found = word_list(language)
    assert found is not None
    assert all(len(stem) >= 3 for stem in (*found.prefixes, *found.suffixes))


def test_stars_say_where_a_word_may_go_on() -> None:
    found = indexed("en", {"allow": ["x ray"], "1": {"floor": ["aaa*"], "terms": ["*bbb", "*cc*", "dd", "ee ff"]}})
    assert list(found.prefixes) == ["aaa"]
    assert list(found.suffixes) == ["bbb"]
    assert list(found.inside) == ["cc"]
    assert list(found.words) == ["dd"]
    assert found.phrases["ee"] == ((("ee", "ff"), Term("1", "sensitive", "ee ff")),)
    assert found.allowed["x"] == (("x", "ray"),)
    assert found.prefixes["aaa"][0].level == "floor"


def test_german_is_written_without_umlauts_too() -> None:
    found = indexed("de", {"1": {"terms": ["mörder"]}})
    assert set(found.words) == {"morder", "moerder"}


def test_other_languages_have_no_list() -> None:
    assert word_list("es") is None
    assert {"ja"} == SPACELESS


def test_the_digest_is_stable() -> None:
    assert lists_digest() == lists_digest()
    assert len(lists_digest()) == 64
