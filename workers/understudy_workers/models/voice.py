"""Speech for a twin: samples, and when each word and phone sounds. A better voice is one file beside this one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from understudy_api.languages import language
from understudy_workers.models import espeak, japanese
from understudy_workers.models.loudness import normalise

SAMPLE_RATE_HZ: Final = 22_050
FPS: Final = 25
SAMPLES_PER_FRAME: Final = SAMPLE_RATE_HZ // FPS
LEAD_FRAMES, TAIL_FRAMES = 5, 6
"""Silent frames around the words of a take, in which the mouth opens from rest and comes back to it."""

_REGIONAL: Final = {"en": "en-gb", "fr": "fr-fr", "chr": "chr-us-qaaa-x-west"}
_AMERICAN_SPANISH: Final = frozenset(
    [
        "ar",
        "bo",
        "cl",
        "co",
        "cr",
        "cu",
        "do",
        "ec",
        "gt",
        "hn",
        "mx",
        "ni",
        "pa",
        "pe",
        "pr",
        "py",
        "sv",
        "us",
        "uy",
        "ve",
    ]
)
_UNSPACED: Final = frozenset({"cmn", "yue", "hak"})


@dataclass(frozen=True)
class Phone:
    """One speech sound in IPA (stress marks kept) and when it sounds, seconds from the first sample."""

    symbol: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class Word:
    """One word as the input text writes it, punctuation included, and when it sounds."""

    text: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class Speech:
    """A spoken take: mono float32 samples in [-1, 1] at 22,050 Hz, a whole number of 882-sample frames.

    Words follow the text's order, do not overlap, and lie inside the samples; phones leave pauses out.
    """

    samples: npt.NDArray[np.float32]
    words: tuple[Word, ...]
    phones: tuple[Phone, ...]


class UnspeakableError(ValueError):
    """The voice cannot say this: the message names the locale or text, and the cure."""


class Voice(Protocol):
    """Anything that says a text in a language."""

    def speak(self, text: str, locale: str) -> Speech:
        """Says `text` in a BCP 47 locale; UnspeakableError when it cannot."""
        ...


@dataclass(frozen=True)
class EspeakVoice:
    """espeak-ng's voice in every language it has, the same speaker in all of them.

    `variant` names one of its voice variants (f1..f5, m1..m8, ...), `pitch` is 0 to 99, `rate_wpm` in words per minute.
    """

    variant: str = "f2"
    pitch: int = 50
    rate_wpm: int = 165

    def __post_init__(self) -> None:
        if self.variant not in espeak.variants():
            raise UnspeakableError(
                f"voice variant: wanted one of espeak-ng's such as f2 or m3, got {self.variant!r}; "
                "see voices/!v in its data"
            )

    def speak(self, text: str, locale: str) -> Speech:
        """Says `text`: five frames of silence, the words at about -16 LUFS, six of silence, padded to whole frames.

        Equal arguments give equal samples. Raises UnspeakableError for an unknown language or a text without words.
        """
        name = f"{espeak_voice(locale)}+{self.variant}"
        spoken, units = _units(text, language(locale))
        utterance = espeak.synthesize(spoken, name, self.rate_wpm, self.pitch)
        phones = _phones(utterance)
        if not phones:
            raise UnspeakableError(
                f"text: wanted words to say in {locale}, got {len(text)} characters without any; write a sentence"
            )
        if not units:
            units = _units_at_events(text, utterance)
        words = _timed(units, utterance, phones)
        lead = LEAD_FRAMES / FPS
        return Speech(
            _padded(utterance.samples, phones[-1].end_seconds),
            tuple(replace(w, start_seconds=w.start_seconds + lead, end_seconds=w.end_seconds + lead) for w in words),
            tuple(replace(p, start_seconds=p.start_seconds + lead, end_seconds=p.end_seconds + lead) for p in phones),
        )


@cache
def espeak_voice(locale: str) -> str:
    """The espeak-ng voice nearest to a BCP 47 locale: `en-AU` gives `gmw/en`, `es-MX` gives `roa/es-419`.

    Raises UnspeakableError when espeak-ng does not speak the language.
    """
    known = espeak.voices()
    parts = [language(locale), *locale.lower().split("-")[1:]]
    for count in range(len(parts), 0, -1):
        candidate = "-".join(parts[:count])
        if count == 1 and parts[0] == "es" and _AMERICAN_SPANISH & set(parts[1:]):
            candidate = "es-419"
        if count == 1 and parts[0] == "cmn" and {"hk", "mo"} & set(parts[1:]):
            candidate = "yue"
        candidate = _REGIONAL.get(candidate, candidate)
        if candidate in known:
            return known[candidate]
    raise UnspeakableError(
        f"locale: wanted a BCP 47 tag whose language espeak-ng speaks, got {locale!r}; "
        "`understudy_api.languages.SPOKEN_LANGUAGES` lists them"
    )


@dataclass(frozen=True)
class _Unit:
    """A stretch of the input that becomes one word, and where it starts in the text given to espeak-ng."""

    text: str
    start: int


def _units(text: str, code: str) -> tuple[str, tuple[_Unit, ...]]:
    """What to hand to espeak-ng, and the caption words by their position in it (none: cut at espeak's own words)."""
    if code == "ja":
        found = japanese.phrases(text)
        starts = np.cumsum([0, *(len(p.reading) + 1 for p in found)])
        units = tuple(_Unit(p.text, int(s)) for p, s in zip(found, starts, strict=False))
        return " ".join(p.reading for p in found), units
    if code in _UNSPACED:
        return text, ()
    return text, tuple(_Unit(match[0], match.start()) for match in re.finditer(r"\S+", text))


def _units_at_events(text: str, utterance: espeak.Utterance) -> tuple[_Unit, ...]:
    cuts = sorted({e.position for e in utterance.events if e.kind == espeak.WORD and e.position < len(text)})
    ends = [*cuts[1:], len(text)]
    return tuple(_Unit(text[a:b].strip(), a) for a, b in zip(cuts, ends, strict=True) if text[a:b].strip())


def _phones(utterance: espeak.Utterance) -> tuple[Phone, ...]:
    events = [e for e in utterance.events if e.kind == espeak.PHONEME]
    ends = [*(e.sample for e in events[1:]), len(utterance.samples)]
    return tuple(
        Phone(e.symbol, e.sample / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ)
        for e, end in zip(events, ends, strict=True)
        if e.symbol and end > e.sample
    )


def _timed(units: tuple[_Unit, ...], utterance: espeak.Utterance, phones: tuple[Phone, ...]) -> list[Word]:
    """Gives each unit the time of its first word event; what espeak-ng passes over joins its neighbour's caption."""
    starts: list[tuple[str, float]] = []
    waiting = ""
    events = [e for e in utterance.events if e.kind == espeak.WORD]
    for index, unit in enumerate(units):
        end = units[index + 1].start if index + 1 < len(units) else float("inf")
        times = [e.sample / SAMPLE_RATE_HZ for e in events if unit.start <= e.position < end]
        if times and (not starts or times[0] > starts[-1][1]):
            starts.append((waiting + unit.text, times[0]))
            waiting = ""
        elif starts:
            starts[-1] = (f"{starts[-1][0]} {unit.text}", starts[-1][1])
        else:
            waiting += unit.text + " "
    if not starts:
        starts = [(waiting.strip(), phones[0].start_seconds)]
    limits = [*(start for _, start in starts[1:]), phones[-1].end_seconds]
    return [Word(t, s, _end(s, limit, phones)) for (t, s), limit in zip(starts, limits, strict=True)]


def _end(start: float, limit: float, phones: tuple[Phone, ...]) -> float:
    ends = [min(p.end_seconds, limit) for p in phones if start - 1e-6 <= p.start_seconds < limit]
    return max(ends, default=limit)


def _padded(samples: npt.NDArray[np.int16], end_seconds: float) -> npt.NDArray[np.float32]:
    words = (samples[: round(end_seconds * SAMPLE_RATE_HZ)] / 32768).astype(np.float32)
    frames = LEAD_FRAMES + -(-len(words) // SAMPLES_PER_FRAME) + TAIL_FRAMES
    result = np.zeros(frames * SAMPLES_PER_FRAME, np.float32)
    start = LEAD_FRAMES * SAMPLES_PER_FRAME
    result[start : start + len(words)] = normalise(words, SAMPLE_RATE_HZ)
    return result
