"""Clothes: a blazer over a shirt, painted on the torso as seen from the front."""

from __future__ import annotations

import cv2
import numpy as np

from .brush import grid, mix, noise
from .field import Array
from .look import Look
from .shading import CLOTH_LEFT, CLOTH_SCALE, CLOTH_TOP

CLOTH_SIZE = (960, 480)


def _polygon(points: list[tuple[float, float]], soft_px: float) -> Array:
    """Coverage of a polygon given in cm, mirrored in x, with a soft edge."""
    mask = np.zeros((CLOTH_SIZE[1], CLOTH_SIZE[0]), np.uint8)
    for side in (-1, 1):
        corners = [((side * x - CLOTH_LEFT) * CLOTH_SCALE * 8, (CLOTH_TOP - y) * CLOTH_SCALE * 8) for x, y in points]
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 255, cv2.LINE_AA, 3)
    cover: Array = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), soft_px)
    return cover


def paint_cloth(look: Look, seed: int) -> Array:
    """Blazer over a shirt, [rows, columns, 4]: linear albedo and, last, painted shade (seams, lapels' shadows)."""
    rng = np.random.default_rng(seed)
    x, y = grid(CLOTH_SIZE, CLOTH_LEFT, CLOTH_TOP, CLOTH_SCALE)
    image = np.empty((*x.shape, 3), np.float32)
    image[:] = look.jacket
    weave = 1.0 + 0.06 * noise(x.shape, 0.8, rng) + 0.05 * noise(x.shape, 30, rng)
    image *= weave[..., None]
    shade = np.ones_like(x)
    opening = _polygon([(0, -8), (4.6, -8), (5.0, -15.0), (3.2, -21.0), (0.0, -29.0)], 0.6)
    if look.collar:
        opening = np.maximum(opening, _polygon([(0, -8), (7.2, -8), (6.9, -13.4), (5.6, -15.8), (0, -20)], 0.6))
    mix(image, look.shirt, opening)
    folds = 1 - 0.10 * np.clip(np.sin((x * 0.9 + 0.4 * np.sin(y * 0.7)) * 1.7), 0, 1) * opening
    lapel = [
        (4.5, -13.6),
        (5.7, -15.6),
        (8.3, -19.0),
        (6.4, -19.3),
        (6.9, -20.3),
        (2.2, -28.0),
        (0.6, -27.2),
        (3.0, -21.0),
        (4.6, -16.5),
    ]
    cover = _polygon(lapel, 0.8)
    shadow = _polygon([(a + 0.18, b - 0.25) for a, b in lapel], 7.0)
    shade *= 1 - 0.55 * np.clip(shadow - cover, 0, 1)
    inner = _polygon([(a - 0.35, b - 0.1) for a, b in lapel], 9.0)
    shade *= 1 - 0.5 * np.clip(inner - cover, 0, 1) * opening
    edge = np.clip(cover * (1 - cover) * 4, 0, 1)
    image += cover[..., None] * image * 0.30
    image += (edge * 0.05)[..., None]
    collar = [(3.0, -11.2), (6.4, -12.0), (6.6, -15.2), (4.9, -18.6), (2.6, -16.6)]
    if look.collar:
        flap = _polygon(collar, 0.7)
        below = _polygon([(a + 0.05, b - 0.22) for a, b in collar], 5.0)
        shade *= 1 - 0.45 * np.clip(below - flap, 0, 1)
        mix(image, look.shirt, flap)
        buttons = np.exp(-((x / 0.03) ** 2)) * (y > -30)
        shade *= 1 - 0.25 * buttons
    return np.ascontiguousarray(np.dstack([image, (shade * folds).astype(np.float32)]).astype(np.float32))
