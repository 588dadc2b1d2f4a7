"""Term lists: one data file a language, read once, indexed so that a word costs one look-up.

A term is one folded word or several (a phrase). A star means any letters: `gambl*` begins a word, `*waffe` ends one,
`*wett*` stands anywhere inside one. `floor` terms are rendered for nobody; `terms` are for the owner of the twin to
decide; `allow` holds harmless words and phrases that would match. Japanese has no spaces: its terms are looked for as strings.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from understudy_api.digest import digest
from understudy_api.moderation.fold import fold

Level = Literal["floor", "sensitive"]
LANGUAGES: Final = ("ar", "de", "en", "fr", "hi", "ja")
"""Primary language subtags that have a list."""
SPACELESS: Final = frozenset({"ja"})
"""Languages that write no spaces between words."""
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@dataclass(frozen=True)
class Term:
    """A listed term: the category it belongs to (IAB Content Taxonomy id), how grave it is, and how it is written."""

    category: str
    level: Level
    text: str


@dataclass(frozen=True)
class WordList:
    """The index of one language. All keys are folded."""

    language: str
    words: dict[str, tuple[Term, ...]] = field(default_factory=dict)
    prefixes: dict[str, tuple[Term, ...]] = field(default_factory=dict)
    suffixes: dict[str, tuple[Term, ...]] = field(default_factory=dict)
    inside: dict[str, tuple[Term, ...]] = field(default_factory=dict)
    phrases: dict[str, tuple[tuple[tuple[str, ...], Term], ...]] = field(default_factory=dict)
    """First word -> the whole phrases and their terms; only the last word of a phrase may end in a star."""
    allowed: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """First word -> whole phrases that are harmless."""


@cache
def lists_digest() -> str:
    """Digest of all lists: two farms with equal digests find the same."""
    return digest({language: _document(language) for language in LANGUAGES})


@cache
def word_list(language: str) -> WordList | None:
    """The list of a primary language subtag; None when there is none."""
    return indexed(language, _document(language)) if language in LANGUAGES else None


def indexed(language: str, document: dict[str, Any]) -> WordList:
    """The index of a list's document: `allow`, and for each category `floor` and `terms`."""
    found = WordList(language)
    for category, levels in document.items():
        if category == "allow":
            for text in levels:
                for words in _spellings(text, language):
                    _add(found.allowed, words[0], words)
            continue
        for name, level in (("floor", "floor"), ("terms", "sensitive")):
            for text in levels.get(name, ()):
                _index(found, Term(category, level, text))  # type: ignore[arg-type]
    return found


def _document(language: str) -> dict[str, Any]:
    file = resources.files("understudy_api.moderation") / "lists" / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _index(found: WordList, term: Term) -> None:
    for words in _spellings(term.text, found.language):
        word = words[0]
        if len(words) > 1:
            _add(found.phrases, word, (words, term))
        elif word.startswith("*") and word.endswith("*"):
            _add(found.inside, word.strip("*"), term)
        elif word.endswith("*"):
            _add(found.prefixes, word[:-1], term)
        elif word.startswith("*"):
            _add(found.suffixes, word[1:], term)
        else:
            _add(found.words, word, term)


def _spellings(text: str, language: str) -> Iterator[tuple[str, ...]]:
    """The folded words of a term, and how German writes them on keyboards without umlauts."""
    texts = {text, text.lower().translate(_UMLAUTS)} if language == "de" else {text}
    for one in sorted(texts):
        if language in SPACELESS:
            yield (re.sub("[^\\w゛゜ー]", "", fold(one)),)
        else:
            yield tuple(_starred(one))


def _starred(text: str) -> Iterable[str]:
    for word in text.split():
        core = fold(word.strip("*")).replace("-", "")
        yield f"{'*' * word.startswith('*')}{core}{'*' * word.endswith('*')}"


def _add(index: dict[str, Any], key: str, value: Any) -> None:
    index[key] = (*index.get(key, ()), value)
