"""How far a grant reaches: the last second and the last item, and not one more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_workers.direction.quota import Quota


@pytest.mark.parametrize(
    ("seconds", "in_flight", "reaches"),
    [(2.0, 0.0, True), (2.04, 0.0, False), (1.0, 1.0, True), (1.0, 1.04, False), (0.0, 2.0, True)],
)
def test_seconds_reach_to_the_last_frame(seconds: float, in_flight: float, reaches: bool) -> None:
    assert Quota(10.0, 12.0).reaches(seconds, in_flight, 99) is reaches


@pytest.mark.parametrize(
    ("committed", "in_flight", "granted", "reaches"),
    [(0, 0, 1, True), (0, 0, 0, False), (1, 0, 1, False), (3, 1, 5, True), (3, 2, 5, False), (99, 99, None, True)],
)
def test_items_reach_to_the_last_one(committed: int, in_flight: int, granted: int | None, reaches: bool) -> None:
    assert Quota(0.0, 600.0, committed, granted).reaches(1.0, 0.0, in_flight) is reaches


def test_both_have_to_reach() -> None:
    assert not Quota(0.0, 0.5, 0, 9).reaches(1.0, 0.0, 0)
    assert not Quota(0.0, 600.0, 9, 9).reaches(1.0, 0.0, 0)


@given(st.integers(0, 30), st.lists(st.integers(1, 100), max_size=40))
def test_what_is_handed_out_never_passes_either_bound(granted: int, lengths: list[int]) -> None:
    seconds, items = 0.0, 0
    for length in lengths:
        if Quota(0.0, 20.0, 0, granted).reaches(length / 25, seconds, items):
            seconds, items = seconds + length / 25, items + 1
    assert items <= granted
    assert seconds <= 20.0 + 1e-6
