"""Drawing: the same moment gives the same pixels, and what moves is what should."""

from dataclasses import replace

import numpy as np
import pytest

from understudy_cli.presenter.cast import ADA
from understudy_cli.presenter.holdout import hold_out
from understudy_cli.presenter.moment import Moment
from understudy_cli.presenter.portrait import Portrait
from understudy_cli.presenter.sentences import Sentence
from understudy_cli.presenter.targets import TARGETS

SIZE = 96


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return Portrait(ADA, SIZE, seed=1)


def changed(portrait: Portrait, moment: Moment) -> np.ndarray:
    """Rows and columns, as shares of the frame, of pixels that differ clearly from the rest pose."""
    gap = np.abs(portrait.draw(moment).astype(int) - portrait.draw(Moment()).astype(int)).max(2)
    return np.argwhere(gap > 12) / SIZE


def test_drawing_is_deterministic(portrait):
    frame = portrait.draw(Moment())
    assert frame.shape == (SIZE, SIZE, 3)
    assert frame.dtype == np.uint8
    assert (frame == portrait.draw(Moment())).all()


def test_the_frame_is_a_lit_face_before_a_darker_wall(portrait):
    frame = portrait.draw(Moment()).astype(float)
    cheek, wall = frame[48:52, 38:41].mean((0, 1)), frame[5:12, 5:12].mean((0, 1))
    assert cheek[0] > cheek[1] > cheek[2], "skin is warm"
    assert cheek.mean() > wall.mean() + 60
    assert frame.max() < 256
    assert frame.std() > 30


@pytest.mark.parametrize("sound", ["a", "ae", "o", "e", "u", "i"])
def test_an_open_mouth_differs_from_a_closed_one_in_the_mouth(portrait, sound):
    where = changed(portrait, Moment(mouth=TARGETS[sound].pose))
    assert len(where) > 25
    assert (where[:, 0] > 0.45).all(), "nothing above the cheeks moves"
    assert ((where[:, 1] > 0.3) & (where[:, 1] < 0.7)).all()


def test_the_mouth_shows_dark_between_teeth_when_open(portrait):
    mouth = np.s_[int(0.54 * SIZE) : int(0.62 * SIZE), int(0.46 * SIZE) : int(0.54 * SIZE)]
    shut, wide = portrait.draw(Moment())[mouth], portrait.draw(Moment(mouth=TARGETS["a"].pose))[mouth]
    assert wide.min() < shut.min() - 30
    assert wide.std() > 1.5 * shut.std()


def test_a_blink_changes_the_eyes_only(portrait):
    where = changed(portrait, Moment(lids=(0.0, 0.0)))
    assert len(where) > 20
    assert ((where[:, 0] > 0.33) & (where[:, 0] < 0.47)).all()


def test_brows_rise(portrait):
    where = changed(portrait, Moment(brows=(1.0, 1.0, 0.0)))
    assert len(where) > 8
    assert (where[:, 0] < 0.42).all()


def test_the_head_turns_and_the_shoulders_stay(portrait):
    where = changed(portrait, Moment(turn=(0.1, 0.03, 0.0)))
    assert len(where) > 300
    shoulders = (where[:, 0] > 0.85) & ((where[:, 1] < 0.2) | (where[:, 1] > 0.8))
    assert shoulders.sum() == 0


def test_no_hole_opens_in_the_face_in_any_pose(portrait):
    wall = portrait._backdrop[::2, ::2] * 255  # the only place that knows the bare backdrop
    for sound, target in TARGETS.items():
        frame = portrait.draw(Moment(mouth=target.pose, turn=(0.05, 0.02, 0.02))).astype(float)
        face = np.s_[int(0.30 * SIZE) : int(0.66 * SIZE), int(0.40 * SIZE) : int(0.60 * SIZE)]
        assert (np.abs(frame[face] - wall[face]).sum(2) < 4).mean() < 0.02, sound


def test_held_out_pairs_share_everything_but_the_mouth(portrait):
    sentence = Sentence("Map.", "en-GB")
    (pair,) = hold_out(ADA, portrait, [sentence], seed=3)
    assert pair.truth.shape == pair.silent.shape == (len(pair.opening), SIZE, SIZE, 3)
    assert len(pair.samples) == 882 * len(pair.truth)
    gap = np.abs(pair.truth.astype(int) - pair.silent.astype(int)).max(3)
    assert gap[:, : int(0.42 * SIZE)].max() == 0, "eyes, brows and hair are identical"
    assert gap[np.argmax(pair.opening)].max() > 40
    assert (pair.truth[0] == pair.silent[0]).mean() > 0.98
    again = next(hold_out(ADA, portrait, [sentence], seed=3))
    assert (again.truth == pair.truth).all()


def test_looks_differ_only_where_told():
    assert replace(ADA, name="x").head == ADA.head
