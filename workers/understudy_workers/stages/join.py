"""join: clips and sound to one file, no picture decoded or encoded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from understudy_workers.footage import Clip, Spoken
from understudy_workers.media.join import join_item
from understudy_workers.media.sound import Sound, encode_sound


def mix(takes: Sequence[Spoken]) -> Sound:
    """The takes' sound one after the other, encoded once; the same for every output of a row and locale."""
    return encode_sound([take.as_float() for take in takes])


def join(clips: Sequence[Clip], sound: Sound, out: Path) -> int:
    """Writes the item's MP4 and returns its frames. ValueError when pictures and sound differ in length."""
    join_item([clip.data for clip in clips], sound, out)
    return sum(clip.frames for clip in clips)
