"""portray: one picture of an item, as its poster."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from understudy_workers.footage import Clip
from understudy_workers.media.poster import poster_of_file
from understudy_workers.models.voice import FPS

_FRAMES_IN: int = 12
"""Into the take, where the mouth has begun to move; few enough that little is decoded before it."""


def portray(path: Path, clips: Sequence[Clip]) -> bytes:
    """A JPEG from the beginning of the take that plays a third of the way in: only its first frames are decoded."""
    starts = [0, *accumulate(clip.frames for clip in clips)][:-1]
    third = sum(clip.frames for clip in clips) / 3
    nearest = min(range(len(clips)), key=lambda number: abs(starts[number] - third))
    frame = starts[nearest] + min(_FRAMES_IN, clips[nearest].frames - 1)
    return poster_of_file(path, frame / FPS)
