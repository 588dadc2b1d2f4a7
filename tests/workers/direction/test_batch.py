"""How many works travel together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_workers.direction.batch import Pace


def test_it_starts_with_one_and_at_most_doubles() -> None:
    pace, sizes = Pace(), []
    for _ in range(8):
        sizes.append(pace.size)
        pace.learn(pace.size, pace.size * 1e-5)
    assert sizes == [1, 2, 4, 8, 16, 32, 64, 64]


@pytest.mark.parametrize(("work_seconds", "size"), [(0.001, 50), (0.01, 5), (0.049, 1), (0.2, 1), (3.0, 1)])
def test_a_batch_holds_about_fifty_milliseconds(work_seconds: float, size: int) -> None:
    pace = Pace()
    for _ in range(100):
        pace.learn(pace.size, pace.size * work_seconds)
    assert pace.size == pytest.approx(size, abs=1)
    assert pace.work_seconds == pytest.approx(work_seconds)


def test_a_long_work_shrinks_the_next_batch_at_once() -> None:
    pace = Pace()
    for _ in range(10):
        pace.learn(pace.size, pace.size * 1e-4)
    assert pace.size == 64
    pace.learn(64, 64 * 0.02)
    assert pace.size == 2


def test_one_outlier_is_forgotten_in_time() -> None:
    pace = Pace()
    pace.learn(1, 2.0)
    assert pace.size == 1
    for _ in range(60):
        pace.learn(pace.size, pace.size * 1e-3)
    assert pace.size > 20


@settings(deadline=None)
@given(st.lists(st.floats(0, 100), max_size=50))
def test_the_size_stays_within_bounds(busy: list[float]) -> None:
    pace = Pace()
    for seconds in busy:
        pace.learn(pace.size, seconds)
        assert 1 <= pace.size <= 64
        assert pace.work_seconds >= 0


def test_before_anything_is_known_a_work_counts_as_a_batch() -> None:
    assert Pace(batch_seconds=0.07).work_seconds == 0.07
