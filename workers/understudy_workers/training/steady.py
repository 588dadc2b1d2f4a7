"""Taking the head's motion out: where the reference picture's head lies in every other picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Gray = npt.NDArray[np.uint8]

_POINTS: Final = 100
_UPPER_FACE: Final = 0.60
"""Share of the face's height that talking leaves alone: forehead, brows, eyes, nose."""
PARALLAX: Final = 3
"""Numbers that say how the head turns, beside the four of its place, size and tilt."""


class HeadTracker:
    """Follows the upper face from one reference picture through all others, always measured against the reference.

    Optical flow (Lucas and Kanade) finds the points, RANSAC drops those that blink or sparkle.
    """

    def __init__(self, reference: Gray, face: tuple[int, int, int, int]) -> None:
        """`reference` is gray uint8 [512, 512], `face` a rectangle (x, y, width, height) in it."""
        x, y, width, height = face
        mask = np.zeros_like(reference)
        mask[max(y, 0) : y + round(height * _UPPER_FACE), max(x, 0) : x + width] = 255
        found = cv2.goodFeaturesToTrack(reference, _POINTS, 0.005, 5, mask=mask)
        if found is None or len(found) < 8:
            raise ValueError("head: wanted 8 or more points to follow in the face, got fewer; use a sharper capture")
        self._reference = reference
        self.points: npt.NDArray[np.float32] = found.reshape(-1, 2)
        self._last = self.points.copy()

    def follow(self, picture: Gray) -> tuple[Floats, Floats]:
        """The similarity [2, 3] from reference to picture, and what is left of each point's motion [points, 2].

        Points that were lost have a rest of nan.
        """
        tracked, status, _ = cv2.calcOpticalFlowPyrLK(
            self._reference,
            picture,
            self.points,
            self._last.copy(),
            winSize=(19, 19),
            maxLevel=2,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )
        good = status.ravel() == 1
        matrix, inliers = cv2.estimateAffinePartial2D(
            self.points[good], tracked[good], ransacReprojThreshold=1.5, maxIters=500
        )
        if matrix is None:
            matrix = np.eye(2, 3)
            inliers = np.ones(int(good.sum()), np.uint8)
        expected = self.points @ matrix[:, :2].T + matrix[:, 2]
        rest = np.full(self.points.shape, np.nan)
        kept = np.flatnonzero(good)[inliers.ravel() == 1]
        rest[kept] = tracked[kept] - expected[kept]
        self._last = expected.astype(np.float32)
        self._last[kept] = tracked[kept]
        return np.asarray(matrix, np.float64), rest


@dataclass(frozen=True)
class PoseScale:
    """How to put a head's motion into numbers of about deviation 1; learnt from training pictures alone."""

    median_rest: Floats
    mean_rest: Floats
    directions: Floats
    mean: Floats
    deviation: Floats

    def poses(self, matrices: Floats, rests: Floats) -> Floats:
        """Head pose of every picture, [n, 7]: shift x and y, size, tilt, and three numbers for turning.

        `matrices` [n, 2, 3] and `rests` [n, points, 2] come from `HeadTracker.follow`, in order of time.
        """
        plain, rest = _plain(matrices), self._flat(rests)
        turning = _smooth((rest - self.mean_rest) @ self.directions)
        return np.asarray((np.column_stack([plain, turning]) - self.mean) / self.deviation)

    def _flat(self, rests: Floats) -> Floats:
        return np.nan_to_num(rests - self.median_rest).reshape(len(rests), -1)


def learn_poses(matrices: Floats, rests: Floats) -> PoseScale:
    """Learns what the head does from the training pictures' motion; see `PoseScale.poses` for the arguments."""
    median = np.median(np.nan_to_num(rests), axis=0)
    rest = np.nan_to_num(rests - median).reshape(len(rests), -1)
    mean = rest.mean(0)
    directions = np.linalg.svd(rest - mean, full_matrices=False)[2][:PARALLAX].T
    raw = np.column_stack([_plain(matrices), _smooth((rest - mean) @ directions)])
    # A motion of less than a quarter pixel is the tracker's noise: it must not be blown up to size 1.
    return PoseScale(median, mean, directions, raw.mean(0), np.maximum(raw.std(0), 0.25))


def _plain(matrices: Floats) -> Floats:
    """Shift of the picture's middle in pixels, and size and tilt in pixels at 100 pixels from it."""
    shift = matrices[:, :, 2] + matrices[:, :, :2] @ np.array([256.0, 256.0]) - 256.0
    size = np.log(np.hypot(matrices[:, 0, 0], matrices[:, 1, 0]))
    tilt = np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0])
    return np.column_stack([shift, size * 100, tilt * 100])


def _smooth(tracks: Floats) -> Floats:
    """Five pictures' binomial average: turning is slow, its measurement is noisy."""
    kernel = np.array([1.0, 4, 6, 4, 1]) / 16
    padded = np.pad(tracks, ((2, 2), (0, 0)), mode="edge")
    return np.column_stack([np.convolve(padded[:, k], kernel, "valid") for k in range(tracks.shape[1])])


def settle(matrices: Floats) -> Floats:
    """Similarities [n, 2, 3] averaged over five pictures: a head is heavier than the tracker's noise."""
    flat = matrices.reshape(len(matrices), 6)
    return _smooth(flat).reshape(matrices.shape)
