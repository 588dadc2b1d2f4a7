"""Head, eyes and brows: calm, repeatable, and home at both ends."""

from dataclasses import dataclass

import numpy as np
import pytest

from understudy_cli.presenter.motion import BLINK, blink_frames, moment_at, plan, stressed_seconds
from understudy_cli.presenter.targets import NAMES

FPS = 25


@dataclass(frozen=True)
class Said:
    symbol: str
    start_seconds: float
    end_seconds: float


PHONES = [Said("ˈa" if i % 3 == 0 else "t", i * 0.2, i * 0.2 + 0.2) for i in range(100)]


def test_blinks_are_fixed_by_the_seed():
    assert blink_frames(1500, FPS, np.random.default_rng(4)) == blink_frames(1500, FPS, np.random.default_rng(4))
    assert blink_frames(1500, FPS, np.random.default_rng(4)) != blink_frames(1500, FPS, np.random.default_rng(5))


@pytest.mark.parametrize("seed", range(6))
def test_people_blink_about_every_four_seconds(seed):
    starts = blink_frames(1500, FPS, np.random.default_rng(seed))
    assert 10 <= len(starts) <= 32
    assert starts[0] >= 0.5 * FPS
    assert starts[-1] + len(BLINK) <= 1500
    assert (np.diff(starts) >= len(BLINK)).all()


def test_a_film_too_short_for_a_blink_has_none():
    assert blink_frames(20, FPS, np.random.default_rng(0)) == []


def test_equal_seeds_give_equal_motion():
    first, again, other = plan(PHONES, 500, FPS, 7), plan(PHONES, 500, FPS, 7), plan(PHONES, 500, FPS, 8)
    for name in ("turn", "shift", "lids", "gaze", "brows", "breath"):
        assert (getattr(first, name) == getattr(again, name)).all()
    assert (first.turn != other.turn).any()


@pytest.mark.parametrize("seed", range(4))
def test_motion_is_gentle_smooth_and_begins_and_ends_at_home(seed):
    motion = plan(PHONES, 1500, FPS, seed)
    assert np.abs(motion.turn).max() < 0.2, "radians: a few degrees"
    assert np.abs(motion.shift).max() < 0.6
    assert np.abs(np.diff(motion.turn, axis=0)).max() < 0.03
    assert np.abs(motion.turn[[0, -1]]).max() < 1e-9
    assert np.abs(motion.shift[[0, -1]]).max() < 1e-9
    assert motion.lids.min() >= 0.0
    assert motion.lids.max() < 1.15
    assert motion.turn.std() > 0.004, "but it does move"


def test_lids_close_in_a_blink():
    motion = plan(PHONES, 1500, FPS, 2)
    assert (motion.lids.min(1) < 0.01).sum() >= 10


def test_stress_is_where_the_mark_is():
    assert stressed_seconds(PHONES[:4]) == pytest.approx([0.1, 0.7])


def test_a_moment_carries_the_row_of_each_track():
    motion = plan(PHONES, 100, FPS, 1)
    mouth = np.linspace(0, 0.9, len(NAMES))
    moment = moment_at(motion, mouth, 60)
    assert [getattr(moment.mouth, name) for name in NAMES] == pytest.approx(mouth)
    assert moment.turn == pytest.approx(motion.turn[60])
    assert moment.lids == pytest.approx(motion.lids[60])
    assert moment.brows == pytest.approx(motion.brows[60])
