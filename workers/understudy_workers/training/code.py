"""The mouth code: the few numbers that tell this person's mouth shapes apart, learnt from the capture's own pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

CODES: Final = 16
_SIDE: Final = 16
"""Mouths are compared as 16 x 16 pixels: so blurred, a lip that moves is nearly a number that grows, and the mean of two codes
is a mouth between them, not two mouths at once."""

Rgb = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class MouthCode:
    """Principal components of mouth pictures whose head pose was regressed out; codes have deviation 1."""

    pose_weights: Floats
    directions: Floats
    weight: Floats
    importance: Floats
    """Share of the motion that each code stands for, [k]."""

    def encode(self, squares: Rgb, poses: Floats) -> Floats:
        """Codes [n, k] of steadied squares [n, side, side, 3] with head poses [n, p]."""
        pixels = _pixels(squares, self.weight) - _known(poses) @ self.pose_weights
        return np.asarray(pixels @ self.directions, np.float32)


def learn_code(squares: Rgb, poses: Floats, mask: Floats, codes: int = CODES) -> tuple[MouthCode, float]:
    """Learns a code from training squares; also the share of what moves that it explains, 0 to 1.

    `mask` [side, side] says how much each pixel counts.
    """
    weight = cv2.resize(mask, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    pixels = _pixels(squares, weight)
    known = _known(poses)
    gram = known.T @ known + 1e-3 * np.eye(known.shape[1], dtype=np.float32)
    pose_weights = np.linalg.solve(gram, known.T @ pixels).astype(np.float32)
    moving = pixels - known @ pose_weights
    values, vectors = np.linalg.eigh((moving.T @ moving).astype(np.float64) / len(moving))
    kept = np.argsort(values)[::-1][:codes]
    deviation = np.sqrt(np.maximum(values[kept], 1e-9))
    directions = vectors[:, kept] / deviation
    importance = (values[kept] / values[kept].sum()).astype(np.float32)
    explained = float(values[kept].sum() / max(float(values.sum()), 1e-9))
    return MouthCode(pose_weights, directions.astype(np.float32), weight, importance), explained


def _pixels(squares: Rgb, weight: Floats) -> Floats:
    shrunk = np.stack([cv2.resize(s, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) for s in squares])
    return np.asarray((shrunk / 255 * weight[:, :, None]).reshape(len(squares), -1), np.float32)


def _known(poses: Floats) -> Floats:
    return np.column_stack([poses, poses**2, np.ones(len(poses))]).astype(np.float32)
