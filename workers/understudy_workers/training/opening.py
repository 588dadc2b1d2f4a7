"""How far a mouth is open, measured from pixels, the same way for truth, network and baselines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

_SIDE: Final = 32
MOST_SHIFT_FRAMES: Final = 5


@dataclass(frozen=True)
class OpeningGauge:
    """Reads an opening from a steadied mouth picture: a signed sum of pixels.

    The weights are each pixel's covariance with loudness over the training part (a mouth opens when it is loud), after
    the head's pose was regressed out of both. It is a stand-in for a ruler: it has no unit, and what talking moves
    besides the lips counts too. Its own ceiling stands in the report (the row of the re-encoded truth).
    """

    weights: Floats

    def read(self, pictures: Rgb) -> Floats:
        """Openings [n] of pictures [n, side, side, 3]; only differences and correlations mean something."""
        return np.asarray(_small(pictures).reshape(len(pictures), -1) @ self.weights)


def learn_gauge(pictures: Rgb, loudness: Floats, poses: Floats) -> OpeningGauge:
    """Learns the weights from training pictures [n, side, side, 3], loudness [n] and head poses [n, p]."""
    pixels = _small(pictures).reshape(len(pictures), -1)
    known = np.column_stack([poses, poses**2, np.ones(len(poses))])
    both = np.column_stack([pixels, loudness])
    both = both - known @ np.linalg.lstsq(known, both, rcond=None)[0]
    weights = both[:, :-1].T @ both[:, -1] / len(both)
    return OpeningGauge(weights / max(float(np.linalg.norm(weights)), 1e-9))


def _small(pictures: Rgb) -> Floats:
    shrunk = [cv2.resize(p, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) for p in pictures]
    return np.asarray(np.stack(shrunk) @ np.array([0.299, 0.587, 0.114]) / 255)


def correlation(truth: Floats, got: Floats) -> float:
    """Pearson's correlation; 0 where either does not move."""
    if truth.std() < 1e-9 or got.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(truth, got)[0, 1])


def offset_frames(truth: Floats, got: Floats) -> int:
    """By how many frames `got` lags behind the truth (+) or runs ahead (-), at most five, where they agree best."""
    shifts = range(-MOST_SHIFT_FRAMES, MOST_SHIFT_FRAMES + 1)
    reach = MOST_SHIFT_FRAMES
    middle = truth[reach : len(truth) - reach]
    scores = {s: correlation(middle, got[reach + s : len(got) - reach + s]) for s in shifts}
    return max(scores, key=lambda shift: (scores[shift], -abs(shift)))
