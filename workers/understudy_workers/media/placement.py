"""Where the square plate of a presenter lies in an output of any shape, to the even pixel."""

import math
from dataclasses import dataclass
from typing import Protocol

MIN_SIDE, MAX_SIDE = 192, 4096
# In a picture taller than wide the presenter is drawn this much wider than the picture, at most: shoulders leave at
# both sides as in a photograph, and the studio goes on above.
PORTRAIT_ZOOM = 1.35


class Box(Protocol):
    """A rectangle in plate pixels, all numbers even."""

    @property
    def x(self) -> int: ...  # noqa: D102
    @property
    def y(self) -> int: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def height(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class Placement:
    """A plate's place: its point (u, v) lands on (left + scale_x * u, top + scale_y * v), in pixels from the corner.

    The plate's corner and the mouth's corner both fall on even output pixels: so a mouth scaled by itself meets the
    scaled plate without a shift, in luma and in chroma. The two scales differ by a fraction of a per cent for that.
    """

    scale_x: float
    scale_y: float
    left: int
    top: int


def place(width: int, height: int, plate_side: int, mouth: Box) -> Placement:
    """The presenter's place in an output: full height and centred where it is wide, on the lower edge where tall.

    Raises ValueError for odd sides or sides outside 192-4096 pixels.
    """
    for name, side in (("width", width), ("height", height)):
        if side % 2 or not MIN_SIDE <= side <= MAX_SIDE:
            raise ValueError(f"output {name}: wanted an even number {MIN_SIDE}-{MAX_SIDE}, got {side}")
    # Two pixels more than needed leave room for the rounding of the corner.
    scale = (min(height, width * PORTRAIT_ZOOM) + 2) / plate_side
    scale_x, scale_y = _aligned(scale, mouth.x), _aligned(scale, mouth.y)
    left = 2 * round((width - scale_x * plate_side) / 4)
    top = 2 * math.ceil((height - scale_y * plate_side) / 2)
    return Placement(scale_x, scale_y, left, top)


def _aligned(scale: float, offset: int) -> float:
    """The next larger scale that puts an offset on an even pixel."""
    return 2 * math.ceil(scale * offset / 2) / offset if offset else scale
