"""Draws a performance, on several processes where wanted, into an mp4 with sound."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from understudy_workers.models.voice import FPS, SAMPLE_RATE_HZ

from .look import Look
from .moment import Moment
from .portrait import Portrait
from .raster import Bytes
from .script import Performance

CRF = 18
TITLE = "Synthetic presenter"
COMMENT = "Drawn by a program and spoken by a speech synthesiser: no real person is portrayed or heard."
_CHUNK = 10

_portrait: Portrait | None = None


def _set_up(look: Look, size: int, seed: int) -> None:
    """Ready a drawing process. It leaves interrupts to the parent, and ends when the parent has, however that ended."""
    global _portrait
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()
    _portrait = Portrait(look, size, seed)


def _follow_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _draw_chunk(moments: list[Moment]) -> list[Bytes]:
    assert _portrait is not None
    return [_portrait.draw(moment) for moment in moments]


def draw_frames(look: Look, size: int, seed: int, moments: list[Moment], workers: int) -> Iterator[Bytes]:
    """Frames [size, size, 3] RGB in order, from `workers` processes (1: this one)."""
    if workers == 1:
        portrait = Portrait(look, size, seed)
        for moment in moments:
            yield portrait.draw(moment)
        return
    chunks = [moments[i : i + _CHUNK] for i in range(0, len(moments), _CHUNK)]
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _set_up, (look, size, seed))
    try:
        # A few chunks ahead keep every process busy without holding the whole film in memory.
        waiting = deque(pool.submit(_draw_chunk, chunk) for chunk in chunks[: workers * 3])
        later = iter(chunks[workers * 3 :])
        while waiting:
            yield from waiting.popleft().result()
            waiting.extend(pool.submit(_draw_chunk, chunk) for chunk in islice(later, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def write_film(
    frames: Iterator[Bytes], samples: npt.NDArray[np.float32], size: int, out: Path, progress: Callable[[int], None]
) -> None:
    """Encode H.264 and AAC to a temporary name beside `out`, then rename: `out` is never half-written."""
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        with av.open(str(partial), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            container.metadata.update(title=TITLE, comment=COMMENT)
            video = container.add_stream(
                "libx264", rate=FPS, options={"crf": str(CRF), "preset": "slow", "threads": "1"}
            )
            video.width = video.height = size
            video.pix_fmt = "yuv420p"
            audio = container.add_stream("aac", rate=48_000, layout="mono", bit_rate=96_000)
            for count, frame in enumerate(frames):
                container.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
                progress(count + 1)
            container.mux(video.encode())
            _write_sound(container, audio, samples)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def _write_sound(container: Any, stream: Any, samples: npt.NDArray[np.float32]) -> None:
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=48_000)
    frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE_HZ, 0, Fraction(1, SAMPLE_RATE_HZ)
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(stream.encode(part))
    container.mux(stream.encode())


def film(
    look: Look, performance: Performance, size: int, seed: int, workers: int, out: Path, progress: Callable[[int], None]
) -> None:
    """Draw `performance` by the presenter `look` and write it to `out`."""
    moments = [performance.moment(i) for i in range(performance.frames)]
    write_film(draw_frames(look, size, seed, moments, workers), performance.samples, size, out, progress)
