"""From speech features to mouth codes: which stretch of sound a frame's mouth depends on, and smoothing in time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from understudy_workers.models.phones import FEATURES, PER_FRAME

SCALES: Final = (2.0, 4.0, 8.0, 16.0)
"""Deviations, in hundredths of a second, of the Gaussians a frame's mouth is heard through: the jaw sees further than the lips."""

REACH: Final = 40
WINDOW: Final = len(SCALES) * FEATURES
_SMOOTHING: Final = (0.15, 0.7, 0.15)

Floats = npt.NDArray[np.float32]


def windows(features: Floats) -> Floats:
    """For each video frame the features around its middle at every scale, [frames, WINDOW]."""
    frames = len(features) // PER_FRAME
    if frames == 0:
        return np.zeros((0, WINDOW), np.float32)
    distance = np.arange(-REACH, REACH) + 0.5
    kernels = np.exp(-0.5 * (distance / np.array(SCALES)[:, None]) ** 2)
    kernels = (kernels / kernels.sum(1, keepdims=True)).astype(np.float32)
    padded = np.pad(features, ((REACH, REACH), (0, 0)), mode="edge")
    middle = PER_FRAME // 2
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH, axis=0)[middle::PER_FRAME][:frames]
    return np.ascontiguousarray(np.einsum("nft,st->nsf", near, kernels).reshape(frames, WINDOW))


def mouth_codes(session: Any, features: Floats, rest: Floats) -> Floats:
    """Mouth codes [frames, k] of speech features [4 * frames, 52], smooth in time, at rest in both end frames."""
    heard = windows(features)
    if len(heard) == 0:
        return np.zeros((0, len(rest)), np.float32)
    codes = smooth(np.asarray(session.run(None, {"windows": heard})[0], np.float32))
    ends = np.minimum(np.arange(len(codes)), np.arange(len(codes))[::-1])
    weight = np.clip(ends / 3, 0, 1)[:, None].astype(np.float32)
    return np.asarray(rest + (codes - rest) * weight, np.float32)


def smooth(codes: Floats) -> Floats:
    """A light average over three frames: takes single-frame flicker out, keeps the lips' closures."""
    padded = np.pad(codes, ((1, 1), (0, 0)), mode="edge")
    before, now, after = _SMOOTHING
    return np.asarray(before * padded[:-2] + now * padded[1:-1] + after * padded[2:], np.float32)
