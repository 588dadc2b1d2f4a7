"""What painting textures needs everywhere: grids in cm, soft spots, mixing, noise."""

from __future__ import annotations

import cv2
import numpy as np

from .field import Array
from .look import Colour


def grid(size: tuple[int, int], left: float, top: float, scale: float) -> tuple[Array, Array]:
    """x and y in cm of each pixel of a texture with (columns, rows) `size`, `scale` px per cm, from `left` and `top`."""
    x = left + np.arange(size[0], dtype=np.float32) / scale
    y = top - np.arange(size[1], dtype=np.float32) / scale
    columns, rows = np.meshgrid(x, y)
    return columns, rows


def spot(x: Array, y: Array, cx: float, cy: float, rx: float, ry: float) -> Array:
    """A soft spot at (+-cx, cy), 1 in its middle."""
    hill: Array = np.exp(-(((np.abs(x) - cx) / rx) ** 2) - ((y - cy) / ry) ** 2)
    return hill


def mix(image: Array, colour: Colour, amount: Array) -> None:
    """Move `image` [h, w, 3] towards `colour` by `amount` [h, w]."""
    image += (np.array(colour, np.float32) - image) * amount[..., None]


def noise(shape: tuple[int, int], blur_px: float, rng: np.random.Generator) -> Array:
    """Smooth noise with unit variance."""
    field: Array = rng.standard_normal(shape).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), blur_px)
    even: Array = field / field.std()
    return even
