"""Where a twin's mouth lies on its plates: the numbers of a bundle's `twin.json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from understudy_api.model import Model

BORDER: Final = 6
"""Pixels along the mouth rectangle's border that are always the plate's own."""

Rgb = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Rect:
    """A rectangle in capture pixels, all numbers even, so that it falls on whole chroma samples."""

    x: int
    y: int
    width: int
    height: int


class Geometry(Model):
    """Everything about a twin's face that is neither pixels nor weights.

    The mouth is painted in a steadied square, `side` pixels wide, whose corner is (`left`, `top`) of the reference
    picture; plate p shows the reference picture moved by the similarity `matrices[p]` ([2][3], in pixels).
    """

    side: int = Field(ge=64, le=256, multiple_of=16)
    left: int = Field(ge=0, le=512)
    top: int = Field(ge=0, le=512)
    matrices: tuple[tuple[tuple[float, float, float], tuple[float, float, float]], ...] = Field(max_length=150)
    poses: tuple[tuple[float, ...], ...] = Field(max_length=150)
    quiet: tuple[int, ...] = Field(max_length=150)
    """For each plate the plate with a closed mouth whose pose is nearest."""
    busy: tuple[int, ...] = Field(max_length=150)
    """Plates in which something beside the mouth moves fast: a blink."""
    rest_code: tuple[float, ...] = Field(max_length=64)

    def to_square(self, plate: int, picture: Rgb) -> Rgb:
        """The steadied square cut from a plate's picture [512, 512, 3]: uint8 [side, side, 3]."""
        return steadied(picture, np.array(self.matrices[plate]), self.left, self.top, self.side)

    def to_rect(self, plate: int, square: npt.NDArray[np.generic], rect: Rect) -> npt.NDArray[np.generic]:
        """A steadied square moved to where it lies on a plate, cut to `rect`; 0 outside the square."""
        matrix = np.array(self.matrices[plate])
        offset = matrix[:, :2] @ np.array([self.left, self.top]) + matrix[:, 2] - np.array([rect.x, rect.y])
        moved = np.column_stack([matrix[:, :2], offset])
        return np.asarray(cv2.warpAffine(square, moved, (rect.width, rect.height), flags=cv2.INTER_CUBIC))

    def rect(self) -> Rect:
        """The even rectangle that holds the square on every plate, and a border around it."""
        corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * self.side + np.array([self.left, self.top])
        placed = np.concatenate([corners @ np.array(m)[:, :2].T + np.array(m)[:, 2] for m in self.matrices])
        low = np.floor(placed.min(0) - BORDER).astype(int) // 2 * 2
        high = -(np.floor(-placed.max(0) - BORDER).astype(int) // 2) * 2
        low, high = np.maximum(low, 0), np.minimum(high, 512)
        return Rect(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def steadied(picture: Rgb, matrix: npt.NDArray[np.float64], left: int, top: int, side: int) -> Rgb:
    """The square at (left, top) of the reference picture, found in a picture whose head moved by `matrix`."""
    offset = matrix[:, :2] @ np.array([left, top]) + matrix[:, 2]
    return np.asarray(
        cv2.warpAffine(
            picture,
            np.column_stack([matrix[:, :2], offset]),
            (side, side),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def mask(side: int) -> Floats:
    """How much of the painted square shows: 1 in its middle, falling smoothly to 0 at its rounded edge; [side, side]."""
    axis = (np.arange(side) + 0.5) / side * 2 - 1
    away = (np.abs(axis[None, :]) ** 4 + np.abs(axis[:, None]) ** 4) ** 0.25
    inside = np.clip((0.97 - away) / 0.22, 0, 1)
    return np.asarray(inside * inside * (3 - 2 * inside), np.float32)
