"""The continued studio: no seam, no shadow of the presenter, soft exits only where somebody leaves."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from understudy_workers.media.backdrop import cut_out_person, extend_studio

SIDE = 512
Plate = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def plate(draw: Callable[..., Plate]) -> Plate:
    return draw()


def test_finds_the_person(plate: Plate) -> None:
    person = cut_out_person(plate)
    drawn = (plate[..., 0] < 90) | (plate[..., 0] > 180)
    overlap = (person.astype(bool) & drawn).sum() / (person.astype(bool) | drawn).sum()
    assert overlap > 0.9


def test_is_the_same_every_time(plate: Plate) -> None:
    first = extend_studio(plate, 100, 50, 100, 0)
    second = extend_studio(plate.copy(), 100, 50, 100, 0)
    assert np.array_equal(first.canvas, second.canvas)
    assert np.array_equal(first.opacity, second.opacity)


def test_the_canvas_has_the_asked_size_and_no_trace_of_the_presenter(plate: Plate) -> None:
    backdrop = extend_studio(plate, 200, 80, 120, 0)
    assert backdrop.canvas.shape == (SIDE + 80, SIDE + 320, 3)
    assert (backdrop.left, backdrop.top) == (200, 80)
    # The wall's red lies in 120-160, its blue in 110-130; the blazer's are 60 and 150, the skin's 225 and 160.
    assert backdrop.canvas[..., 0].min() > 112
    assert backdrop.canvas[..., 0].max() < 168
    assert backdrop.canvas[..., 2].max() < 136


def test_there_is_no_seam_where_the_plate_ends(plate: Plate) -> None:
    backdrop = extend_studio(plate, 200, 0, 200, 0)
    whole = backdrop.canvas.copy()
    whole[:, 200 : 200 + SIDE] = backdrop.fade(plate)
    wall = whole[:330]  # above the shoulders
    steps = np.abs(np.diff(wall.mean(0), axis=0)).max(1)
    assert steps[195:206].max() < 1.0
    assert steps[SIDE + 195 : SIDE + 206].max() < 1.0


def test_the_inside_of_the_plate_stays_as_it_is(plate: Plate) -> None:
    faded = extend_studio(plate, 200, 0, 200, 0).fade(plate)
    assert np.array_equal(faded[:, 60:-60], plate[:, 60:-60])


def test_a_closed_frame_fades_nothing(plate: Plate) -> None:
    backdrop = extend_studio(plate, 0, 0, 0, 0)
    assert backdrop.fade(plate) is plate


def test_a_shoulder_that_only_touches_the_edge_stays_sharp(draw: Callable[..., Plate]) -> None:
    opacity = extend_studio(draw(shoulder=256, blazer_y=440), 150, 0, 150, 0).opacity
    assert min(opacity[435:445, 8:16].min(), opacity[435:445, -16:-8].min()) > 0.95


def test_a_shoulder_that_leaves_melts_away(draw: Callable[..., Plate]) -> None:
    opacity = extend_studio(draw(shoulder=400), 150, 0, 150, 0).opacity
    assert max(opacity[495:, 4:12].max(), opacity[495:, -12:-4].max()) < 0.5
    assert opacity[495:, 60:-60].min() == 1


def test_above_a_portrait_the_wall_goes_on(plate: Plate) -> None:
    backdrop = extend_studio(plate, 0, 150, 0, 0)
    assert backdrop.opacity[0].max() == 0
    assert backdrop.opacity[60:].min() == 1
    assert np.abs(backdrop.canvas[10] - backdrop.canvas[140]).max() < 25
