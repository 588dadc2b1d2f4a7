"""Room to tell what happens: what goes wrong finds room that what goes well cannot take."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from understudy_workers.direction.room import Room


def test_what_goes_well_gets_half() -> None:
    room = Room(10)
    assert [room.take(2, routine=True) for _ in range(3)] == [True, True, False]
    assert [room.take(3, routine=False) for _ in range(3)] == [True, True, False]
    assert room.spent == 10


@given(st.integers(0, 100), st.lists(st.tuples(st.integers(0, 40), st.booleans())))
def test_never_more_is_spent_than_there_is(limit: int, wanted: list[tuple[int, bool]]) -> None:
    room = Room(limit)
    taken = [amount for amount, routine in wanted if room.take(amount, routine=routine)]
    assert room.spent == sum(taken) <= limit
