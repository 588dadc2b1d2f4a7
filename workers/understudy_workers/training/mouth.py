"""Finding the mouth without landmarks: the part of the steadied face that changes when the voice does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from understudy_workers.models.voice import SAMPLES_PER_FRAME

Floats = npt.NDArray[np.float64]

MAP_SIDE: Final = 128
"""Side of the small steadied gray pictures the map is made from: a quarter of 512."""

SMALLEST_CROP, LARGEST_CROP = 96, 160
_MULTIPLE: Final = 16
_SHARE_OF_PEAK: Final = 0.1
_MARGIN: Final = 1.2
_WEAKEST: Final = 0.15
_BY_CHANCE: Final = 1.3
_SHIFTS: Final = 8
_MOST_PICTURES: Final = 1500
_QUIET_SHARE: Final = 0.3


@dataclass(frozen=True)
class MouthPlace:
    """A square of the steadied picture (512 x 512) that holds all that talking moves; `strength` is a correlation."""

    left: int
    top: int
    side: int
    strength: float


def loudness_track(speech: npt.NDArray[np.float32]) -> Floats:
    """How loud each frame of 882 samples is, in dB over -60 dB full scale, at least 0, [frames]."""
    frames = speech[: len(speech) // SAMPLES_PER_FRAME * SAMPLES_PER_FRAME].reshape(-1, SAMPLES_PER_FRAME)
    power = (frames.astype(np.float64) ** 2).mean(1)
    return np.asarray(np.maximum(10 * np.log10(power + 1e-12) + 60, 0.0))


def find_mouth(
    pictures: npt.NDArray[np.uint8], loudness: Floats, poses: Floats, face: tuple[int, int, int, int]
) -> MouthPlace | None:
    """The square around the mouth, looked for in and just under the face; None when nothing there follows the voice.

    `pictures` are steadied gray pictures [n, 128, 128], `poses` [n, p] head poses, `face` (x, y, width, height) in the
    512 x 512 reference picture.
    """
    x, y, width, height = (value * MAP_SIDE / 512 for value in face)
    rows = slice(int(y + 0.4 * height), min(int(y + 1.2 * height), MAP_SIDE))
    columns = slice(max(int(x), 0), min(int(x + width), MAP_SIDE))
    chosen = np.unique(np.linspace(0, len(pictures) - 1, min(len(pictures), _MOST_PICTURES)).astype(int))
    moving = changes(pictures[chosen][:, rows, columns], poses[chosen], loudness[chosen])
    found = talking_map(moving, loudness[chosen])
    strength = _strength(moving, loudness[chosen], found)
    if strength < max(_WEAKEST, _BY_CHANCE * _chance(moving, loudness[chosen])):
        return None
    # What moves with the loudest-moving pixels is the whole of the mouth and chin, less noisily than with the sound.
    found = talking_map(moving, _motion(moving, found))
    _, labels, stats, _ = cv2.connectedComponentsWithStats((found > _SHARE_OF_PEAK * found.max()).astype(np.uint8))
    row, column = np.unravel_index(int(found.argmax()), found.shape)
    left, top, width, height = stats[labels[row, column]][:4]
    return _square((left + columns.start, top + rows.start, width, height), strength)


def changes(pictures: npt.NDArray[np.uint8], poses: Floats, loudness: Floats) -> npt.NDArray[np.float32]:
    """How far each pixel is from what it is in quiet at the head's pose, [n, h, w], at least 0."""
    quiet = loudness <= np.quantile(loudness, _QUIET_SHARE)
    pixels = pictures.reshape(len(pictures), -1).astype(np.float32)
    known = np.column_stack([poses, poses**2, np.ones(len(poses))]).astype(np.float32)
    gram = known[quiet].T @ known[quiet] + 1e-1 * np.eye(known.shape[1], dtype=np.float32)
    weights = np.linalg.solve(gram, known[quiet].T @ pixels[quiet])
    return np.asarray(np.abs(pixels - known @ weights).reshape(pictures.shape), np.float32)


def talking_map(moving: npt.NDArray[np.float32], loudness: Floats) -> Floats:
    """Covariance of every pixel's change with standardised loudness, [h, w]: high in the mouth."""
    kernel = np.array([1.0, 2, 1]) / 4
    heard = np.convolve(np.pad(loudness, 1, mode="edge"), kernel, "valid")
    heard = (heard - heard.mean()) / max(heard.std(), 1e-6)
    return np.asarray(cv2.GaussianBlur(np.tensordot(heard, moving, axes=1) / len(moving), (0, 0), 1.0), np.float64)


def _motion(moving: npt.NDArray[np.float32], found: Floats) -> Floats:
    """Mean change of the pixels found, [n]."""
    return np.asarray(moving[:, found > 0.5 * found.max()].mean(1), np.float64)


def _strength(moving: npt.NDArray[np.float32], loudness: Floats, found: Floats) -> float:
    """Correlation of loudness with the motion of the pixels found; 0 where nothing moves."""
    if found.max() <= 0:
        return 0.0
    motion = _motion(moving, found)
    if motion.std() < 1e-6 or loudness.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(motion, loudness)[0, 1])


def _chance(moving: npt.NDArray[np.float32], loudness: Floats) -> float:
    """The strongest correlation found when the sound is shifted in time, where there is nothing to find."""
    shifts = np.linspace(0, len(loudness), _SHIFTS + 2).astype(int)[1:-1]
    rolled = [np.roll(loudness, shift) for shift in shifts]
    return max(_strength(moving, other, talking_map(moving, other)) for other in rolled)


def _square(box: tuple[int, int, int, int], strength: float) -> MouthPlace:
    scale = 512 / MAP_SIDE
    left, top, width, height = (float(value) * scale for value in box)
    side = _MARGIN * max(width, height)
    side = int(np.clip(np.ceil(side / _MULTIPLE) * _MULTIPLE, SMALLEST_CROP, LARGEST_CROP))
    middle = (left + width / 2, top + height / 2)
    x, y = (int(np.clip(round(m - side / 2), 0, 512 - side)) for m in middle)
    return MouthPlace(x, y, side, strength)
