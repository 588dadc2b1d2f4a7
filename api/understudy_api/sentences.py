"""Where one sentence ends and the next begins: a take is one sentence, so this is the grain of all reuse."""

import re
from collections.abc import Iterable
from itertools import pairwise

from understudy_api.message import Message, MessageError, Part, Text, parse

_SPACES = re.compile(r"[ \t\r\n\f\v]+")

# One sentence ends after these, with the quotes and brackets that close behind them.
_END = re.compile(r"""(?:[.!?…؟۔।॥։።၊။！？。｡]+)["'”’»›)\]）】」』]*""")
_CLOSES_WITHOUT_SPACE = "。！？｡"
_ABBREVIATIONS = {
    "en": "mr mrs ms dr prof st jr sr vs etc approx no inc ltd e.g i.e a.m p.m u.s u.k",
    "de": "dr prof hr fr nr bzw ca evtl ggf inkl str usw vgl z.b d.h u.a o.ä zzgl mio mrd max min",
    "fr": "m mm dr pr st ste av env p.ex c.-à-d art no",
    "es": "sr sra srta dr dra ud uds p.ej av núm pág",
    "it": "sig sig.ra dott prof ecc es pag n",
    "pt": "sr sra dr dra prof av ex nº pág",
    "nl": "dhr mevr dr prof bijv enz ca nr o.a d.w.z",
    "pl": "dr prof np itd itp ul nr tzw m.in tj",
    "ru": "г гг им ул т.е т.д т.п др руб см",
    "hi": "डॉ श्री",
}
# Languages that write ordinal numbers with a full stop: "5. März" is no end of a sentence.
_ORDINAL_STOP = "cs da de et fi fo hr hu is lb lt lv nb nn no pl sk sl sr tr"
_ARGUMENT = "\ufffc"  # stands for one { } argument while sentences are looked for


def split_sentences(text: str, locale: str) -> tuple[str, ...]:
    """The sentences of plain words, trimmed and in order: a take is one of them; () for a text without words."""
    cuts = _cuts(text, locale)
    return tuple(_SPACES.sub(" ", text[a:b]).strip() for a, b in pairwise(cuts))


def sentence_templates(text: str, locale: str) -> tuple[Message, ...] | MessageError:
    """The sentences of a scene's text before any row is known: cut between words, never inside an argument.

    A sentence without variables is therefore the same message for every row, and one take serves them all.
    """
    message = parse(text)
    if isinstance(message, MessageError):
        return message
    drawn = "".join(part.text if isinstance(part, Text) else _ARGUMENT for part in message.parts)
    cuts = _cuts(drawn, locale)
    sentences = (_between(message.parts, a, b) for a, b in pairwise(cuts))
    return tuple(sentences)


def _between(parts: Iterable[Part], start: int, end: int) -> Message:
    """The parts whose characters (an argument counts as one) lie in [start, end), outer spaces trimmed."""
    taken: list[Part] = []
    at = 0
    for part in parts:
        size = len(part.text) if isinstance(part, Text) else 1
        if isinstance(part, Text):
            words = part.text[max(0, start - at) : max(0, end - at)]
            if words := _SPACES.sub(" ", words):
                taken.append(Text(words))
        elif start <= at < end:
            taken.append(part)
        at += size
    return Message(_trimmed(taken))


def _trimmed(parts: list[Part]) -> tuple[Part, ...]:
    for at, side in ((0, str.lstrip), (-1, str.rstrip)):
        if parts and isinstance(part := parts[at], Text):
            parts[at] = Text(side(part.text))
    return tuple(part for part in parts if part != Text(""))


def _cuts(text: str, locale: str) -> list[int]:
    """Where sentences begin, and the end of the text; a piece without letters or arguments joins its neighbour."""
    ends = [match.end() for match in _END.finditer(text) if _ends_sentence(text, match, locale)]
    cuts = [0]
    for end in [*ends, len(text)]:
        if _has_words(text[cuts[-1] : end]):
            cuts.append(end)
    if len(cuts) > 1:
        cuts[-1] = len(text)
    return cuts


def _has_words(text: str) -> bool:
    return any(char.isalnum() or char == _ARGUMENT for char in text)


def _ends_sentence(text: str, match: re.Match[str], locale: str) -> bool:
    follower = text[match.end() : match.end() + 1]
    if not follower or match.group()[0] in _CLOSES_WITHOUT_SPACE:
        return True
    if not follower.isspace():
        return False
    ahead = text[match.end() :].lstrip()[:1]
    if match.group()[0] == "…" or match.group().startswith(".."):
        return not ahead.islower()
    return match.group()[0] != "." or not (ahead.islower() or _is_abbreviated(text[: match.start()], locale))


def _is_abbreviated(before: str, locale: str) -> bool:
    """Whether a full stop after these words belongs to the last of them: "Dr", an initial, an ordinal number."""
    language = locale.split("-")[0].lower()
    word = before.split()[-1].lstrip("\"'“„«([").lower() if before.split() else ""
    if word.isdigit():
        return language in _ORDINAL_STOP.split() and len(word) <= 2
    initial = len(word) == 1 and word.isalpha() and word not in ("i", "a", "o", "y")
    return initial or word in _ABBREVIATIONS.get(language, _ABBREVIATIONS["en"]).split()
