"""Finds listed terms in a text, however they are dressed up.

A term is found as a whole word only ("classic" holds no insult), in any case, with any diacritics, in letters that look
alike, with digits for letters, with signs or invisible characters between its letters, stretched, or spelled out
letter by letter. Words split by a plain space stay two words: what joins them would find things nobody wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from understudy_api.moderation.fold import MARK, fold
from understudy_api.moderation.wordlist import SPACELESS, Term, WordList, word_list

_DIGITS: Final = tuple(
    str.maketrans({"0": "o", "1": one, "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"}) for one in "il"
)
_STRETCHED: Final = re.compile(r"(.)\1\1+")
_LATIN: Final = re.compile(r"[a-z0-9@$][a-z0-9@$-]*")
_SPACED: Final = re.compile(rf"[\s@${MARK}]+")
_SPELLED_LETTERS: Final = 4
"""How many single letters in a row are read as a word spelled out."""
_HEAD: Final = 3
"""Stems in the lists have at least as many letters."""
_REMEMBERED_WORDS: Final = 100_000
_ARABIC_PARTICLES: Final = ("وبال", "وال", "بال", "كال", "فال", "ولل", "ال", "لل", "و", "ف", "ب", "ل", "ك")
_LATIN_LANGUAGES: Final = frozenset({"en", "de", "fr"})


def scan(text: str, language: str) -> tuple[Term, ...] | None:
    """The listed terms in a text, each once, in the order of the text; None when the language has no list.

    A text in another script is also held against the English list, as far as it is written in Latin letters.
    """
    reader = _reader(language)
    if reader is None:
        return None
    folded = fold(text)
    found = reader.read(folded)
    if language not in _LATIN_LANGUAGES and (latin := _LATIN.findall(folded)):
        english = _reader("en")
        found += english.read(" ".join(latin)) if english else []
    return tuple(dict.fromkeys(found))


@cache
def _reader(language: str) -> _Words | _Strings | None:
    found = word_list(language)
    if found is None:
        return None
    return _Strings(found) if language in SPACELESS else _Words(found)


class _Words:
    """Reads a language that separates its words. Remembers what single words are, for most come again."""

    def __init__(self, terms: WordList) -> None:
        self._terms = terms
        self._known: dict[str, tuple[Term, ...]] = {}
        self._starts = frozenset(terms.phrases)
        self._allowed = frozenset(terms.allowed)
        self._longest = max(map(len, terms.prefixes), default=0)
        self._heads = frozenset(prefix[:_HEAD] for prefix in terms.prefixes)
        self._tails = frozenset(suffix[-_HEAD:] for suffix in terms.suffixes)
        self._plain = {**terms.prefixes, **terms.words}

    def read(self, folded: str) -> list[Term]:
        """The terms of a folded text."""
        words: list[str] = []
        found: list[Term] = []
        for chunk in folded.split():
            if MARK not in chunk:
                words.append(chunk)
                continue
            parts = [part for part in chunk.split(MARK) if part]
            words += parts
            if len(parts) > 1 and not self._allowed.intersection(parts):
                found += self._plain.get("".join(parts), ())
        words = self._without_allowed(words) if not self._allowed.isdisjoint(words) else words
        for word in words:
            terms = self._known.get(word)
            if terms is None:
                terms = self._learn(word)
            if terms:
                found += terms
        if not self._starts.isdisjoint(words):
            found += self._phrases(words)
        if sum(map(_is_letter, words)) >= _SPELLED_LETTERS:
            found += self._spelled_out(words)
        return found

    def _learn(self, word: str) -> tuple[Term, ...]:
        if len(self._known) >= _REMEMBERED_WORDS:
            self._known.clear()
        found = self._known[word] = tuple(dict.fromkeys(self._terms_of(word)))
        return found

    def _terms_of(self, word: str) -> Iterator[Term]:
        for form in _forms(word, self._terms.language):
            if (form,) in self._terms.allowed.get(form, ()):
                return
            yield from self._terms.words.get(form, ())
            if form[:_HEAD] in self._heads:
                for end in range(_HEAD, min(len(form), self._longest) + 1):
                    yield from self._terms.prefixes.get(form[:end], ())
            if form[-_HEAD:] in self._tails:
                for suffix, terms in self._terms.suffixes.items():
                    if form.endswith(suffix):
                        yield from terms
            for part, terms in self._terms.inside.items():
                if part in form:
                    yield from terms

    def _phrases(self, words: Sequence[str]) -> Iterator[Term]:
        for at, word in enumerate(words):
            for phrase, term in self._terms.phrases.get(word, ()):
                if _begins(words[at : at + len(phrase)], phrase):
                    yield term

    def _without_allowed(self, words: list[str]) -> list[str]:
        """The words, each harmless phrase replaced by one empty word, so that nothing is found across it."""
        left: list[str] = []
        at = 0
        while at < len(words):
            phrases = self._terms.allowed.get(words[at], ())
            size = max((len(p) for p in phrases if tuple(words[at : at + len(p)]) == p), default=0)
            left.append("" if size else words[at])
            at += size or 1
        return left

    def _spelled_out(self, words: Sequence[str]) -> Iterator[Term]:
        for run in _runs_of_letters(words):
            for text, terms in self._plain.items():
                if len(text) >= _SPELLED_LETTERS and text in run:
                    yield from terms


class _Strings:
    """Reads a language without spaces: terms are strings, katakana words end where katakana ends."""

    def __init__(self, terms: WordList) -> None:
        self._terms = terms
        self._starts: dict[str, tuple[str, ...]] = {}
        for text in terms.words:
            self._starts[text[0]] = (*self._starts.get(text[0], ()), text)
        self._allowed = re.compile("|".join(map(re.escape, sorted(terms.allowed, key=len, reverse=True))) or "(?!)")

    def read(self, folded: str) -> list[Term]:
        """The terms of a folded text, whatever spaces and signs stand between its letters."""
        spaced = _SPACED.sub(" ", folded)
        found = self._found(spaced)
        if " " in spaced.strip():
            found += self._found(spaced.replace(" ", ""))
        return found

    def _found(self, text: str) -> list[Term]:
        text = self._allowed.sub("\0", text)
        found: list[Term] = []
        for at, char in enumerate(text):
            for term in self._starts.get(char, ()):
                if text.startswith(term, at) and not _cuts_katakana(text, at, at + len(term)):
                    found += self._terms.words[term]
        return found


def _cuts_katakana(text: str, start: int, end: int) -> bool:
    """True when a katakana word goes on beyond what was found in it."""
    before, first = text[start - 1 : start], text[start]
    last, after = text[end - 1], text[end : end + 1]
    return (_is_katakana(before) and _is_katakana(first)) or (_is_katakana(last) and _is_katakana(after))


def _is_katakana(char: str) -> bool:
    return "ァ" <= char <= "ヺ" or char == "ー"


def _forms(word: str, language: str) -> Iterator[str]:
    """The ways a word may be read: as it stands, digits as letters, unstretched, without Arabic particles."""
    forms = [word]
    if not word.isalpha() and any(char.isalpha() for char in word):
        forms += [word.translate(digits) for digits in _DIGITS if len(word) >= _SPELLED_LETTERS]
    for form in tuple(forms):
        if _STRETCHED.search(form):
            forms += [_STRETCHED.sub(r"\1", form), _STRETCHED.sub(r"\1\1", form)]
    if language == "ar":
        forms += [word[len(p) :] for p in _ARABIC_PARTICLES if word.startswith(p) and len(word) >= len(p) + 3]
    return iter(dict.fromkeys(forms))


def _begins(words: Sequence[str], phrase: tuple[str, ...]) -> bool:
    if len(words) < len(phrase) or tuple(words[:-1]) != phrase[:-1]:
        return False
    last = phrase[-1]
    return words[-1].startswith(last[:-1]) if last.endswith("*") else words[-1] == last


def _runs_of_letters(words: Sequence[str]) -> Iterator[str]:
    """Four and more single letters in a row, joined."""
    run: list[str] = []
    for word in (*words, ""):
        if _is_letter(word):
            run.append(word)
            continue
        if len(run) >= _SPELLED_LETTERS:
            yield "".join(run)
        run = []


def _is_letter(word: str) -> bool:
    """One letter, alone or with its vowel sign."""
    return len(word) == 1 or (1 < len(word) < 4 and not word[1].isalnum())
