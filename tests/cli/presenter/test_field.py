"""Sculpting by distance: signs, mirror, normals, surfaces that close, light that is blocked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_cli.presenter.field import Limb, Lump, distance, distances, front_depths, gradients, tabulate
from understudy_cli.presenter.mesh import bare_mesh, face_normals
from understudy_cli.presenter.nets import skin
from understudy_cli.presenter.occlusion import bake, hemisphere

BALL = tabulate([Lump((0, 0, 0), (2, 2, 2))])
UP = np.array([0, 1, 0], np.float32)


@pytest.mark.parametrize(
    ("parts", "point", "sign"),
    [
        ([Lump((0, 0, 0), (2, 2, 2))], (0, 0, 0), -1),
        ([Lump((0, 0, 0), (2, 2, 2))], (0, 3, 0), 1),
        ([Lump((3, 0, 0), (1, 1, 1))], (3, 0, 0), -1),
        ([Lump((3, 0, 0), (1, 1, 1))], (-3, 0, 0), -1),
        ([Limb((0, 0, 0), (0, 4, 0), (1, 0.5))], (0, 3.9, 0), -1),
        ([Limb((0, 0, 0), (0, 4, 0), (1, 0.5))], (0.8, 4, 0), 1),
        ([Lump((0, 0, 0), (2, 2, 2)), Lump((0, 0, 2), (1, 1, 1), 0.1, carve=True)], (0, 0, 1.6), 1),
        ([Lump((0, 0, 0), (2, 2, 2)), Lump((0, 0, 2), (1, 1, 1), 0.1, carve=True)], (0, 0, -1.6), -1),
    ],
)
def test_parts_hold_what_they_should(parts, point, sign):
    assert np.sign(distance(tabulate(parts), *map(float, point))) == sign


@given(st.tuples(*[st.floats(-9, 9)] * 3))
@settings(max_examples=60, deadline=None)
def test_everything_is_mirrored(point):
    table = tabulate([Lump((1.5, 0, 0), (2, 1, 2)), Limb((0.5, 0, 0), (3, 3, 1), (1, 0.4))])
    x, y, z = point
    assert distance(table, x, y, z) == pytest.approx(distance(table, -x, y, z), abs=1e-9)


def test_the_skin_of_a_ball_is_closed_and_lies_on_it():
    mesh = skin(BALL, (-3, -3, -3), (3, 3, 3), 0.4)
    assert np.abs(np.linalg.norm(mesh.points, axis=1) - 2).max() < 0.02
    edges = np.sort(np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]]), axis=1)
    _, uses = np.unique(edges, axis=0, return_counts=True)
    assert set(uses) == {2}, "each edge joins two triangles: no holes"
    assert (np.einsum("ij,ij->i", mesh.normals, mesh.points) > 1.9).all()


def test_triangles_wind_outwards_so_face_normals_agree_with_the_sculpture():
    mesh = skin(BALL, (-3, -3, -3), (3, 3, 3), 0.4)
    assert np.einsum("ij,ij->i", face_normals(mesh.points, mesh.faces), mesh.normals).min() > 0.9


def test_front_depth_meets_the_surface_or_says_far():
    depths = front_depths(BALL, np.array([[0, 0], [1, 0], [5, 5]], np.float32), 6.0, -6.0)
    assert depths == pytest.approx([2, 3**0.5, -6], abs=0.02)


def test_normals_point_away_from_the_middle():
    points = np.array([[2, 0, 0], [0, -2, 0]], np.float32)
    assert gradients(BALL, points, 0.01) == pytest.approx(points / 2, abs=1e-3)
    assert np.abs(distances(BALL, points)).max() < 0.05


def test_a_point_under_a_roof_is_darker_than_one_in_the_open():
    table = tabulate([Lump((0, 0, 0), (8, 1, 8)), Lump((0, 4, 0), (6, 1, 6), 0.1)])
    points = np.array([[0, 1, 0], [0, 5, 0]], np.float32)
    mesh = bake(bare_mesh(points, np.stack([UP, UP]), np.zeros((0, 3), np.int32)), table, UP)
    assert mesh.ambient[0] < 0.6 < 0.9 < mesh.ambient[1]
    assert mesh.key[0] < 0.1 < 0.9 < mesh.key[1]


def test_hemisphere_directions_are_unit_and_above_the_plane():
    rays = hemisphere(40)
    assert np.linalg.norm(rays, axis=1) == pytest.approx(np.ones(40), abs=1e-5)
    assert (rays[:, 2] > 0).all()
    assert np.abs(rays[:, :2].mean(0)).max() < 0.05
