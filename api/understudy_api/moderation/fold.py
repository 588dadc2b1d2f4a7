"""Folds text to what a reader sees: one spelling for every disguise of the same words.

Compatibility forms, case, invisible characters and diacritics go (Unicode NFKD, default case folding); letters of other
scripts that look Latin become Latin (a small part of Unicode TR39's confusables). Devanagari vowel signs and
Japanese voicing marks are letters, not ornaments, and stay.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MARK: Final = "-"
"""Stands for any sign that is neither letter, digit nor space."""

_LOOK = """аa вb сc ԁd еe ԍg һh іi јj кk ӏl мm оo рp ԛq гr ѕs тt ѵv ԝw хx уy нh бb ћh αa δd εe ηn ιi κk νv οo ρp σo τt
υu χx ωw ϳj ıi ɡg ɑa øo łl đd ðd ʋu ᴀa ʙb ᴄc ᴅd ᴇe ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ᴛt ᴜu ᴠv ᴡw ʏy ᴢz"""
_LOOKALIKES: Final = {pair[0]: pair[1] for pair in _LOOK.split()}
"""Small letters of other scripts, and small capitals -> the Latin letter they pass for."""
_SPELLED: Final = {"æ": "ae", "œ": "oe", "þ": "th", "ى": "ي", "ة": "ه", "ی": "ي", "ک": "ك", "ں": "ن", "ँ": "ं"}
_FILLERS: Final = frozenset("\u034f\u115f\u1160\u3164\uffa0\u2800\u0640\u17b4\u17b5\u093c")
"""Letters and marks that show nothing: fillers, the Arabic elongation, the Hindi dot below."""
_ORNAMENTS: Final = ((0x300, 0x36F), (0x591, 0x5C7), (0x610, 0x61A), (0x64B, 0x65F), (0x670, 0x670), (0x6D6, 0x6ED),
    (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F), (0xE0100, 0xE01EF))  # fmt: skip
_KEPT_SIGNS: Final = frozenset("@$")

_KANA_LOOKALIKES: Final = dict(zip("力口一二夕工八卜", "カローニタエハト", strict=True))
_LOOKS_KANA: Final = re.compile("(?<=[ァ-ヺー\u3099\u309a])[力口一二夕工八卜]|[力口一二夕工八卜](?=[ァ-ヺー])")


class _Folding(dict[int, str | None]):
    """Code point -> what it folds to, reckoned when first met. At most one entry for each code point."""

    def __missing__(self, point: int) -> str | None:
        found = self[point] = _folded(chr(point))
        return found


def _folded(char: str) -> str | None:
    if char.isspace():
        return " "
    if char in _FILLERS or any(first <= ord(char) <= last for first, last in _ORNAMENTS):
        return None
    category = unicodedata.category(char)
    if category in {"Cf", "Cc", "Cn", "Co", "Cs"}:
        return None
    if category[0] in "LMN":
        return _SPELLED.get(char) or _LOOKALIKES.get(char, char)
    return char if char in _KEPT_SIGNS else MARK


_FOLDING: Final = _Folding()


def fold(text: str) -> str:
    """The text in lower case without disguise: letters, digits, spaces, `@`, `$`, and MARK for every other sign.

    Folding twice changes nothing. A kanji that stands in a katakana word and looks like a kana becomes that kana.
    """
    if text.isascii():
        return text.lower().translate(_FOLDING)
    found = unicodedata.normalize("NFKD", text).casefold().translate(_FOLDING)
    found = _LOOKS_KANA.sub(lambda match: _KANA_LOOKALIKES[match.group()], found)
    return unicodedata.normalize("NFC", found)
