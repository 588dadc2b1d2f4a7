"""A capture's plan: spoken sentences with pauses on one timeline, and the mouth and motion for each frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from understudy_workers.models.voice import FPS, SAMPLE_RATE_HZ, SAMPLES_PER_FRAME, EspeakVoice, Phone

from .articulation import track
from .look import Look
from .moment import Moment
from .motion import Motion, moment_at, plan
from .sentences import Sentence, programme

PAUSE_FRAMES = 4  # between sentences, besides the silence that begins and ends each take


@dataclass(frozen=True)
class Performance:
    """Sound (mono float32, 22,050 Hz, 882 samples per frame), mouth poses [frames, 10] and motion of the same length."""

    samples: npt.NDArray[np.float32]
    phones: tuple[Phone, ...]
    mouth: npt.NDArray[np.float64]
    motion: Motion

    @property
    def frames(self) -> int:
        """How many frames it lasts."""
        return len(self.mouth)

    def moment(self, i: int) -> Moment:
        """Frame `i` as it is spoken."""
        return moment_at(self.motion, self.mouth[i], i)

    def silent_moment(self, i: int) -> Moment:
        """Frame `i` with the same head, eyes and brows, but the mouth at rest."""
        return moment_at(self.motion, self.mouth[i] * 0, i)


def write_script(look: Look, sentences: Iterable[Sentence], seed: int, seconds: float | None = None) -> Performance:
    """Speak `sentences` one after another; stop after the one that passes `seconds` and trim or pad to exactly that."""
    voice = EspeakVoice(variant=look.voice, pitch=look.pitch)
    limit = None if seconds is None else round(seconds * FPS)
    pause = np.zeros(PAUSE_FRAMES * SAMPLES_PER_FRAME, np.float32)
    pieces, phones, frames = [pause], [], PAUSE_FRAMES
    for sentence in sentences:
        speech = voice.speak(sentence.text, sentence.locale)
        length = len(speech.samples) // SAMPLES_PER_FRAME
        if limit is not None and frames + length > limit and frames > PAUSE_FRAMES:
            break
        start = frames / FPS
        phones += [Phone(p.symbol, p.start_seconds + start, p.end_seconds + start) for p in speech.phones]
        pieces += [speech.samples[: length * SAMPLES_PER_FRAME], pause]
        frames += length + PAUSE_FRAMES
    total = frames if limit is None else limit
    samples = np.zeros(total * SAMPLES_PER_FRAME, np.float32)
    sound = np.concatenate(pieces)[: len(samples)]
    samples[: len(sound)] = sound
    phones = [p for p in phones if p.end_seconds * SAMPLE_RATE_HZ <= len(samples)]
    mouth = track(phones, total, FPS, seed)
    return Performance(samples, tuple(phones), mouth, plan(phones, total, FPS, seed + 1))


def capture_script(look: Look, seconds: float, seed: int) -> Performance:
    """The plan of a capture of exactly `seconds` (to a frame)."""
    return write_script(look, programme(seed), seed, seconds)


__all__ = ["SAMPLE_RATE_HZ", "Performance", "capture_script", "write_script"]
