"""The walk over the plates: there and back, smooth, at the pace of life."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_workers.models.pacing import EASE_FRAMES, plate_path


@given(
    st.integers(0, 700),
    st.integers(1, 150),
    st.sets(st.integers(0, 149), max_size=12),
    st.floats(0, 1),
)
def test_any_walk_is_a_walk(frames: int, plates: int, busy: set[int], variety: float) -> None:
    path = plate_path(frames, plates, busy, variety)
    assert path.dtype == np.int32
    assert len(path) == frames
    if frames:
        assert path[0] == path[-1] == 0
        assert path.min() >= 0
        assert path.max() < plates
        assert np.abs(np.diff(path)).max(initial=0) <= 1


def test_goes_at_one_plate_a_frame_once_it_is_under_way() -> None:
    path = plate_path(200, 150)
    cruising = path[EASE_FRAMES + 1 : 60]
    assert (np.diff(cruising) == 1).all()
    assert path.max() > 80


def test_starts_and_turns_gently() -> None:
    path = plate_path(120, 150)
    turn = int(path.argmax())
    assert path[EASE_FRAMES] <= EASE_FRAMES * 0.6
    assert path[turn] - path[turn - EASE_FRAMES] <= EASE_FRAMES * 0.8


@pytest.mark.parametrize("busy", [(50,), (50, 51, 52, 53), (30, 50)])
def test_never_turns_in_a_blink(busy: tuple[int, ...]) -> None:
    for frames in range(100, 160):
        turn = plate_path(frames, 150, busy).max()
        assert all(abs(turn - plate) > EASE_FRAMES for plate in busy)


def test_long_takes_go_several_times() -> None:
    path = plate_path(1500, 100)
    assert ((path[1:-1] == 0) & (np.diff(path)[:-1] < 0)).sum() >= 4
    assert path.max() > 80


def test_variety_shortens_the_way() -> None:
    assert plate_path(150, 150, variety=1.0).max() < plate_path(150, 150, variety=0.0).max()


def test_short_takes_and_single_plates_stand_still() -> None:
    assert not plate_path(2 * EASE_FRAMES, 150).any()
    assert not plate_path(300, 1).any()


@pytest.mark.parametrize(("frames", "plates"), [(-1, 3), (5, 0)])
def test_refuses_what_is_no_walk(frames: int, plates: int) -> None:
    with pytest.raises(ValueError, match="plate path: wanted"):
        plate_path(frames, plates)
