"""Where the mouth lies: squares cut and put back, the one rectangle, the mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from understudy_workers.models.geometry import BORDER, Geometry, mask


def geometry(*moves: tuple[float, float, float]) -> Geometry:
    """A twin whose plates are shifted by (x, y) and tilted by an angle."""
    matrices = tuple(((np.cos(a), -np.sin(a), x), (np.sin(a), np.cos(a), y)) for x, y, a in moves or [(0.0, 0.0, 0.0)])
    count = len(matrices)
    return Geometry(
        side=96,
        left=200,
        top=300,
        matrices=matrices,
        poses=((0.0,),) * count,
        quiet=(0,) * count,
        busy=(),
        rest_code=(0.0,),
    )


def scene() -> np.ndarray:
    y, x = np.mgrid[0:512, 0:512]
    return np.stack([x // 2, y // 2, (x + y) // 4], -1).astype(np.uint8)


moves = st.tuples(st.floats(-20, 20), st.floats(-20, 20), st.floats(-0.1, 0.1))


@settings(max_examples=30, deadline=None)
@given(st.lists(moves, min_size=1, max_size=6))
def test_the_rectangle_is_even_and_holds_every_square(shifts: list[tuple[float, float, float]]) -> None:
    twin = geometry(*shifts)
    rect = twin.rect()
    assert not (rect.x | rect.y | rect.width | rect.height) & 1
    assert rect.x >= 0
    assert rect.y >= 0
    assert rect.x + rect.width <= 512
    assert rect.y + rect.height <= 512
    for plate in range(len(shifts)):
        shown = twin.to_rect(plate, mask(96), rect)
        inner = shown[4:-4, 4:-4]
        assert inner.sum() == pytest.approx(shown.sum())
        assert shown.sum() > 0.5 * 96 * 96 * 0.5


@settings(max_examples=20, deadline=None)
@given(moves)
def test_cutting_and_putting_back_changes_little(move: tuple[float, float, float]) -> None:
    twin, picture = geometry(move), scene()
    rect = twin.rect()
    back = twin.to_rect(0, twin.to_square(0, picture), rect).astype(float)
    own = picture[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width].astype(float)
    weight = twin.to_rect(0, mask(96), rect).astype(float)[..., None]
    assert (np.abs(back - own) * weight).sum() / weight.sum() / 3 < 1.0


def test_unmoved_squares_are_the_pictures_own_pixels() -> None:
    assert np.array_equal(geometry().to_square(0, scene()), scene()[300:396, 200:296])


def test_the_mask_hides_its_edge_and_shows_its_middle() -> None:
    shown = mask(128)
    assert shown.dtype == np.float32
    assert shown[64, 64] == 1
    assert not shown[[0, -1]].any()
    assert not shown[:, [0, -1]].any()
    assert np.abs(np.diff(shown, axis=0)).max() < 0.15
    assert np.array_equal(shown, shown.T)


def test_the_border_is_wider_than_promised() -> None:
    assert BORDER >= 4


@pytest.mark.parametrize("change", [{"side": 100}, {"side": 32}, {"left": -1}, {"eyes": 2}])
def test_a_strange_geometry_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Geometry.model_validate({**geometry().model_dump(), **change})
