"""Reading a capture: is it footage a twin can be trained from, and its pictures and sound on the farm's own clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
import numpy.typing as npt

from understudy_api.verdict import Refusal
from understudy_workers.models.loudness import loudness_lufs, normalise
from understudy_workers.models.voice import FPS, SAMPLE_RATE_HZ, SAMPLES_PER_FRAME

SIDE: Final = 512
"""Side of the square picture the farm works on: other captures are cut to their middle square and scaled."""

MINIMUM_SECONDS: Final = 60.0
MAXIMUM_SECONDS: Final = 180.0
"""Footage beyond this is not used: it would cost memory and time, and teach little more."""

_SIDES: Final = (256, 2160)
_RATES: Final = (20.0, 60.0)
_QUIETEST_LUFS: Final = -50.0
_FACES_LOOKED_FOR: Final = 9
_FACES: Final = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"

Rgb = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class CaptureFacts:
    """What a capture is: length in seconds, picture size in pixels, frames a second, loudness of its sound in LUFS.

    `face` is the face's rectangle (x, y, width, height) in the 512 x 512 picture the farm works on.
    """

    seconds: float
    width: int
    height: int
    fps: float
    lufs: float
    face: tuple[int, int, int, int]


def check_capture(path: Path, minimum_seconds: float = MINIMUM_SECONDS) -> CaptureFacts | Refusal:
    """Facts of a capture a twin can be trained from, or why this file is none. Reads, never writes."""
    try:
        return _check(path, minimum_seconds)
    except (OSError, ValueError) as error:  # PyAV's errors are one or both
        said = getattr(error, "strerror", None) or str(error)
        return _refuse("NotAVideo", path, "a readable MP4 video", f"{type(error).__name__}: {said}"[:200])


def _check(path: Path, minimum_seconds: float) -> CaptureFacts | Refusal:
    with av.open(str(path)) as container:
        shape = _check_streams(container, path, minimum_seconds)
    if isinstance(shape, Refusal):
        return shape
    seconds, width, height, fps = shape
    lufs = loudness_lufs(read_sound(path), SAMPLE_RATE_HZ)
    if lufs < _QUIETEST_LUFS:
        return _refuse("SilentSound", path, f"speech louder than {_QUIETEST_LUFS:.0f} LUFS", f"{lufs:.0f} LUFS")
    face = find_face(path)
    if face is None:
        cure = "none found; show the face from the front, well lit, filling a quarter of the picture or more"
        return _refuse("NoFace", path, "one face in most pictures", cure)
    return CaptureFacts(seconds, width, height, fps, lufs, face)


def _check_streams(container: Any, path: Path, minimum_seconds: float) -> tuple[float, int, int, float] | Refusal:
    if not container.streams.video or container.streams.video[0].average_rate is None:
        return _refuse("NotAVideo", path, "a video", "a file without pictures")
    video = container.streams.video[0]
    width, height = int(video.codec_context.width), int(video.codec_context.height)
    fps = float(video.average_rate)
    if video.duration is not None:
        seconds = float(video.duration * video.time_base)
    else:
        seconds = float(container.duration or 0) / 1e6
    if not container.streams.audio:
        return _refuse("NoSound", path, "speech recorded with the picture", "a video without sound")
    if seconds < minimum_seconds:
        return _refuse("TooShort", path, f"at least {minimum_seconds:.0f} s", f"{seconds:.1f} s")
    if not (_SIDES[0] <= min(width, height) and max(width, height) <= _SIDES[1]):
        wanted = f"sides of {_SIDES[0]} to {_SIDES[1]} pixels"
        return _refuse("WrongSize", path, wanted, f"{width} x {height}")
    if not _RATES[0] <= fps <= _RATES[1]:
        return _refuse("WrongRate", path, f"{_RATES[0]:.0f} to {_RATES[1]:.0f} frames a second", f"{fps:.2f}")
    return seconds, width, height, fps


def _refuse(reason: str, path: Path, wanted: str, got: str) -> Refusal:
    return Refusal(reason=reason, message=f"capture {path.name}: wanted {wanted}, got {got}")


def read_pictures(path: Path, maximum_seconds: float = MAXIMUM_SECONDS) -> Iterator[Rgb]:
    """The pictures at 25 a second, RGB uint8 [512, 512, 3], each the last one shown by its time."""
    count, shown = 0, None
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.thread_count = 1
        origin: float | None = None
        for frame in container.decode(video):
            origin = frame.time if origin is None else origin
            while shown is not None and count / FPS < frame.time - origin - 0.5 / FPS:
                yield shown
                count += 1
                if count >= maximum_seconds * FPS:
                    return
            shown = _squared(frame)
    if shown is not None:
        yield shown


def _squared(frame: Any) -> Rgb:
    picture = frame.to_ndarray(format="rgb24")
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    cut = picture[top : top + side, left : left + side]
    if side == SIDE:
        return np.ascontiguousarray(cut)
    how = cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(cut, (SIDE, SIDE), interpolation=how), np.uint8)


def read_sound(path: Path, maximum_seconds: float = MAXIMUM_SECONDS) -> npt.NDArray[np.float32]:
    """The sound as recorded: mono float32 at 22,050 Hz, sample 0 at the moment of the first picture."""
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        picture_start = float((video.start_time or 0) * video.time_base)
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
        chunks: list[npt.NDArray[np.float32]] = []
        start: float | None = None
        for frame in container.decode(audio):
            start = frame.time if start is None else start
            chunks += [part.to_ndarray()[0] for part in resampler.resample(frame)]
            if frame.time > maximum_seconds + 1:
                break
        chunks += [part.to_ndarray()[0] for part in resampler.resample(None)]
    samples = np.concatenate([np.zeros(0, np.float32), *chunks])
    shift = round(((start or 0.0) - picture_start) * SAMPLE_RATE_HZ)
    return np.pad(samples, (shift, 0)) if shift >= 0 else samples[-shift:]


def speech_of(sound: npt.NDArray[np.float32], frames: int) -> npt.NDArray[np.float32]:
    """The sound at about -16 LUFS, cut or padded to exactly `frames` frames of 882 samples."""
    wanted = frames * SAMPLES_PER_FRAME
    return normalise(np.pad(sound[:wanted], (0, max(wanted - len(sound), 0))), SAMPLE_RATE_HZ)


def find_face(path: Path) -> tuple[int, int, int, int] | None:
    """The median rectangle of the face over pictures spread through the first minute; None unless most show one."""
    detector = cv2.CascadeClassifier(str(_FACES))
    found, looked = [], 0
    for picture in _glimpses(path):
        gray = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (SIDE // 2, SIDE // 2))
        faces = detector.detectMultiScale(gray, 1.1, 3, minSize=(SIDE // 10, SIDE // 10))
        looked += 1
        if len(faces):
            found.append(max(faces, key=lambda face: face[2]) * 2)
    if not found or len(found) * 2 <= looked:
        return None
    x, y, width, height = np.median(found, axis=0).astype(int)
    return int(x), int(y), int(width), int(height)


def _glimpses(path: Path) -> Iterator[Rgb]:
    """A few pictures spread over the first minute."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        length = min(float((video.duration or 0) * video.time_base) or 60.0, 60.0)
        for k in range(_FACES_LOOKED_FOR):
            container.seek(int((k + 0.5) / _FACES_LOOKED_FOR * length / video.time_base), stream=video)
            for frame in container.decode(video):
                yield _squared(frame)
                break
