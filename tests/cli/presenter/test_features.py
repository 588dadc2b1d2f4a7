"""Lips, teeth, lids and strands as shapes, without drawing them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_cli.presenter.cast import ADA, BEN, LOOKS
from understudy_cli.presenter.eyes import aperture, eye_row, lashes, lid_edges
from understudy_cli.presenter.field import tabulate
from understudy_cli.presenter.flow import BASIS, basis, lower_jaw
from understudy_cli.presenter.hair import build_hair, hairline_at
from understudy_cli.presenter.lips import build_lips, lip_curves, lip_shade, pose_lips
from understudy_cli.presenter.mouth import build_teeth, build_tongue, pose_tongue
from understudy_cli.presenter.targets import NAMES, TARGETS, Articulation

MIDDLE = np.array([np.pi / 2, -np.pi / 2])


def opening(pose: Articulation) -> float:
    edge = lip_curves(ADA.mouth, pose, MIDDLE).edge
    return float(edge[0, 1] - edge[1, 1])


def width(pose: Articulation) -> float:
    edge = lip_curves(ADA.mouth, pose, np.array([0.0, np.pi])).edge
    return float(edge[0, 0] - edge[1, 0])


@pytest.mark.parametrize("sound", ["rest", "lips"])
def test_lips_touch_at_rest_and_in_closures(sound):
    assert opening(TARGETS[sound].pose) <= 0.01


@pytest.mark.parametrize(("sound", "least"), [("a", 1.3), ("ae", 1.1), ("o", 0.8), ("e", 0.7), ("i", 0.4), ("u", 0.3)])
def test_vowels_open_the_lips_by_centimetres(sound, least):
    assert opening(TARGETS[sound].pose) > least


def test_rounded_lips_are_narrow_and_forward_and_spread_ones_wide():
    rest, u, i = (TARGETS[s].pose for s in ("rest", "u", "i"))
    assert width(u) < 0.65 * width(rest) < width(rest) < width(i)
    assert lip_curves(ADA.mouth, u, MIDDLE).edge[:, 2].min() > 0.4


def test_the_lower_lip_tucks_under_the_upper_teeth():
    rest, f = (lip_curves(ADA.mouth, TARGETS[s].pose, MIDDLE).edge[1] for s in ("rest", "teeth-lip"))
    assert f[2] < rest[2] - 0.2


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_lip_sheet_lies_on_the_face_at_its_rim_and_its_corners_hold(look):
    table = tabulate(look.head)
    patch = build_lips(look.mouth, table)
    still = basis(patch.mesh.points, look.mouth)[0] * 0
    for sound, target in TARGETS.items():
        points, normals = pose_lips(patch, target.pose, still)
        rim = points[-144:] - patch.mesh.points[-144:]
        assert np.abs(rim).max() < 0.02, sound
        assert np.isfinite(points).all()
        assert np.linalg.norm(normals, axis=1) == pytest.approx(np.ones(len(normals)), abs=1e-3)
    shade = lip_shade(patch)
    assert 0 < shade.min() < 0.5 < shade.max() <= 1


def test_the_skin_follows_each_parameter_smoothly_and_the_forehead_not_at_all():
    points = np.array([[0, -9, 7.5], [2.5, -6, 7], [0, 8, 7], [0, -9.1, 7.5]], np.float32)
    fields = basis(points, ADA.mouth)
    assert fields.shape == (len(BASIS), 4, 3)
    jaw = fields[NAMES.index("jaw")]
    assert jaw[0, 1] < -0.5, "the chin drops"
    assert np.abs(jaw[0] - jaw[3]).max() < 0.1
    assert np.abs(fields[: len(NAMES), 2]).max() < 1e-3
    assert np.abs(fields[BASIS.index("brow_left"), 0]).max() < 1e-6


def test_lower_teeth_go_with_the_jaw_and_the_tongue_rises():
    teeth = build_teeth(ADA.mouth, 8.0, upper=False)
    assert (lower_jaw(teeth.points, 0.0) == teeth.points).all()
    assert (lower_jaw(teeth.points, 1.0)[:, 1] < teeth.points[:, 1]).all()
    tongue = build_tongue(ADA.mouth, 8.0)
    raised = pose_tongue(tongue, Articulation(tip=1.0))[:, 1] - pose_tongue(tongue, Articulation())[:, 1]
    front = tongue.uv[:, 1] < 0.1
    assert raised[front].min() > 0.7 > raised[~front].min()


def test_upper_teeth_cover_lower_ones():
    upper, lower = (build_teeth(ADA.mouth, z, upper=u) for z, u in ((8.0, True), (7.8, False)))
    assert upper.points[:, 1].min() < lower.points[:, 1].max()
    assert upper.points[:, 2].max() > lower.points[:, 2].max()


@given(st.floats(-3, 3), st.floats(0, 1))
@settings(max_examples=80, deadline=None)
def test_lids_never_cross(x, amount):
    shape = ADA.eyes
    top, bottom = lid_edges(x, shape.half_width, shape.upper, shape.lower, shape.tilt)
    assert top >= bottom - 1e-9
    cx, cy, _ = shape.centre
    inside = aperture(cx + x, cy, eye_row(shape), 1.0, amount)
    assert inside < 0.7
    if amount == 0:
        assert inside <= 0.06


def test_open_eyes_are_open_and_shut_ones_shut_on_each_side():
    row, (x, y, _) = eye_row(ADA.eyes), ADA.eyes.centre
    assert aperture(x, y, row, 0.0, 1.0) > 0.3
    assert aperture(-x, y, row, 0.0, 1.0) < 0.05
    assert aperture(0.0, y, row, 1.0, 1.0) < 0, "no eye between the eyes"


def test_lashes_come_down_with_the_lid():
    up, _ = lashes(ADA.eyes, (1.0, 1.0))
    down, _ = lashes(ADA.eyes, (0.0, 0.0))
    assert up[:, 1].mean() > down[:, 1].mean() + 0.4
    assert up[: len(up) // 2, 0].max() < 0 < up[len(up) // 2 :, 0].min()


@pytest.mark.parametrize("look", [ADA, BEN], ids=["ada", "ben"])
def test_hair_grows_on_the_scalp_and_keeps_out_of_the_face(look):
    hair = build_hair(look.hair, tabulate(look.head), seed=1, detail=0.3)
    assert len(hair.lengths) > 600
    assert hair.lengths.sum() == len(hair.points) == len(hair.colours) == len(hair.widths)
    assert np.isfinite(hair.points).all()
    assert hair.colours.min() >= 0
    assert hair.colours.max() <= 1
    x, y, z = hair.points.T
    face = (np.abs(x) < 3.2) & (y < 4) & (y > -8) & (z > 6.5)
    assert face.mean() < 0.001
    assert hairline_at(np.array([0.0]), look.hair)[0] == pytest.approx(look.hair.hairline)
