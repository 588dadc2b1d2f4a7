"""SubRip captions from the times at which words are said."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from babel import Locale, UnknownLocaleError

MIN_SECONDS, MAX_SECONDS = 1.0, 7.0
MAX_LINES = 2
_LINE_CHARS = 42
# Scripts whose characters are as wide as two Latin ones, written without spaces.
_WIDE_LINE_CHARS = {"ja": 18, "zh": 18, "cmn": 18, "yue": 18, "ko": 22, "th": 36, "my": 30, "km": 30, "lo": 36}
_SPACELESS = frozenset({"ja", "zh", "cmn", "yue", "th", "my", "km", "lo"})
_PAUSES = tuple(",;:،؛、，।")
_RIGHT_TO_LEFT_MARK = "\u200f"


class SpokenWord(Protocol):
    """A word as the text writes it, and when it sounds, in seconds from the take's start."""

    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def start_seconds(self) -> float: ...  # noqa: D102
    @property
    def end_seconds(self) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class Spoken:
    """A take on the item's time line: what is said, when each word sounds, where the take begins and how long it is."""

    text: str
    words: Sequence[SpokenWord]
    start_seconds: float
    seconds: float


@dataclass(frozen=True)
class Cue:
    """One caption: at most two lines, shown from ``start_seconds`` up to ``end_seconds``."""

    start_seconds: float
    end_seconds: float
    lines: tuple[str, ...]


def caption(takes: Sequence[Spoken], locale: str) -> tuple[Cue, ...]:
    """The takes' cues in order: two lines at most, 1-7 s each where the time line allows, never overlapping."""
    cues = [cue for take in takes for cue in _take_cues(take, locale)]
    ends = [take.start_seconds + take.seconds for take in takes]
    return tuple(_timed(cues, max(ends, default=0.0)))


def to_srt(cues: Sequence[Cue], locale: str) -> str:
    """The cues as a SubRip file; UTF-8 without a mark when written. Right-to-left lines say so themselves.

    Players guess a line's direction from its first letter, which a name in Latin letters would mislead.
    """
    mark = _RIGHT_TO_LEFT_MARK if is_right_to_left(locale) else ""
    blocks = []
    for number, cue in enumerate(cues, 1):
        times = f"{_stamp(cue.start_seconds)} --> {_stamp(cue.end_seconds)}"
        lines = "\n".join(f"{mark}{line}{mark}" for line in cue.lines)
        blocks.append(f"{number}\n{times}\n{lines}\n")
    return "\n".join(blocks)


def is_right_to_left(locale: str) -> bool:
    """Whether a BCP 47 locale is written from right to left."""
    try:
        return str(Locale.parse(locale.split("-")[0]).text_direction) == "rtl"
    except (UnknownLocaleError, ValueError):
        return False


def _stamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02},{rest % 1000:03}"


def _take_cues(take: Spoken, locale: str) -> list[Cue]:
    """The take's text cut into cues, each timed by its first and last character."""
    language = locale.split("-")[0].lower()
    line_chars = _WIDE_LINE_CHARS.get(language, _LINE_CHARS)
    times = _character_times(take)
    pieces = _pieces(take, language in _SPACELESS)
    length = sum(len(piece) for _, piece in pieces)
    spoken = times[-1] - times[0] if len(times) else 0.0
    # A cue of two lines seldom fills both, hence the nine tenths.
    count = max(1, math.ceil(length / (0.9 * MAX_LINES * line_chars)), math.ceil(spoken / MAX_SECONDS))
    cues = []
    while pieces:
        lines, taken = _lay_out(pieces, length / count, line_chars)
        start, end = pieces[0][0], pieces[taken - 1][0] + len(pieces[taken - 1][1].rstrip())
        cues.append(Cue(float(times[start]), float(times[end]), lines))
        pieces = pieces[taken:]
    return cues


def _pieces(take: Spoken, spaceless: bool) -> list[tuple[int, str]]:
    """(position, characters) of what must not be broken across lines: words with the space behind them.

    Where a script has no spaces the voice's words stand in for them; digits stay with what they count.
    """
    text = take.text
    if not spaceless:
        return [(match.start(), match.group()) for match in re.finditer(r"\S+\s*", text)]
    starts = sorted({0, *(at for at, _ in _found(take))})
    starts = [at for at in starts if not at or not text[at - 1].isdigit()] + [len(text)]
    return [(at, text[at:end]) for at, end in pairwise(starts) if end > at]


def _found(take: Spoken) -> list[tuple[int, SpokenWord]]:
    """The words that can be found in the text, in order, with their positions."""
    found = []
    at = 0
    for word in take.words:
        place = take.text.find(word.text, at)
        if place >= 0:
            found.append((place, word))
            at = place + len(word.text)
    return found


def _lay_out(pieces: list[tuple[int, str]], wanted: float, line_chars: int) -> tuple[tuple[str, ...], int]:
    """One cue's lines from the front of the pieces, about ``wanted`` characters; how many pieces they take."""
    taken, length = 0, 0
    for _, piece in pieces:
        if taken and not _fits(pieces[: taken + 1], line_chars):
            break
        if taken and length + len(piece) / 2 > wanted:
            break
        taken, length = taken + 1, length + len(piece)
    return _lines(pieces[:taken], line_chars), taken


def _fits(pieces: list[tuple[int, str]], line_chars: int) -> bool:
    return all(len(line) <= line_chars for line in _lines(pieces, line_chars))


def _lines(pieces: list[tuple[int, str]], line_chars: int) -> tuple[str, ...]:
    """One line if it fits, else the two that differ least in length, rather after a comma."""
    whole = "".join(piece for _, piece in pieces).strip()
    if len(whole) <= line_chars or len(pieces) == 1:
        return (whole,)
    splits = []
    for at in range(1, len(pieces)):
        halves = tuple("".join(piece for _, piece in part).strip() for part in (pieces[:at], pieces[at:]))
        longest = max(map(len, halves))
        bonus = line_chars // 6 if halves[0].endswith(_PAUSES) and longest <= line_chars else 0
        splits.append((longest - bonus, halves))
    return min(splits)[1]


def _character_times(take: Spoken) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """When each character of the text is reached, and the end: anchored at the words, straight lines between."""
    places, times = [], []
    for at, word in _found(take):
        places += [at, at + len(word.text)]
        times += [word.start_seconds, word.end_seconds]
    if not places:
        places, times = [0, len(take.text)], [0.0, take.seconds]
    steady = np.maximum.accumulate(np.array(times))
    return np.interp(np.arange(len(take.text) + 1), places, steady) + take.start_seconds


def _timed(cues: list[Cue], end: float) -> list[Cue]:
    """The cues with their ends moved: shown for a second at least and seven at most, and gone when the next comes."""
    starts = [cue.start_seconds for cue in cues]
    limits = [*starts[1:], end]
    timed = []
    for cue, limit in zip(cues, limits, strict=True):
        wanted = max(cue.end_seconds, cue.start_seconds + MIN_SECONDS)
        last = min(max(limit, cue.start_seconds), wanted, cue.start_seconds + MAX_SECONDS)
        timed.append(Cue(cue.start_seconds, last, cue.lines))
    return timed
