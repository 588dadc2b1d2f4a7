"""Which plate stands under each frame of a take: away from plate 0 and back to it, gently, at the pace of life."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import numpy.typing as npt

EASE_FRAMES: Final = 8
"""Frames in which the walk comes up to one plate a frame, and in which it stops before it turns round."""


def plate_path(frames: int, plates: int, busy: Collection[int] = (), variety: float = 0.0) -> npt.NDArray[np.int32]:
    """Plate numbers of a take, int32 [frames], beginning and ending on plate 0, neighbours at most one plate apart.

    The walk goes at one plate a frame, so that a blink lasts as long as it did, slows down to turn round, and turns
    round only where the face is calm: never within `EASE_FRAMES` of a plate in `busy`, if any plate is that calm.
    `variety` in [0, 1] shortens the way, so that takes of one length differ. Long takes go several times.
    """
    if plates < 1 or frames < 0:
        raise ValueError(f"plate path: wanted 0 or more frames over 1 or more plates, got {frames} over {plates}")
    if frames < 2 * EASE_FRAMES + 3 or plates < 2:
        return np.zeros(frames, np.int32)
    longest = _trip_frames(plates - 1)
    trips = max(1, -(-(frames - 1) // longest))
    lengths = np.diff(np.linspace(0, frames - 1, trips + 1).round().astype(int))
    parts = [_trip(int(length), plates, busy, variety if trips == 1 else 0.0) for length in lengths]
    return np.asarray(np.concatenate([[0], *parts]), np.int32)


def _trip_frames(turn: int) -> int:
    """Frames of the way to plate `turn` and back: easing twice each way costs `EASE_FRAMES` more."""
    return 2 * (turn + EASE_FRAMES)


def _trip(frames: int, plates: int, busy: Collection[int], variety: float) -> npt.NDArray[np.int32]:
    """`frames` plate numbers after plate 0: out, a halt for what frames are left, and back to 0."""
    furthest = min(plates - 1, frames // 2 - EASE_FRAMES)
    if furthest < 1:
        return np.zeros(frames, np.int32)
    wanted = round(furthest * (1 - 0.3 * variety))
    turn = max(_calm(wanted, furthest, busy), 1)
    way = _way(turn)
    halt = np.full(frames - 2 * len(way), turn)
    back = np.concatenate([way[::-1][1:], [0]])
    return np.asarray(np.concatenate([way, halt, back]), np.int32)


def _calm(wanted: int, furthest: int, busy: Collection[int]) -> int:
    """The plate nearest to `wanted`, up to `furthest`, with no busy plate close by."""
    calm = [p for p in range(1, furthest + 1) if all(abs(p - b) > EASE_FRAMES for b in busy)]
    return min(calm, key=lambda plate: abs(plate - wanted), default=wanted)


def _way(turn: int) -> npt.NDArray[np.int32]:
    """From just after 0 to `turn`: speed rises linearly to 1, holds, and falls again; `turn + EASE_FRAMES` frames."""
    count = turn + EASE_FRAMES
    ramp = np.minimum((np.arange(count) + 0.5) / EASE_FRAMES, 1.0)
    speed = np.minimum(ramp, ramp[::-1])
    return np.asarray(np.round(np.cumsum(speed) * turn / speed.sum()), np.int32)
