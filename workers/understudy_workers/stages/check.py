"""check: looks at a finished file as a player would, before it is signed."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from understudy_api.verdict import Refusal
from understudy_workers.media.label import draw_label
from understudy_workers.models.loudness import loudness_lufs
from understudy_workers.models.voice import FPS

LOUDNESS_LUFS: Final = (-22.0, -12.0)
PEAK_DB: Final = -0.5
"""Speech is brought to -16 LUFS under -1 dB take by take; pauses, mixing and AAC may move an item by this much."""
MIN_LABEL_LIKENESS: Final = 0.7
"""Correlation of a picture with the label's drawing where the label stands; measured 0.9 and more with it, under 0.3
without."""
_OPAQUE: Final = 0.9
_REMEMBERED_SOUNDS: Final = 16
_FRAMES_AFTER_KEY: Final = 3


@dataclass(frozen=True)
class Expected:
    """What a file has to be. `sample` picks the picture that is looked at: any number, the same for the same item."""

    frames: int
    width: int
    height: int
    sample: int = 0


class Checker:
    """Checks files one after the other. Equal sound tracks, which the outputs of a row share, are listened to once."""

    def __init__(self) -> None:
        self._heard: OrderedDict[str, None] = OrderedDict()

    def check(self, path: Path, expected: Expected) -> Refusal | None:
        """Why a file may not be delivered, None when it may.

        Wanted: one H.264 and one AAC stream, exactly the frames 1/25 s apart, a picture that decodes and wears the
        label, sound as long as the picture and neither mute nor clipped.
        """
        try:
            with av.open(str(path)) as container:
                return next(self._faults(container, expected), None)
        except (av.FFmpegError, ValueError, IndexError) as error:
            return Refusal(reason="Unreadable", message=f"file: wanted an MP4 that plays, got an error ({error})")

    def _faults(self, container: Any, expected: Expected) -> Iterator[Refusal]:
        kinds = [(stream.type, stream.codec_context.name) for stream in container.streams]
        if sorted(kinds) != [("audio", "aac"), ("video", "h264")]:
            yield Refusal(reason="WrongStreams", message=f"file: wanted one H.264 and one AAC stream, got {kinds}")
            return
        video = container.streams.video[0]
        size = (video.codec_context.width, video.codec_context.height)
        if size != (expected.width, expected.height):
            yield Refusal(reason="WrongSize", message=f"picture: wanted {expected.width}x{expected.height}, got {size}")
        tracks = _read(container)
        yield from _timing(tracks.stamps, video.time_base, float(video.duration * video.time_base), expected)
        if not tracks.keys:
            yield Refusal(reason="Unreadable", message="picture: wanted key frames, got none")
            return
        yield from _picture(container, tracks.keys[expected.sample % len(tracks.keys)], expected)
        if tracks.sound not in self._heard:
            yield from _sound(container, expected)
            self._remember(tracks.sound)

    def _remember(self, sound: str) -> None:
        """Only reached when nothing was found against the sound: the first fault ends the search."""
        self._heard[sound] = None
        while len(self._heard) > _REMEMBERED_SOUNDS:
            self._heard.popitem(last=False)


@dataclass(frozen=True)
class _Tracks:
    """What a file's packets say: stamps of the pictures, those of the key frames, digest of the sound."""

    stamps: tuple[int, ...]
    keys: tuple[int, ...]
    sound: str


def _read(container: Any) -> _Tracks:
    stamps, keys, sound = [], [], hashlib.sha256()
    for packet in container.demux():
        if not packet.size:
            continue
        if packet.stream.type == "audio":
            sound.update(f"{packet.pts} {packet.size} ".encode())
            sound.update(bytes(packet))
            continue
        stamps.append(packet.pts)
        if packet.is_keyframe:
            keys.append(packet.pts)
    return _Tracks(tuple(stamps), tuple(keys), f"{len(stamps)} {sound.hexdigest()}")


def label_likeness(luma: npt.NDArray[np.uint8]) -> float:
    """How much a picture's Y plane [height, width] looks like the label where the label stands: -1 to 1."""
    height, width = luma.shape
    label = draw_label(width, height)
    keep, drawn = label.keep[0], label.add[0]
    there = luma[label.top : label.top + label.height, label.left : label.left + label.width]
    inside = keep < _OPAQUE
    seen, wanted = there[inside].astype(np.float64), drawn[inside].astype(np.float64)
    seen, wanted = seen - seen.mean(), wanted - wanted.mean()
    scale = math.sqrt(float(seen @ seen) * float(wanted @ wanted))
    return float(seen @ wanted) / scale if scale else 0.0


def _timing(
    stamps: tuple[int, ...], unit_seconds: Fraction, duration_seconds: float, expected: Expected
) -> Iterator[Refusal]:
    up, down = unit_seconds.numerator * FPS, unit_seconds.denominator
    if len(stamps) != expected.frames:
        yield Refusal(reason="WrongFrames", message=f"picture: wanted {expected.frames} frames, got {len(stamps)}")
    elif any(stamp * up != number * down for number, stamp in enumerate(stamps)):
        yield Refusal(reason="WrongTiming", message="picture: wanted a frame every 1/25 s from 0, got other times")
    elif abs(duration_seconds - expected.frames / FPS) > 1e-4:
        yield Refusal(
            reason="WrongDuration",
            message=f"picture: wanted {expected.frames / FPS:.2f} s, got {duration_seconds:.4f} s",
        )


def _picture(container: Any, pts: int, expected: Expected) -> Iterator[Refusal]:
    video = container.streams.video[0]
    video.codec_context.thread_count = 1
    container.seek(pts, stream=video)
    after_key = (expected.sample // 7) % (_FRAMES_AFTER_KEY + 1)
    frame = next(islice(container.decode(video), after_key, None), None)
    if frame is None:
        yield Refusal(reason="Unreadable", message="picture: wanted frames that decode, got none")
        return
    plane = frame.planes[0]
    luma = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
    likeness = label_likeness(luma)
    if likeness < MIN_LABEL_LIKENESS:
        yield Refusal(
            reason="LabelMissing",
            message=f"picture: wanted the disclosure label (likeness >= {MIN_LABEL_LIKENESS}), got {likeness:.2f}",
        )


def _sound(container: Any, expected: Expected) -> Iterator[Refusal]:
    audio = container.streams.audio[0]
    container.seek(0)
    blocks = [frame.to_ndarray().reshape(len(frame.layout.channels), -1)[0] for frame in container.decode(audio)]
    samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    rate_hz = audio.codec_context.sample_rate
    wanted, got = expected.frames / FPS, len(samples) / rate_hz
    # An AAC frame is 1024 samples; the last one may be filled up, and the coder's own delay may stay in.
    if not wanted - 1e-3 <= got <= wanted + 3 * 1024 / rate_hz:
        yield Refusal(reason="WrongDuration", message=f"sound: wanted {wanted:.2f} s, got {got:.3f} s")
    # Takes hold nothing above 11 kHz: every other sample tells the loudness, and the largest one the peak.
    lufs = loudness_lufs(samples[::2], rate_hz // 2)
    if not LOUDNESS_LUFS[0] <= lufs <= LOUDNESS_LUFS[1]:
        low, high = LOUDNESS_LUFS
        yield Refusal(reason="WrongLoudness", message=f"sound: wanted {low:.0f} to {high:.0f} LUFS, got {lufs:.1f}")
    peak_db = 20 * math.log10(max(float(np.abs(samples).max(initial=0)), 1e-9))
    if peak_db > PEAK_DB:
        yield Refusal(reason="Clipped", message=f"sound: wanted peaks under {PEAK_DB} dB, got {peak_db:.1f} dB")
