"""Where the square plate of a presenter lies in an output of any shape."""

from dataclasses import dataclass

MIN_SIDE, MAX_SIDE = 192, 4096
# In a picture taller than wide the presenter is drawn this much wider than the picture, at most: shoulders leave at
# both sides as in a photograph, and the studio goes on above.
PORTRAIT_ZOOM = 1.35


@dataclass(frozen=True)
class Placement:
    """A plate's place: its point (u, v) lands on (left + scale * u, top + scale * v), in pixels from the corner."""

    scale: float
    left: float
    top: float


def place(width: int, height: int, plate_size: int) -> Placement:
    """The presenter's place in an output: full height and centred where it is wide, on the lower edge where tall.

    Raises ValueError for odd sides or sides outside 192-4096 pixels.
    """
    for name, side in (("width", width), ("height", height)):
        if side % 2 or not MIN_SIDE <= side <= MAX_SIDE:
            raise ValueError(f"output {name}: wanted an even number {MIN_SIDE}-{MAX_SIDE}, got {side}")
    span = min(height, width * PORTRAIT_ZOOM)
    return Placement(span / plate_size, (width - span) / 2, height - span)
