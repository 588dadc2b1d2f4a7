"""Light on an eyeball: white with a blush at the corners, iris with fibres and a dark ring, pupil, catchlights, shade
of the lids, the wet line on the lower one."""

from __future__ import annotations

import numpy as np
from numba import njit

from .eyes import aperture
from .field import Array
from .light import KEY, tone


@njit(cache=True, fastmath=True, inline="always")
def _ramp(value: float, width: float) -> float:
    """0 at or below zero, 1 at `width`, linear between."""
    return min(1.0, max(0.0, value / width))


@njit(cache=True, fastmath=True)
def _iris(colour: Array, x: float, y: float, radius: float, ball: Array) -> None:
    """Lay iris and pupil over `colour`; (x, y) is the place in iris radii, `radius` its length."""
    angle = np.arctan2(y, x)
    fibre = 0.5 + 0.25 * np.sin(angle * 23.0 + 3.0 * np.sin(angle * 7.0)) + 0.25 * np.sin(angle * 41.0 + radius * 4.0)
    # The cornea gathers the key light on the side that faces away from it.
    glow = 0.75 + 0.9 * max(0.0, 0.4 - 0.8 * (x * KEY[0] + y * KEY[1]))
    tint = (0.45 + 0.75 * fibre) * glow * (0.16 + 0.84 * _ramp(1.0 - radius, 0.20))
    inner = _ramp(0.62 - radius, 0.25) * fibre
    pupil = _ramp(radius - 0.40, 0.07)
    mix = _ramp(1.04 - radius, 0.10)
    for c in range(3):
        warm = 0.16 if c == 0 else (0.08 if c == 1 else 0.0)
        ink = (ball[2 + c] * tint + warm * inner) * pupil + 0.004
        colour[c] += (ink * 1.5 - colour[c]) * mix


@njit(cache=True, fastmath=True, inline="always")
def _catchlight(x: float, y: float) -> float:
    """The reflections of a window and of a weak lamp, at (x, y) in iris radii."""
    cx, cy = x + 0.36, y - 0.40
    window = max(abs(cx) / 0.22, abs(cy) / 0.26)
    disc = (cx * cx / 0.05 + cy * cy / 0.07) ** 0.5
    dx, dy = x - 0.42, y + 0.45
    lamp = _ramp(1.0 - (dx * dx + dy * dy) / 0.05, 1.0)
    return float(2.6 * _ramp(1.05 - 0.5 * (window + disc), 0.18) + 0.32 * lamp)


@njit(cache=True, fastmath=True)
def light_eye(
    pixel: Array, colour: Array, p: Array, side: float, eye: Array, ball: Array, gaze: Array, lids: Array
) -> None:
    """Set `pixel` [3] to the display colour of an eyeball at the head's own point `p`; `colour` [3] is scratch.

    `side` is -1 or 1, `eye` as in `eyes.eye_row`, `ball` is [radius, iris radius, iris r, g, b], `gaze` [2] the turn
    of both eyes (x, y), `lids` [2] their openings.
    """
    px, py = (p[0] - side * eye[0]) / ball[0], (p[1] - eye[1]) / ball[0]
    pz = np.sqrt(max(0.0, 1.0 - px * px - py * py))
    x, y = (px - gaze[0]) * ball[0] / ball[1], (py - gaze[1]) * ball[0] / ball[1]
    radius = np.sqrt(x * x + y * y)
    inside = aperture(p[0], p[1], eye, lids[0], lids[1])
    above = _ramp(0.62 - py * ball[0], 0.55)
    shade = (0.30 + 0.70 * min(1.0, max(0.0, inside / 0.42 + 0.18))) * (0.62 + 0.38 * above)
    nk = max(0.0, (px * KEY[0] + py * KEY[1] + pz * KEY[2] + 0.35) / 1.35)
    light = (0.35 + 1.05 * nk) * shade
    pink = max(0.0, abs(px) * 1.35 - 0.45)
    colour[0], colour[1], colour[2] = 0.70 - 0.08 * pink, 0.66 - 0.26 * pink, 0.64 - 0.26 * pink
    if radius < 1.08:
        _iris(colour, x, y, radius, ball)
    spark = _catchlight(x, y) * _ramp(inside, 0.10) * (0.35 + 0.65 * above)
    wet = 0.5 * _ramp(0.09 - inside, 0.06) * nk if p[1] < eye[1] else 0.0
    pixel[0] = tone(colour[0] * light + spark + wet * 0.30)
    pixel[1] = tone(colour[1] * light * 0.99 + spark + wet * 0.24)
    pixel[2] = tone(colour[2] * light * 0.99 + spark + wet * 0.22)
