"""How long a text takes to speak at most, from its characters alone: cheap enough for a million rows.

Quota is reserved by this bound before anything is spoken, so it errs on the long side, by a factor of two to three for
plain prose. The weights are seconds per character at the slowest rate a twin may have (80 words per minute) and stand
above what espeak-ng took for prose, names and numbers in sixteen languages of nine scripts; the tests measure it anew.
Faster voices shorten the bound in proportion, less a margin because espeak-ng's pauses shrink more slowly.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from understudy_api.languages import language
from understudy_api.message_parts import Date, Hash, Message, Number, Plural, Select, Simple, Text

SLOWEST_WORDS_PER_MINUTE: Final = 80
RATE_MARGIN: Final = 1.25

TAKE_SECONDS: Final = 2.2
"""Rest before and after a sentence, padding to whole frames, and the drawl of a one-word sentence."""
DIGIT_SECONDS: Final = 2.2
"""Finnish says 999,999,999,999 in 23 s, 1.9 s a digit."""
JAPANESE_KANJI_SECONDS: Final = 1.3
HAN_SECONDS: Final = 0.75
SYLLABLE_SECONDS: Final = 0.5
"""Kana, Hangul and the other scripts that write a syllable or more with one character."""
CAPITAL_SECONDS: Final = 0.5
"""Runs of capitals may be spelled."""
LETTER_SECONDS: Final = 0.22
SYMBOL_SECONDS: Final = 1.2
NUMBER_SECONDS: Final = 6.0
"""What a number style adds to the digits given: a currency's name, `percent`, the decimal point."""
DATE_SECONDS: Final = 14.0
"""A whole calendar day, weekday and year in words."""

_SYLLABIC: Final = (
    "HIRAGANA",
    "KATAKANA",
    "HANGUL",
    "ETHIOPIC",
    "CHEROKEE",
    "CANADIAN",
    "YI",
    "THAI",
    "LAO",
    "MYANMAR",
)
_SENTENCE_ENDS: Final = frozenset(".!?…。!?।؟۔።\n;:")


@dataclass(frozen=True)
class Bound:
    """Upper bound of a message's spoken seconds, linear in its values: constant + count x value for each variable."""

    constant_seconds: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    """How often the value of each variable may be spoken."""

    def seconds(self, row: Mapping[str, object], code: str) -> float:
        """The bound for one row, spoken in a language."""
        return self.constant_seconds + sum(
            count * text_seconds(str(row.get(name, "")), code) for name, count in self.counts.items()
        )


def text_seconds(text: str, code: str) -> float:
    """Upper bound of the seconds a text adds to a sentence in language `code` (primary subtag) at the slowest rate."""
    return sum(_character_seconds(character, code == "ja") for character in text)


def message_bound(message: Message, locale: str) -> Bound:
    """Bound of a message: of a plural or select the longest text and, for each variable, the most frequent use."""
    inner = _bound(message, language(locale))
    return Bound(inner.constant_seconds + TAKE_SECONDS, inner.counts)


def at_rate(slowest_seconds: float, words_per_minute: int) -> float:
    """A bound at the slowest rate, shortened to a voice's own rate; never longer than at the slowest."""
    return slowest_seconds * min(1.0, RATE_MARGIN * SLOWEST_WORDS_PER_MINUTE / words_per_minute)


def _bound(message: Message, code: str) -> Bound:
    constant, counts = 0.0, dict[str, int]()
    for part in message.parts:
        found = _part_bound(part, code)
        constant += found.constant_seconds
        for name, count in found.counts.items():
            counts[name] = counts.get(name, 0) + count
    return Bound(constant, counts)


def _part_bound(part: Text | Simple | Number | Date | Hash | Plural | Select, code: str) -> Bound:
    match part:
        case Text(text):
            return Bound(text_seconds(text, code))
        case Simple(name):
            return Bound(0.0, {name: 1})
        case Number(name) | Hash(name):
            return Bound(NUMBER_SECONDS, {name: 1})
        case Date():
            return Bound(DATE_SECONDS)
        case Plural() | Select():
            return _longest([_bound(case, code) for _, case in part.cases])


def _longest(cases: list[Bound]) -> Bound:
    names = {name for case in cases for name in case.counts}
    return Bound(
        max(case.constant_seconds for case in cases),
        {name: max(case.counts.get(name, 0) for case in cases) for name in names},
    )


@lru_cache(maxsize=65_536)
def _character_seconds(character: str, japanese: bool) -> float:
    if character in _SENTENCE_ENDS:
        return TAKE_SECONDS
    category = unicodedata.category(character)
    if category[0] == "N":
        return DIGIT_SECONDS
    if category[0] in "ZCM" or category == "Po":
        return LETTER_SECONDS
    if category[0] in "SP":
        return SYMBOL_SECONDS if category[0] == "S" else LETTER_SECONDS
    script = unicodedata.name(character, "").split(" ")[0].split("-")[0]
    if script == "CJK":
        return JAPANESE_KANJI_SECONDS if japanese else HAN_SECONDS
    if script in _SYLLABIC:
        return SYLLABLE_SECONDS
    return CAPITAL_SECONDS if category == "Lu" else LETTER_SECONDS
