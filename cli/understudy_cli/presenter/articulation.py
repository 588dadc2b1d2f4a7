"""From phones with times to mouth poses, blended by dominance functions.

Neighbouring sounds colour each other as in Cohen and Massaro, "Modeling coarticulation in synthetic visual speech"
(1993): every sound has, for each parameter, a target and a dominance that decays exponentially away from the sound's
middle; the pose is the dominance-weighted mean of the targets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .phonemes import sounds_of
from .targets import NAMES, TARGETS, Target

FREE = 0.25  # dominance of a parameter that a sound does not care about


class TimedPhone(Protocol):
    """What is needed of a phone: its symbol and when it sounds."""

    @property
    def symbol(self) -> str:
        """IPA or espeak mnemonic; empty or `_` for silence."""

    @property
    def start_seconds(self) -> float:
        """When it begins."""

    @property
    def end_seconds(self) -> float:
        """When it ends."""


@dataclass(frozen=True)
class Beat:
    """One sound's middle and half length in seconds, and which target it has."""

    middle_seconds: float
    half_seconds: float
    sound: str


def beats(phones: Sequence[TimedPhone], end_seconds: float) -> list[Beat]:
    """Phones as beats: diphthongs become two, gaps and both ends become rest."""
    found: list[Beat] = []
    clock = 0.0
    for phone in phones:
        sounds = sounds_of(phone.symbol)
        if not sounds:
            continue
        if phone.start_seconds - clock > 0.12:
            found.append(_beat(clock, phone.start_seconds, "rest"))
        span = (phone.end_seconds - phone.start_seconds) / len(sounds)
        for i, sound in enumerate(sounds):
            start = phone.start_seconds + i * span
            found.append(_beat(start, start + span, sound))
        clock = phone.end_seconds
    found.append(_beat(clock, max(end_seconds, clock + 0.2), "rest"))
    return found


def _beat(start: float, end: float, sound: str) -> Beat:
    return Beat((start + end) / 2, max(0.005, (end - start) / 2), sound)


def _firmness(target: Target, pose_row: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    firm = dict(target.firm)
    default = np.where(np.abs(pose_row) > 1e-6, 1.0, FREE)
    return np.array([firm.get(name, default[i]) for i, name in enumerate(NAMES)])


def track(
    phones: Sequence[TimedPhone], frames: int, fps: float, seed: int, jitter: float = 0.08
) -> npt.NDArray[np.float64]:
    """Poses [frames, 10] (columns as `NAMES`) at frame middles; targets vary by `jitter` from sound to sound.

    The lips truly meet in p, b and m; the first and last frames are at rest when the phones leave room for it.
    """
    rng = np.random.default_rng(seed)
    time = (np.arange(frames) + 0.5) / fps
    weight = np.zeros((frames, len(NAMES)))
    value = np.zeros((frames, len(NAMES)))
    shut = np.zeros(frames)
    for beat in beats(phones, frames / fps):
        target = TARGETS[beat.sound]
        row = np.array(astuple(target.pose))
        away = np.maximum(0.0, np.abs(time - beat.middle_seconds) - beat.half_seconds * 0.7)
        decay = np.exp(-target.decay * away)[:, None]
        dominance = decay * _firmness(target, row)[None]
        wobble = 1.0 + jitter * rng.standard_normal(len(NAMES)) * (beat.sound not in ("rest", "lips"))
        weight += dominance
        value += dominance * (row * wobble)[None]
        if beat.sound == "lips":
            shut = np.maximum(shut, np.exp(-(((time - beat.middle_seconds) / max(0.03, beat.half_seconds)) ** 2)))
    poses = value / np.maximum(weight, 1e-12)
    poses = _smooth(poses)
    opening = NAMES.index("open")
    poses[:, opening] = np.minimum(poses[:, opening], (1.0 - shut) * 1.2 - 0.06)
    return poses


def _smooth(poses: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A light three-frame average: lips have mass."""
    padded = np.concatenate([poses[:1], poses, poses[-1:]])
    return 0.2 * padded[:-2] + 0.6 * padded[1:-1] + 0.2 * padded[2:]
