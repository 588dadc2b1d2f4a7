"""caption: what is said, as SubRip."""

from __future__ import annotations

from collections.abc import Sequence

from understudy_workers.footage import Spoken
from understudy_workers.media import captions
from understudy_workers.models.voice import FPS


def caption(sentences: Sequence[str], takes: Sequence[Spoken], locale: str) -> bytes:
    """The SRT file of an item whose takes follow one another without a gap; UTF-8."""
    placed, frames = [], 0
    for text, take in zip(sentences, takes, strict=True):
        placed.append(captions.Spoken(text, take.words, frames / FPS, take.frames / FPS))
        frames += take.frames
    return captions.to_srt(captions.caption(placed, locale), locale).encode()
