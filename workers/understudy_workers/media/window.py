"""Rectangles of the output and how their pixels are sampled from the plate, to the bit the same for plate and patch."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from understudy_workers.media.placement import Placement
from understudy_workers.media.yuv import Bytes, Yuv420, rgb_to_yuv444

Maps = tuple[npt.NDArray[np.int16], npt.NDArray[np.uint16]]
Planes = tuple[Bytes, Bytes, Bytes]


class Box(Protocol):
    """A rectangle in plate pixels."""

    @property
    def x(self) -> int: ...  # noqa: D102
    @property
    def y(self) -> int: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def height(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class Window:
    """An even rectangle of the output and, for each of its pixels, where in the plate it is sampled from.

    ``maps`` are OpenCV's fixed-point maps of Y and of the chroma planes.
    """

    x: int
    y: int
    width: int
    height: int
    maps: tuple[Maps, ...]

    def part(self, x: int, y: int, width: int, height: int, source_x: int, source_y: int) -> "Window":
        """An even part of the window, sampled from a source whose corner is at a whole plate pixel.

        Fractions are kept to the bit, so a patch equal to its plate gives exactly the plate's pixels.
        """
        maps = []
        for (whole, fraction), step in zip(self.maps, (1, 2), strict=True):
            at = np.s_[
                (y - self.y) // step : (y - self.y + height) // step,
                (x - self.x) // step : (x - self.x + width) // step,
            ]
            shift = np.array([source_x, source_y], np.int16)
            maps.append((np.ascontiguousarray(whole[at] - shift), np.ascontiguousarray(fraction[at])))
        return Window(x, y, width, height, tuple(maps))

    def sample(self, picture: Bytes, blur: float) -> Planes:
        """The window's Y, U and V from an RGB picture, softened by ``blur`` pixels (sigma) where it shrinks."""
        if blur:
            picture = cv2.GaussianBlur(picture, (0, 0), blur, borderType=cv2.BORDER_REPLICATE)
        ways = ((self.maps[0], cv2.INTER_CUBIC), *2 * ((self.maps[1], cv2.INTER_LINEAR),))
        y, u, v = (
            cv2.remap(plane, *maps, way, borderMode=cv2.BORDER_REPLICATE)
            for plane, (maps, way) in zip(rgb_to_yuv444(picture), ways, strict=True)
        )
        return y, u, v

    def paste(self, planes: Planes, frame: Yuv420) -> None:
        """Write the window's planes into a frame."""
        for target, plane, step in zip(frame.planes, planes, (1, 2, 2), strict=True):
            y, x = self.y // step, self.x // step
            target[y : y + plane.shape[0], x : x + plane.shape[1]] = plane


def _sampling(at: Placement, x: int, y: int, width: int, height: int, step: int) -> Maps:
    """Plate coordinates of an output rectangle's pixels; ``step`` 2 samples between the pixels of 2x2 blocks."""
    across = (x + (np.arange(width // step) + 0.5) * step - at.left) / at.scale - 0.5
    down = (y + (np.arange(height // step) + 0.5) * step - at.top) / at.scale - 0.5
    grid = np.meshgrid(across.astype(np.float32), down.astype(np.float32))
    whole, fraction = cv2.convertMaps(*grid, cv2.CV_16SC2)
    return whole, fraction


def plate_window(at: Placement, width: int, height: int, side: int) -> Window:
    """The part of the output the plate covers."""
    span = at.scale * side
    left, right = max(0, int(at.left) // 2 * 2), min(width, -int(-(at.left + span) // 2) * 2)
    top, bottom = max(0, int(at.top) // 2 * 2), min(height, -int(-(at.top + span) // 2) * 2)
    box = (left, top, right - left, bottom - top)
    return Window(*box, maps=tuple(_sampling(at, *box, step) for step in (1, 2)))


def mouth_window(plate: Window, at: Placement, mouth: Box, blur: float) -> Window:
    """The output pixels that depend on the mouth's rectangle alone, given a cubic's taps and the blur's reach."""
    reach = 2 + 1 / at.scale + np.ceil(4 * blur)
    spans = []
    for start, size, offset in ((mouth.x, mouth.width, at.left), (mouth.y, mouth.height, at.top)):
        first = np.ceil((offset + at.scale * (start + reach)) / 2) * 2
        last = np.floor((offset + at.scale * (start + size - reach)) / 2) * 2
        spans.append((int(first), int(last)))
    (left, right), (top, bottom) = spans
    left, right = max(left, plate.x), min(right, plate.x + plate.width)
    top, bottom = max(top, plate.y), min(bottom, plate.y + plate.height)
    if right - left < 4 or bottom - top < 4:
        raise ValueError(f"mouth: wanted a rectangle inside the picture, got {mouth}; check the twin's bundle")
    return plate.part(left, top, right - left, bottom - top, mouth.x, mouth.y)
