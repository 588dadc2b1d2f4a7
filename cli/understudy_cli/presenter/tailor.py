"""Clothes: a blazer over a shirt, painted on the torso as seen from the front."""

from __future__ import annotations

import cv2
import numpy as np

from .brush import grid, mix, noise
from .field import Array
from .look import Look
from .shading import CLOTH_LEFT, CLOTH_SCALE, CLOTH_TOP

CLOTH_SIZE = (960, 480)  # columns, rows

# Outlines of the right-hand half in cm.
_NECK = [(0, -8), (4.6, -8), (5.0, -15.0), (3.2, -21.0), (0.0, -29.0)]
_NECK_BEHIND_COLLAR = [(0, -8), (7.2, -8), (6.9, -13.4), (5.6, -15.8), (0, -20)]
_LAPEL_FRONT = [(4.5, -13.6), (5.7, -15.6), (8.3, -19.0), (6.4, -19.3), (6.9, -20.3)]
_LAPEL = [*_LAPEL_FRONT, (2.2, -28.0), (0.6, -27.2), (3.0, -21.0), (4.6, -16.5)]
_COLLAR = [(3.0, -11.2), (6.4, -12.0), (6.6, -15.2), (4.9, -18.6), (2.6, -16.6)]


def _polygon(points: list[tuple[float, float]], soft_px: float) -> Array:
    """Coverage of a polygon given in cm, mirrored in x, with a soft edge."""
    mask = np.zeros((CLOTH_SIZE[1], CLOTH_SIZE[0]), np.uint8)
    for side in (-1, 1):
        corners = [((side * x - CLOTH_LEFT) * CLOTH_SCALE * 8, (CLOTH_TOP - y) * CLOTH_SCALE * 8) for x, y in points]
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 255, cv2.LINE_AA, 3)
    cover: Array = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), soft_px)
    return cover


def _shadow(outline: list[tuple[float, float]], right: float, down: float, soft_px: float, cover: Array) -> Array:
    """How much of what lies around `cover` is in the shade of its outline, moved by (right, -down) cm."""
    moved = _polygon([(x + right, y - down) for x, y in outline], soft_px)
    around: Array = np.clip(moved - cover, 0, 1)
    return around


def paint_cloth(look: Look, seed: int) -> Array:
    """Blazer over a shirt, [rows, columns, 4]: linear albedo and, last, painted shade (seams, lapels' shadows)."""
    rng = np.random.default_rng(seed)
    x, y = grid(CLOTH_SIZE, CLOTH_LEFT, CLOTH_TOP, CLOTH_SCALE)
    image = np.empty((*x.shape, 3), np.float32)
    image[:] = look.jacket
    weave = 1.0 + 0.06 * noise(x.shape, 0.8, rng) + 0.05 * noise(x.shape, 30, rng)
    image *= weave[..., None]
    opening = _polygon(_NECK, 0.6)
    if look.collar:
        opening = np.maximum(opening, _polygon(_NECK_BEHIND_COLLAR, 0.6))
    mix(image, look.shirt, opening)
    shade = 1 - 0.10 * np.clip(np.sin((x * 0.9 + 0.4 * np.sin(y * 0.7)) * 1.7), 0, 1) * opening
    cover = _polygon(_LAPEL, 0.8)
    shade *= 1 - 0.55 * _shadow(_LAPEL, 0.18, 0.25, 7.0, cover)
    shade *= 1 - 0.50 * _shadow(_LAPEL, -0.35, 0.10, 9.0, cover) * opening
    image += cover[..., None] * image * 0.30
    image += (np.clip(cover * (1 - cover) * 4, 0, 1) * 0.05)[..., None]
    if look.collar:
        flap = _polygon(_COLLAR, 0.7)
        shade *= 1 - 0.45 * _shadow(_COLLAR, 0.05, 0.22, 5.0, flap)
        mix(image, look.shirt, flap)
        shade *= 1 - 0.25 * np.exp(-((x / 0.03) ** 2))
    return np.ascontiguousarray(np.dstack([image, shade]).astype(np.float32))
