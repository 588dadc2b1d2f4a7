"""encode: a performance to a clip of one output size, frame by frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from understudy_workers.footage import Clip
from understudy_workers.media.compose import Composer
from understudy_workers.media.video import encode_clip
from understudy_workers.media.yuv import Yuv420
from understudy_workers.models.face import Performance


class Composing(Iterator[Yuv420]):
    """The frames of a performance, drawn one at a time as the encoder asks for them; `seconds` of drawing so far."""

    def __init__(self, composer: Composer, performance: Performance, between: Callable[[], None]) -> None:
        self.seconds = 0.0
        self.frames = 0
        self._between = between
        self._drawn = composer.frames(performance.plate_indices, performance.patches)

    def __next__(self) -> Yuv420:
        self._between()
        started = time.perf_counter()
        try:
            frame = next(self._drawn)
        finally:
            self.seconds += time.perf_counter() - started
        self.frames += 1
        return frame


def encode(
    composer: Composer, performance: Performance, between: Callable[[], None] = lambda: None
) -> tuple[Clip, float]:
    """A take's clip, and the seconds of it spent drawing. No more than one frame is held at a time.

    `between` is called before each frame; what it raises ends the clip.
    """
    frames = Composing(composer, performance, between)
    data = encode_clip(frames, composer.width, composer.height)
    return Clip(data, frames.frames, composer.width, composer.height), frames.seconds
