"""How the skin follows the mouth and the brows: one smooth displacement field for each articulation and expression."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .field import Array
from .lips import MouthShape
from .targets import NAMES

HINGE = (-2.4, 1.0)  # the jaw's axis runs through (y, z) at the ears, in cm
BONE_SHARE = 0.62
JAW_RADIANS = 0.17  # turn of the jaw at `jaw` = 1
BROWS = ("brow_left", "brow_right", "frown")
BASIS = (*NAMES, *BROWS)

Wide = npt.NDArray[np.float64]


def _step(low: float, high: float, x: Wide) -> Wide:
    t: Wide = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _hill(p: Wide, x: float, y: float, width: float, height: float) -> Wide:
    hill: Wide = np.exp(-(((p[:, 0] - x) / width) ** 2) - ((p[:, 1] - y) / height) ** 2)
    return hill * _step(1.0, 4.5, p[:, 2])


def jaw_turn(points: Wide) -> Wide:
    """Displacement [n, 3] of `points` for a fully lowered jaw, linear in the angle."""
    y, z = points[:, 1] - HINGE[0], points[:, 2] - HINGE[1]
    turn: Wide = np.stack([0 * y, -z, y * 0.75], 1) * JAW_RADIANS
    return turn


def lower_jaw(points: Array, jaw: float) -> Array:
    """Points [n, 3] that hang on the bone; it turns less than the skin before it is drawn out."""
    moved: Array = (points + jaw_turn(points.astype(np.float64)) * (jaw * BONE_SHARE)).astype(np.float32)
    return moved


def _jaw_weight(p: Wide, mouth: MouthShape) -> Wide:
    y = mouth.centre[1]
    below = 1 - _step(y - 1.6, y + 0.6, p[:, 1])
    return below * _step(-0.5, 4.0, p[:, 2]) * _step(-14.5, -10.8, p[:, 1])


def _sides(p: Wide, mouth: MouthShape) -> tuple[Wide, Wide]:
    """Closeness to the nearer mouth corner, and the sign of its side."""
    x, y = mouth.half_width + 0.3, mouth.centre[1]
    right, left = _hill(p, x, y, 1.5, 1.7), _hill(p, -x, y, 1.5, 1.7)
    return right + left, right - left


def basis(points: Array, mouth: MouthShape) -> Array:
    """Displacements [len(BASIS), n, 3] in cm at value 1, for rest positions `points` [n, 3]."""
    p = points.astype(np.float64)
    y = mouth.centre[1]
    near, signed = _sides(p, mouth)
    around = _hill(p, 0, y, 2.6, 1.9)
    cheek = _hill(p, 3.7, y + 2.5, 1.6, 1.3) + _hill(p, -3.7, y + 2.5, 1.6, 1.3)
    below_nose = 1 - _step(y + 1.2, y + 2.6, p[:, 1])
    zero = 0 * near
    fields = {
        "jaw": jaw_turn(p) * _jaw_weight(p, mouth)[:, None] + np.stack([-0.10 * signed, zero, zero], 1),
        "open": np.stack([zero, -0.10 * _hill(p, 0, y - 1.6, 2.2, 1.0), zero], 1),
        "width": np.stack([0.42 * signed, 0.05 * near + 0.05 * cheek, -0.10 * near + 0.10 * cheek], 1),
        "round": np.stack([-0.55 * signed, zero, 0.45 * around * below_nose - 0.12 * cheek], 1),
        "press": np.stack([zero, 0.05 * _hill(p, 0, y - 2.0, 2.0, 0.8), 0.05 * _hill(p, 0, y - 2.2, 1.6, 0.8)], 1),
        "upper": np.stack([zero, 0.14 * _hill(p, 0, y + 1.2, 2.2, 0.9), zero], 1),
        "tuck": np.stack([zero, 0.12 * _hill(p, 0, y - 1.4, 2.0, 0.9), -0.15 * _hill(p, 0, y - 1.3, 2.0, 0.8)], 1),
        "corner": np.stack([0.10 * signed, 0.28 * near + 0.16 * cheek, 0.20 * cheek - 0.05 * near], 1),
        "brow_left": np.stack([zero, 0.55 * _hill(p, -3.1, 2.2, 2.0, 1.1), zero], 1),
        "brow_right": np.stack([zero, 0.55 * _hill(p, 3.1, 2.2, 2.0, 1.1), zero], 1),
        "frown": np.stack(
            [
                0.14 * (_hill(p, -1.5, 1.6, 1.0, 0.8) - _hill(p, 1.5, 1.6, 1.0, 0.8)),
                -0.22 * _hill(p, 0, 1.7, 2.2, 0.9),
                zero,
            ],
            1,
        ),
    }
    empty = np.zeros_like(p)
    return np.stack([fields.get(name, empty) for name in BASIS]).astype(np.float32)
