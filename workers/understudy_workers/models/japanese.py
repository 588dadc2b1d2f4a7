"""Japanese for a voice that reads only kana: kanji through dictionary readings, cut into phrases."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from janome.tokenizer import Tokenizer

_CLINGS: Final = ("助詞", "助動詞")
_CLINGING_DETAILS: Final = ("接尾", "非自立")
_AFTER_NUMBER: Final = {"月": "ガツ", "日": "ニチ", "年": "ネン", "時": "ジ", "分": "フン", "円": "エン", "人": "ニン"}
_CURRENCIES: Final = {"€": "ユーロ", "$": "ドル", "£": "ポンド", "¥": "エン"}
_PRICE: Final = re.compile(r"([€$£¥])\s?(\d[\d,.]*\d|\d)")
_SILENT: Final = frozenset("・「」『』()[]…")


@dataclass(frozen=True)
class Phrase:
    """A bunsetsu: `text` as written, from character `start` of the input; `reading` as spoken, in kana."""

    text: str
    start: int
    reading: str


@cache
def _tokenizer() -> Any:
    return Tokenizer()


def phrases(text: str) -> tuple[Phrase, ...]:
    """Cuts a Japanese text into phrases whose texts, in order, are the input without its white space."""
    found: list[Phrase] = []
    position, joins = 0, True
    previous = ""
    for token in _tokenizer().tokenize(text):
        start = text.index(token.surface, position)
        position = start + len(token.surface)
        if not token.surface.strip():
            continue
        reading = _reading(token, previous)
        if found and (joins or _clings(token, previous)):
            last = found[-1]
            found[-1] = Phrase(text[last.start : position], last.start, last.reading + reading)
        else:
            found.append(Phrase(token.surface, start, reading))
        joins = token.part_of_speech.startswith(("接頭詞", "記号,括弧開"))
        previous = token.surface
    return tuple(Phrase(p.text, p.start, _prices(p.reading)) for p in found)


def _clings(token: Any, previous: str) -> bool:
    kind, detail = token.part_of_speech.split(",")[:2]
    if kind == "記号" or not any(c.isalnum() for c in token.surface):
        opens = detail == "括弧開" or unicodedata.normalize("NFKC", token.surface) in _CURRENCIES
        return not opens
    numeric = previous[-1:].isdigit() or previous in (",", ".", *_CURRENCIES)
    counted = token.surface[0].isdigit() or token.surface in _AFTER_NUMBER
    return kind in _CLINGS or detail in _CLINGING_DETAILS or (numeric and counted)


def _reading(token: Any, previous: str) -> str:
    surface = str(token.surface)
    if previous[-1:].isdigit() and surface in _AFTER_NUMBER:
        return _AFTER_NUMBER[surface]
    if token.phonetic != "*":
        surface = str(token.phonetic)
    return "".join(" " if c in _SILENT else c for c in unicodedata.normalize("NFKC", surface))


def _prices(reading: str) -> str:
    """Says `€19.50` as `19.50ユーロ`: the voice would name the sign first, or not at all."""
    said = _PRICE.sub(lambda match: match[2].replace(",", "") + _CURRENCIES[match[1]], reading)
    return "".join(_CURRENCIES.get(c, c) for c in said)
