"""Choosing the plates: a stretch of the capture, calm and with a closed mouth, on which every take is painted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from understudy_workers.models.plates import MOST_PLATES
from understudy_workers.training.mouth import MAP_SIDE, MouthPlace

_QUIET_DB: Final = 14.0
"""A frame this far over -60 dB, when speech is at -16 LUFS, is not speech yet."""

_CLEAR_FRAMES: Final = 3
_LONG_ENOUGH: Final = 75
_FRESH_FRAMES: Final = 45

Gray = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PlateChoice:
    """Frames `start` to `start + count` of the capture become plates.

    `quiet` are the plates whose mouth rests, `busy` those in which the eyes blink; both count from the first plate.
    """

    start: int
    count: int
    quiet: tuple[int, ...]
    busy: tuple[int, ...]


def choose_plates(small: Gray, loudness: Floats, face: tuple[int, int, int, int], place: MouthPlace) -> PlateChoice:
    """The longest silent stretch when it lasts 3 s, else the stretch of at most 6 s that talks least.

    `small` are steadied gray pictures [n, 128, 128]. The stretch begins on a rest pose: mouth shut, eyes open.
    """
    away = rest_distance(small, loudness, place)
    resting = rest_frames(away, loudness)
    blinking = blink_frames(small, face)
    starts = _starts(away, resting, ~_widened(blinking, _CLEAR_FRAMES))
    runs = {int(s): _run(resting, int(s)) for s in starts}
    start = max(runs, key=lambda s: (min(runs[s], MOST_PLATES), -s))
    count = min(runs[start], MOST_PLATES)
    if count < _LONG_ENOUGH:
        start = _calmest(starts, resting, blinking)
        count = min(MOST_PLATES, len(small) - start)
    inside = slice(start, start + count)
    quiet = np.flatnonzero(resting[inside] & ~blinking[inside])
    return PlateChoice(start, count, tuple(map(int, quiet)) or (0,), tuple(map(int, np.flatnonzero(blinking[inside]))))


def _calmest(starts: npt.NDArray[np.int64], resting: Flags, blinking: Flags) -> int:
    """The start whose plates talk least. Blinks soon after it count too: every take would begin with one."""
    talks = np.concatenate([[0.0], np.cumsum(~resting)])
    blinks = np.concatenate([[0.0], np.cumsum(blinking)])
    last = len(resting)

    def cost(start: int) -> float:
        soon, end = min(start + _FRESH_FRAMES, last), min(start + MOST_PLATES, last)
        return float(talks[end] - talks[start] + 2 * (blinks[soon] - blinks[start]))

    whole = [int(s) for s in starts if s + MOST_PLATES <= last] or [0]
    return min(whole, key=cost)


def _starts(away: Floats, resting: Flags, clear: Flags) -> npt.NDArray[np.int64]:
    """Frames on which the plates may begin: of those at rest with open eyes the half that rests best."""
    for usable in (resting & clear, resting, np.ones_like(resting)):
        if usable.any():
            best = np.quantile(away[usable], 0.5)
            return np.flatnonzero(usable & (away <= best))
    raise ValueError("plates: wanted one frame or more, got none")


def rest_distance(small: Gray, loudness: Floats, place: MouthPlace) -> Floats:
    """How unlike its usual look in pauses the mouth is in each frame, mean gray levels, [n]."""
    scale = MAP_SIDE / 512
    top, left, side = (round(v * scale) for v in (place.top, place.left, place.side))
    mouths = small[:, top : top + side, left : left + side].astype(np.float32)
    typical = np.median(mouths[_silent(loudness)], axis=0)
    return np.asarray(np.abs(mouths - typical).mean((1, 2)), np.float64)


def rest_frames(away: Floats, loudness: Floats) -> Flags:
    """Frames in a pause whose mouth looks as it mostly does in pauses, [n]; `away` is their `rest_distance`."""
    silent = _silent(loudness)
    return np.asarray(silent & (away <= 1.3 * float(np.median(away[silent])) + 0.3))


def _silent(loudness: Floats) -> Flags:
    silent = ~_widened(loudness > _QUIET_DB, _CLEAR_FRAMES)
    return silent if silent.any() else np.asarray(loudness <= np.quantile(loudness, 0.05))


def blink_frames(small: Gray, face: tuple[int, int, int, int]) -> Flags:
    """Frames whose eyes look unlike most frames' eyes, [n], with a frame to either side."""
    x, y, width, height = (v * MAP_SIDE / 512 for v in face)
    rows = slice(max(int(y + 0.2 * height), 0), int(y + 0.55 * height))
    eyes = small[:, rows, max(int(x + 0.1 * width), 0) : int(x + 0.9 * width)].astype(np.float32)
    away = np.abs(eyes - np.median(eyes[:: max(len(eyes) // 200, 1)], axis=0)).mean((1, 2))
    middle = float(np.median(away))
    spread = float(np.median(np.abs(away - middle)))
    return _widened(away > middle + 5 * spread + 0.5, 1)


def _run(flags: Flags, start: int) -> int:
    ends = np.flatnonzero(~flags[start:])
    return int(ends[0]) if len(ends) else len(flags) - start


def _widened(flags: Flags, frames: int) -> Flags:
    reach = np.ones(2 * frames + 1)
    return np.asarray(np.convolve(flags.astype(float), reach, "same") > 0.5)
