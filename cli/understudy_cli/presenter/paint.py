"""The painted skin, seen from the front: blush, lids, brows hair by hair, stubble, the scalp, the hair's shadow."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from .brush import grid, mix, noise, spot
from .field import Array, Table, distances
from .hair import Hair, hairline_at
from .look import Look
from .shading import SKIN_LEFT, SKIN_SCALE, SKIN_TOP

SKIN_SIZE = (800, 1480)  # columns, rows

Wide = npt.NDArray[np.float64]


def paint_skin(look: Look, seed: int) -> Array:
    """The skin texture [rows, columns, 4]: linear albedo and, last, how oily the skin is."""
    rng = np.random.default_rng(seed)
    x, y = grid(SKIN_SIZE, SKIN_LEFT, SKIN_TOP, SKIN_SCALE)
    image = np.empty((*x.shape, 3), np.float32)
    image[:] = look.skin
    mottle = noise(x.shape, 14, rng) * 0.018 + noise(x.shape, 4, rng) * 0.010
    image *= 1.0 + mottle[..., None] * np.array([0.5, 1.0, 1.1], np.float32)
    red = np.array([1.02, 0.74, 0.70], np.float32)
    flush = 0.62 * spot(x, y, 4.1, -3.5, 1.9, 1.5) + 0.40 * spot(x, y, 0, -4.0, 1.3, 0.9)
    flush += 0.25 * spot(x, y, 0, -9.3, 1.4, 1.0) + 0.45 * spot(x, y, 6.8, -1.0, 0.9, 3.0)
    flush += 0.22 * spot(x, y, 3.2, 0.6, 1.7, 0.9)
    image *= 1.0 + (red - 1.0) * (flush * look.blush)[..., None]
    image *= 1.0 - 0.05 * spot(x, y, 3.0, -1.05, 1.2, 0.35)[..., None]
    _paint_lids(look, image, x, y)
    _paint_stubble(look, image, x, y, rng)
    _paint_brows(look, image, rng)
    scalp = np.clip((y - hairline_at(x.astype(np.float64), look.hair) + 0.25) / 0.9, 0, 1).astype(np.float32)
    scalp *= np.clip((y - look.hair.side_low) / 0.6, 0, 1)
    mix(image, look.hair.root, 0.88 * scalp * scalp)
    oil = 0.50 + 0.45 * spot(x, y, 0, -2.5, 0.9, 2.6) + 0.30 * spot(x, y, 0, 4.5, 3.2, 2.0)
    oil += 0.25 * spot(x, y, 3.6, -2.4, 1.4, 0.9) + noise(x.shape, 1.2, rng) * 0.05
    return np.ascontiguousarray(np.dstack([image, oil.astype(np.float32)]))


def cast_hair(skin: Array, hair: Hair, table: Table) -> None:
    """Darken the skin where hair hangs in front of it, towards the side that the key light leaves."""
    height, width = len(skin), len(skin[0])
    mask = np.zeros((height, width), np.float32)
    outside = distances(table, hair.points) > 0.1
    front = hair.points[(hair.points[:, 2] > 1.5) & outside]
    column = ((front[:, 0] + 0.15 - SKIN_LEFT) * SKIN_SCALE).astype(int)
    row = ((SKIN_TOP - front[:, 1] + 0.30) * SKIN_SCALE).astype(int)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    np.add.at(mask, (row[inside], column[inside]), 1.0)
    near = np.clip(cv2.GaussianBlur(mask, (0, 0), 9) * 60, 0, 1)
    wide = np.clip(cv2.GaussianBlur(mask, (0, 0), 26) * 60, 0, 1)
    dark = 0.34 * cv2.GaussianBlur(near, (0, 0), 9) + 0.30 * cv2.GaussianBlur(wide, (0, 0), 26)
    skin[..., :3] *= 1 - dark[..., None] * np.array([0.78, 1.0, 1.06], np.float32)
    skin[..., 3] *= 1 - dark


def _paint_lids(look: Look, image: Array, x: Array, y: Array) -> None:
    """The crease of the upper lid and a soft shadow of make-up towards the temple."""
    cx, cy, _ = look.eyes.centre
    t = (np.abs(x) - cx) / (look.eyes.half_width * 1.12)
    arch = np.clip(1 - t * t, 0, 1)
    crease = cy + look.eyes.tilt * t + (look.eyes.upper + 0.40) * arch**0.55 - 0.12
    line = np.exp(-(((y - crease) / 0.075) ** 2)) * np.clip(arch * 2.2, 0, 1)
    image *= 1.0 - 0.34 * line[..., None] * np.array([0.75, 1.0, 1.0], np.float32)
    lid = np.clip((crease - y) / 0.25, 0, 1) * np.clip((y - cy) / 0.2, 0, 1) * np.clip(arch * 2, 0, 1)
    image *= 1.0 - look.lid_shadow * lid[..., None] * np.array([0.6, 1.0, 0.95], np.float32)


def _paint_stubble(look: Look, image: Array, x: Array, y: Array, rng: np.random.Generator) -> None:
    """A short beard's shade on jaw, chin and upper lip."""
    if look.stubble <= 0:
        return
    jaw = np.clip(
        (-5.6 - 0.28 * (np.abs(x) - 2) ** 2 * (np.abs(x) < 3.6) + 0.85 * np.clip(np.abs(x) - 3.4, 0, 3) - y) / 1.2, 0, 1
    )
    jaw *= np.clip((y + 13.2) / 1.8, 0, 1)
    lip = spot(x, y, 0.9, -5.45, 1.5, 0.42)
    amount = np.clip(np.maximum(jaw, lip), 0, 1) * look.stubble
    grain = np.clip(0.72 + 0.45 * noise(x.shape, 0.8, rng), 0, 1.4)
    mix(
        image,
        (look.brows[0] * 1.6 + 0.05, look.brows[1] * 1.6 + 0.045, look.brows[2] * 1.6 + 0.045),
        np.clip(amount * grain, 0, 0.9),
    )


def _brow_line(look: Look, t: Wide) -> tuple[Wide, Wide, Wide]:
    """Middle line (x, y) and half thickness of the right-hand brow from its head (t = 0) to its tail (t = 1)."""
    cx = look.eyes.centre[0]
    x = cx - 1.75 + 3.85 * t
    y = look.brow_height + look.brow_arch * np.sin(np.pi * np.clip(t * 0.80 + 0.05, 0, 1)) - 0.40 * t**2.2
    thick = 0.30 * look.brow_weight * (1 - t**2.2 * 0.85) * np.clip(0.42 + t * 2.6, 0, 1)
    return x, y, thick


def _paint_brows(look: Look, image: Array, rng: np.random.Generator) -> None:
    """Hundreds of short strokes over a soft shade, drawn four times finer and averaged down."""
    fine = 3
    mask = np.zeros((image.shape[0] * fine // 4, image.shape[1] * fine), np.uint8)
    scale = SKIN_SCALE * fine
    for _ in range(int(520 * look.brow_weight) + 160):
        t = float(rng.beta(0.95, 1.05))
        x, y, thick = (float(v) for v in _brow_line(look, np.array(t)))
        off = float(np.clip(rng.normal(0, 0.52), -1, 1))
        angle = 1.25 - 1.45 * t**0.7 - 0.42 * off + rng.normal(0, 0.12)
        length = (0.50 - 0.16 * t) * rng.uniform(0.7, 1.15)
        y += off * thick
        side = 1 if rng.random() < 0.5 else -1
        ends = [(side * (x + length * k * np.cos(angle)), y + length * k * np.sin(angle)) for k in (-0.4, 0.1, 0.6)]
        ends[2] = (ends[2][0], ends[2][1] - 0.05)
        line = np.array(
            [((u - SKIN_LEFT) * scale, (SKIN_TOP - v) * scale - image.shape[0] * fine / 4) for u, v in ends]
        )
        cv2.polylines(mask, [np.round(line * 8).astype(np.int32)], False, 150, 3, cv2.LINE_AA, 3)
    rows = image.shape[0] // 4
    small = cv2.resize(mask, (image.shape[1], rows), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    soft = cv2.GaussianBlur(small, (0, 0), 5) * 0.55
    cover = np.clip(small * 1.15 + soft, 0, 0.93)
    top = image.shape[0] // 4
    mix(image[top : top + rows], look.brows, cover)
