"""A rectangle of the output that shows a rectangle of the plate, scaled: the whole plate, or its mouth alone."""

import math
from dataclasses import dataclass

import cv2

from understudy_workers.media.placement import Box, Placement
from understudy_workers.media.yuv import Bytes, Yuv420, rgb_to_yuv444

Planes = tuple[Bytes, Bytes, Bytes]

_CUBIC_REACH = 2  # source pixels a cubic looks at beyond its place


@dataclass(frozen=True)
class Window:
    """Output pixels [y, y + height) x [x, x + width), all even, of a source scaled by (``scale_x``, ``scale_y``).

    ``skip_x`` and ``skip_y`` (even) are the scaled source's pixels left of and above the window; ``blur`` is the
    sigma in source pixels that keeps a shrunk picture from aliasing.
    """

    x: int
    y: int
    width: int
    height: int
    scale_x: float
    scale_y: float
    skip_x: int
    skip_y: int
    blur: float

    def sample(self, picture: Bytes) -> Planes:
        """The window's Y, U and V [height / 1 or 2, width / 1 or 2] from the source in RGB [h, w, 3]."""
        if self.blur:
            picture = cv2.GaussianBlur(picture, (0, 0), self.blur, borderType=cv2.BORDER_REPLICATE)
        luma, *chroma = rgb_to_yuv444(picture)
        y = self._scaled(luma, 1, cv2.INTER_CUBIC)
        u, v = (self._scaled(plane, 2, cv2.INTER_LINEAR) for plane in chroma)
        return y, u, v

    def _scaled(self, plane: Bytes, step: int, way: int) -> Bytes:
        scaled = cv2.resize(plane, None, fx=self.scale_x / step, fy=self.scale_y / step, interpolation=way)
        y, x = self.skip_y // step, self.skip_x // step
        part: Bytes = scaled[y : y + self.height // step, x : x + self.width // step]
        return part

    def paste(self, planes: Planes, frame: Yuv420, corner: tuple[int, int] = (0, 0)) -> None:
        """Write the window's planes into a picture whose corner is at ``corner`` (x, y) of the output."""
        for target, plane, step in zip(frame.planes, planes, (1, 2, 2), strict=True):
            x, y = (self.x - corner[0]) // step, (self.y - corner[1]) // step
            target[y : y + plane.shape[0], x : x + plane.shape[1]] = plane


def plate_window(at: Placement, width: int, height: int, side: int) -> Window:
    """The part of the output that a plate of this side covers."""
    across = _span(at.left, at.scale_x * side, 0, (0, width))
    down = _span(at.top, at.scale_y * side, 0, (0, height))
    return _window(at, across, down, (at.left, at.top))


def mouth_window(at: Placement, mouth: Box, plate: Window) -> Window:
    """The output pixels, inside the plate's, that depend on the mouth's rectangle alone."""
    reach = _CUBIC_REACH + math.ceil(4 * plate.blur)
    left, top = (round(at.left + at.scale_x * mouth.x), round(at.top + at.scale_y * mouth.y))
    across = _span(left, at.scale_x * mouth.width, at.scale_x * reach, (plate.x, plate.x + plate.width))
    down = _span(top, at.scale_y * mouth.height, at.scale_y * reach, (plate.y, plate.y + plate.height))
    if min(across[1] - across[0], down[1] - down[0]) < 4:
        raise ValueError(f"mouth: wanted a rectangle inside the picture, got {mouth}; check the twin's bundle")
    return _window(at, across, down, (left, top))


def _span(start: int, length: float, margin: float, bounds: tuple[int, int]) -> tuple[int, int]:
    """The even pixels wholly inside [start + margin, start + length - margin) and the bounds."""
    first = max(bounds[0], 2 * math.ceil((start + margin) / 2))
    last = min(bounds[1], 2 * math.floor((start + length - margin) / 2))
    return first, last


def _window(at: Placement, across: tuple[int, int], down: tuple[int, int], corner: tuple[int, int]) -> Window:
    size = (across[1] - across[0], down[1] - down[0])
    scale = min(at.scale_x, at.scale_y)
    blur = 0.5 * math.sqrt(scale**-2 - 1) if scale < 0.9 else 0.0
    skip = (across[0] - corner[0], down[0] - corner[1])
    return Window(across[0], down[0], *size, at.scale_x, at.scale_y, *skip, blur)
