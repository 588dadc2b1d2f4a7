"""The presenter's place: covers what it should, on even pixels, in every shape."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_workers.media.placement import MAX_SIDE, MIN_SIDE, PORTRAIT_ZOOM, place

SIDE = 512
even = st.integers(MIN_SIDE // 2, MAX_SIDE // 2).map(lambda half: 2 * half)
offsets = st.integers(0, 190).map(lambda half: 2 * half)


@dataclass(frozen=True)
class Rect:
    x: int
    y: int
    width: int = 100
    height: int = 100


SHAPES = [
    (1280, 720, 722 / SIDE, "sides"),
    (1920, 800, 802 / SIDE, "sides"),
    (1080, 1080, 1082 / SIDE, "none"),
    (1080, 1350, 1352 / SIDE, "none"),
    (720, 1280, (720 * PORTRAIT_ZOOM + 2) / SIDE, "above"),
    (1080, 1920, (1080 * PORTRAIT_ZOOM + 2) / SIDE, "above"),
]


@pytest.mark.parametrize(("width", "height", "scale", "opens"), SHAPES)
def test_every_shape_has_its_layout(width: int, height: int, scale: float, opens: str) -> None:
    at = place(width, height, SIDE, Rect(192, 240))
    assert at.scale_x == pytest.approx(scale, rel=0.01)
    assert at.scale_y == pytest.approx(scale, rel=0.01)
    right, bottom = at.left + at.scale_x * SIDE, at.top + at.scale_y * SIDE
    assert ("sides" if at.left > 0 else "above" if at.top > 0 else "none") == opens
    assert abs((at.left + right) / 2 - width / 2) <= 2
    assert 0 <= bottom - height < height * 0.02 + 4
    if opens != "sides":
        assert at.left <= 0
        assert right >= width


@settings(max_examples=60, deadline=None, derandomize=True)
@given(even, even, offsets, offsets)
def test_corners_of_plate_and_mouth_fall_on_even_pixels(width: int, height: int, x: int, y: int) -> None:
    at = place(width, height, SIDE, Rect(x, y))
    for start, scale, offset in ((at.left, at.scale_x, x), (at.top, at.scale_y, y)):
        assert start % 2 == 0
        corner = start + scale * offset
        assert corner == pytest.approx(round(corner), abs=1e-6)
        assert round(corner) % 2 == 0
    assert at.top + at.scale_y * SIDE >= height
    assert at.left + at.scale_x * SIDE >= min(width, height)


@pytest.mark.parametrize("size", [(1279, 720), (1280, 721), (190, 720), (1280, 4098)])
def test_refuses_sizes_it_cannot_draw(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="wanted an even number 192-4096"):
        place(*size, SIDE, Rect(192, 240))
