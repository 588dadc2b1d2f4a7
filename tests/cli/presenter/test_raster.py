"""The rasteriser on shapes small enough to count: coverage, depth, cutting, strands, averaging, turning."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_cli.presenter.cast import ADA
from understudy_cli.presenter.eyes import eye_row
from understudy_cli.presenter.raster import (
    EYE_SKIN,
    Canvas,
    blank_canvas,
    draw_faces,
    draw_strands,
    mark_strands,
    project,
    shrink,
    turn_matrix,
    turn_points,
)

EYE = eye_row(ADA.eyes)
OPEN = np.ones(2, np.float32)
SKIN = 0


def rasterise(
    points: list[tuple[float, float, float]],
    material: int = SKIN,
    facing: float = 1.0,
    place: tuple[float, float] = (0, 9),
) -> Canvas:
    """Triangles given as consecutive corners (x, y, depth) on a canvas of 16 samples."""
    canvas = blank_canvas(16)
    screen = np.array(points, np.float32)
    faces = np.arange(len(points), dtype=np.int32).reshape(-1, 3)
    vertices = np.zeros((len(points), 12), np.float32)
    vertices[:, 10:12] = place
    away = np.full(len(points), facing, np.float32)
    draw_faces(canvas, screen, away, faces, np.full(len(faces), material, np.uint8), vertices, EYE, OPEN)
    return canvas


def test_a_square_of_two_triangles_covers_its_samples_once():
    near = [(2, 2, 5), (9, 2, 5), (9, 9, 5), (2, 2, 5), (9, 9, 5), (2, 9, 5)]
    canvas = rasterise(near)
    assert (canvas.face[2:10, 2:10] >= 0).all()
    assert (canvas.face >= 0).sum() == 64
    assert set(np.unique(canvas.face)) == {-1, 0, 1}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_nearer_triangle_wins_in_any_order(order):
    triangles = [[(0, 0, 1), (15, 0, 1), (0, 15, 1)], [(0, 0, 2), (15, 0, 2), (0, 15, 2)]]
    canvas = rasterise([corner for i in order for corner in triangles[i]])
    assert canvas.depth[3, 3] == pytest.approx(2)
    assert canvas.face[3, 3] == order.index(1)


def test_weights_sum_to_the_place_within_the_triangle():
    corners = np.array([(1, 1, 0), (14, 2, 3), (3, 13, 6)], np.float32)
    canvas = rasterise([tuple(map(float, corner)) for corner in corners])
    for y, x in np.argwhere(canvas.face == 0):
        w = np.array([canvas.first[y, x], canvas.second[y, x], 1 - canvas.first[y, x] - canvas.second[y, x]])
        assert w @ corners == pytest.approx([x, y, canvas.depth[y, x]], abs=1e-4)


@pytest.mark.parametrize(
    "corners",
    [
        [(2, 2, 0), (2, 2, 0), (2, 2, 0)],
        [(0, 0, 0), (5, 5, 0), (10, 10, 0)],
        [(-90, -90, 0), (-50, -90, 0), (-90, -50, 0)],
        [(900, 900, 0), (950, 900, 0), (900, 950, 0)],
    ],
)
def test_what_has_no_area_or_lies_outside_leaves_nothing(corners):
    assert (rasterise(corners).face == -1).all()


def test_a_triangle_larger_than_the_canvas_is_clipped():
    assert (rasterise([(-99, -99, 0), (999, -99, 0), (-99, 999, 0)]).face == 0).all()


def test_faces_that_look_away_are_skipped():
    assert (rasterise([(0, 0, 0), (15, 0, 0), (0, 15, 0)], facing=-0.5).face == -1).all()


@pytest.mark.parametrize(
    ("material", "place", "drawn"), [(EYE_SKIN, (3.2, 0), 0), (SKIN, (3.2, 0), 1), (EYE_SKIN, (3.2, 3), 1)]
)
def test_the_lid_opening_cuts_eye_skin_only(material, place, drawn):
    canvas = rasterise([(0, 0, 0), (15, 0, 0), (0, 15, 0)], material=material, place=place)
    assert bool((canvas.face == 0).any()) is bool(drawn)


def strand(depth_at: float, width: float = 1.0) -> tuple[np.ndarray, ...]:
    knots = np.array([(1, 8, depth_at), (14, 8, depth_at)], np.float32)
    return knots, np.ones((2, 3), np.float32), np.array([2], np.int32), np.full(2, width, np.float32)


def test_a_strand_is_drawn_before_what_is_farther_and_hidden_by_what_is_nearer():
    for behind, expected in ((0.0, 1.0), (9.0, 0.0)):
        image, depth = np.zeros((16, 16, 3), np.float32), np.full((16, 16), behind, np.float32)
        draw_strands(image, depth, *strand(5.0))
        assert image[8, 1:14].max() == image[8, 2:13].min() == expected
        assert image[[0, 4, 12]].max() == 0


def test_a_thin_strand_is_translucent():
    image, depth = np.zeros((16, 16, 3), np.float32), np.zeros((16, 16), np.float32)
    draw_strands(image, depth, *strand(5.0, width=0.4))
    assert image[8, 5] == pytest.approx([0.4] * 3, abs=0.01)
    assert (depth == 0).all(), "and does not hide what comes after"


def test_only_strands_that_show_are_marked():
    over, _, _, _ = strand(5.0)
    under, _, _, _ = strand(2.0)
    hidden, _, _, _ = strand(-3.0)
    screen = np.concatenate([under, over, hidden])
    seen = np.zeros(3, np.uint8)
    mark_strands(seen, np.zeros((16, 16), np.float32), screen, np.full(3, 2, np.int32), np.ones(6, np.float32))
    assert seen.tolist() == [0, 1, 0]


def test_shrinking_averages_blocks():
    image = np.zeros((4, 4, 3), np.float32)
    image[0:2, 0:2] = 1.0
    image[0, 2] = 1.0
    small = shrink(image, 2)
    assert small.shape == (2, 2, 3)
    assert small[:, :, 0].tolist() == [[255, 64], [0, 0]]


@given(st.tuples(*[st.floats(-0.5, 0.5)] * 3))
@settings(max_examples=50, deadline=None)
def test_turning_keeps_lengths(turn):
    matrix = turn_matrix(*turn)
    assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-5)
    assert np.linalg.det(matrix) == pytest.approx(1, abs=1e-5)


def test_each_point_follows_by_its_grip_about_the_pivot():
    points = np.array([[1, 2, 3], [1, 2, 3], [0, 0, 1]], np.float32)
    grip = np.array([0, 1, 1], np.float32)
    pivot, shift = np.array([1, 2, 3], np.float32), np.array([0.5, 0, 0], np.float32)
    moved = turn_points(points, grip, turn_matrix(0.3, 0.1, 0), pivot, shift)
    assert moved[0] == pytest.approx(points[0])
    assert moved[1] == pytest.approx([1.5, 2, 3])
    assert moved[2] != pytest.approx(points[2] + shift)


def test_the_camera_sees_near_things_larger_and_up_as_up():
    points = np.array([[0, -3.6, 8], [1, -3.6, 8], [1, -3.6, -8], [0, 0, 8]], np.float32)
    screen = project(points, 100.0, 36.0, 95.0, 8.0, -3.6)
    assert screen[0, :2] == pytest.approx([50, 50])
    assert screen[1, 0] == pytest.approx(50 + 100 / 36, abs=1e-4)
    assert 50 < screen[2, 0] < screen[1, 0]
    assert screen[3, 1] < 50
