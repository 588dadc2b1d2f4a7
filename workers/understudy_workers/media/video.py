"""H.264 clips that can be laid end to end: closed, parameters repeated, the same for every clip of a size."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np

from understudy_workers.media.yuv import Yuv420

FPS = 25

# One thread: a farm's cores are filled by performers, and x264's own threads only get in their way. No B-frames: a
# clip's frames leave in the order they entered. Chroma sits between its pixels, as yuv.py makes it.
_X264 = (
    "threads=1:bframes=0:repeat-headers=1:open-gop=0:keyint=100:scenecut=0:"
    "colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv:chromaloc=1"
)
_SLICE, _IDR, _SEI, _SPS, _PPS = 1, 5, 6, 7, 8


@dataclass(frozen=True)
class Picture:
    """One coded frame in Annex B; ``is_key`` when decoding can start here."""

    data: bytes
    is_key: bool


def encode_clip(
    frames: Iterable[Yuv420], width: int, height: int, fps: int = FPS, preset: str = "veryfast", crf: int = 21
) -> bytes:
    """The frames as raw H.264 (Annex B), BT.709, beginning with a key frame; b"" for no frames.

    ``preset`` and ``crf`` (0-51, lower is better) are x264's. Clips of equal size, rate, preset and crf carry
    equal parameter sets, so one may follow another. Raises ValueError for a frame of another size.
    """
    coder = av.CodecContext.create("libx264", "w")
    coder.width, coder.height, coder.pix_fmt = width, height, "yuv420p"
    coder.framerate, coder.time_base = Fraction(fps), Fraction(1, fps)
    coder.thread_count = 1
    coder.options = {"preset": preset, "crf": str(crf), "x264-params": _X264}
    carrier = av.VideoFrame(width, height, "yuv420p")
    coded = []
    for number, frame in enumerate(frames):
        _load(carrier, frame, width, height)
        carrier.pts, carrier.time_base = number, Fraction(1, fps)
        coded += [bytes(packet) for packet in coder.encode(carrier)]
    coded += [bytes(packet) for packet in coder.encode(None)]
    return b"".join(coded)


def _load(carrier: av.VideoFrame, frame: Yuv420, width: int, height: int) -> None:
    if (frame.width, frame.height) != (width, height):
        raise ValueError(f"frame: wanted {width}x{height}, got {frame.width}x{frame.height}")
    carrier.make_writable()
    for target, plane in zip(carrier.planes, frame.planes, strict=True):
        rows = np.frombuffer(target, np.uint8).reshape(-1, target.line_size)
        rows[: plane.shape[0], : plane.shape[1]] = plane


def pictures(clip: bytes) -> tuple[Picture, ...]:
    """A clip of ``encode_clip`` cut into its frames, each with the parameter sets that precede it."""
    starts: list[tuple[int, bool]] = []
    pending = -1  # where the parameter sets and notes before the next slice begin
    for at, kind in _units(clip):
        pending = at if pending < 0 else pending
        if kind in (_SLICE, _IDR):
            starts.append((pending, kind == _IDR))
            pending = -1
    ends = [at for at, _ in [*starts, (len(clip), False)][1:]]
    return tuple(Picture(clip[at:end], key) for (at, key), end in zip(starts, ends, strict=True))


def parameter_sets(clip: bytes) -> bytes:
    """The sequence and picture parameter sets at the start of a clip, in Annex B."""
    units = [*_units(clip[:4096]), (min(len(clip), 4096), 0)]
    spans = pairwise(units)
    return b"".join(clip[at:end] for (at, kind), (end, _) in spans if kind in (_SPS, _PPS))


def _units(clip: bytes) -> Iterator[tuple[int, int]]:
    """Where each unit's start code begins, and the unit's type (ITU-T H.264, table 7-1)."""
    at = clip.find(b"\0\0\1")
    while 0 <= at < len(clip) - 3:
        start = at - 1 if at and not clip[at - 1] else at
        yield start, clip[at + 3] & 31
        at = clip.find(b"\0\0\1", at + 3)
