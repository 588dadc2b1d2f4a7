"""The purse: what batches cost never passes the allowance, whatever they take, as long as they can be stopped."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from purses import PRICE, allowance, fits, opened, spent, tell_log

from understudy_api.budget import Charge, nanos
from understudy_workers.direction.purse import CAUTION, FIRST_SECONDS, REACTION_SECONDS, Purse

LOOK_SECONDS = 0.1


@dataclass
class Play:
    """Performers that work one batch after the other for an order, by a clock of its own."""

    purse: Purse
    durations: list[float]
    stops_in: float = REACTION_SECONDS - 2 * LOOK_SECONDS
    now: float = 0.0
    halted: bool = False
    real: float = 0.0
    held: dict[str, list[list[float]]] = field(default_factory=dict)
    """By performer: batches as [begins, ends], oldest first."""
    halts: int = 0
    handed: int = 0

    def run(self, performers: int, dies: frozenset[int] = frozenset()) -> None:
        names = [f"p{n}" for n in range(performers)]
        self.held = {name: [] for name in names}
        looks = [0.0]
        while True:
            for name in names:
                while (
                    len(self.held[name]) < 2 and self.durations and not self.halted and fits(self.purse, name, self.now)
                ):
                    self._hand_out(name)
            ends = min((batches[0][1] for batches in self.held.values() if batches), default=None)
            if ends is None:
                if self.halted:
                    self.halted = False
                    continue
                return
            while looks[0] <= self.now:
                heapq.heapreplace(looks, looks[0] + LOOK_SECONDS)
            self.now = min(ends, looks[0])
            if self.now == ends:
                self._answer(next(name for name in names if self.held[name] and self.held[name][0][1] == ends), dies)
            if self.purse.overruns(self.now) and not self.halted:
                self._halt()

    def _hand_out(self, name: str) -> None:
        self.purse.take(name, self.now)
        begins = self.held[name][-1][1] if self.held[name] else self.now
        self.held[name].append([begins, begins + self.durations.pop(0)])
        self.handed += 1

    def _answer(self, name: str, dies: frozenset[int]) -> None:
        begins, ends = self.held[name].pop(0)
        self.real += ends - begins
        if self.handed in dies:
            self.purse.lose(name, self.now)
        else:
            self.purse.settle(name, ends - begins, "", self.now, whole=not self.halted)

    def _halt(self) -> None:
        self.halted, self.halts = True, self.halts + 1
        for batches in self.held.values():
            for place, batch in enumerate(batches):
                latest = self.now + self.stops_in if place == 0 else batches[0][1]
                batch[0], batch[1] = min(batch[0], latest), min(batch[1], latest)


DURATIONS = st.lists(
    st.one_of(st.floats(0.001, 0.2), st.floats(0.2, 5.0), st.floats(5.0, 300.0)), min_size=1, max_size=80
)


@given(st.floats(0, 500), DURATIONS, st.integers(1, 12), st.frozensets(st.integers(1, 80)))
def test_never_more_than_the_allowance_whatever_a_batch_takes(
    seconds: float, durations: list[float], performers: int, dies: frozenset[int]
) -> None:
    purse = opened(seconds)
    play = Play(purse, list(durations))
    play.run(performers, dies)
    assert play.real <= int(seconds * 1000) / 1000 + 1e-6
    assert spent(purse) >= play.real - 1e-6
    assert not purse.overruns(play.now + 1000)  # nothing is in flight
    if play.durations:
        assert purse.spent_out


@given(
    st.floats(100, 1000),
    st.floats(0.05, 4.0),
    st.lists(st.floats(1, CAUTION), min_size=5, max_size=60),
    st.integers(1, 6),
)
def test_batches_that_take_what_batches_took_are_never_stopped(
    seconds: float, shortest: float, noise: list[float], performers: int
) -> None:
    play = Play(opened(seconds), [shortest * factor for factor in noise])
    play.run(performers)
    assert play.halts == 0


def test_near_the_limit_fewer_are_in_flight_and_what_is_left_is_less_than_a_batch() -> None:
    purse = opened(300)
    play = Play(purse, [1.0] * 1000)
    play.run(8)
    assert 300 - purse.estimate_seconds - 1 <= play.real <= 300
    assert play.halts == 0
    assert purse.estimate_seconds < FIRST_SECONDS


def test_the_first_batches_are_few_where_little_may_be_spent() -> None:
    purse = opened(2.5 * FIRST_SECONDS)
    names = [f"p{n}" for n in range(8)]
    got = [name for name in names if fits(purse, name, 0.0) and purse.take(name, 0.0) is None]
    assert got == ["p0", "p1"]


def test_a_batch_in_flight_counts_as_long_as_it_takes() -> None:
    purse = opened(30)
    assert fits(purse, "p0", 0.0)
    purse.take("p0", 0.0)
    assert fits(purse, "p1", 0.0)
    assert not fits(purse, "p1", 21.0)
    assert not purse.overruns(28.9)
    assert purse.overruns(29.1)


def test_a_lost_batch_costs_all_the_time_its_performer_had_it_once() -> None:
    purse = opened(100)
    for _ in range(2):
        assert fits(purse, "p0", 5.0)
        purse.take("p0", 5.0)
    purse.lose("p0", 17.0)
    purse.lose("p0", 17.0)
    assert spent(purse) == 12.0


def test_a_loss_costs_the_highest_price_an_answer_that_of_its_group() -> None:
    purse = opened(1000, group_price_micros={"a100": 4 * PRICE, "cpu": PRICE // 2})
    costs = []
    for name, group in (("p0", "a100"), ("p1", "cpu"), ("p2", ""), ("p3", "gone")):
        before = spent(purse)
        assert fits(purse, name, 0.0)
        purse.take(name, 0.0)
        purse.settle(name, 3.0, group, 3.0, whole=True)
        costs.append(spent(purse) - before)
    assert costs == [12.0, 1.5, 3.0, 3.0]
    purse.take("p0", 10.0)
    before = spent(purse)
    purse.lose("p0", 12.0)
    assert spent(purse) - before == 8.0


def test_prices_and_limits_count_from_when_they_are_told() -> None:
    purse = opened(20)
    assert fits(purse, "p0", 0.0)
    purse.take("p0", 0.0)
    purse.settle("p0", 8.0, "", 8.0, whole=True)
    purse.revise(allowance(20, price_micros=2 * PRICE))
    assert spent(purse) == 8.0
    assert purse.spent_out
    purse.revise(allowance(200, price_micros=2 * PRICE))
    assert not purse.spent_out
    assert fits(purse, "p0", 8.0)
    purse.take("p0", 8.0)
    purse.settle("p0", 1.0, "", 9.0, whole=True)
    assert spent(purse) == 10.0


def test_an_order_without_an_allowance_hands_out_everything_and_remembers_what_it_took() -> None:
    purse = Purse(None)
    purse.open({"": 5.0}, {"": 5.0}, None)
    assert purse.fits("p0", 0.0)
    purse.take("p0", 0.0)
    purse.settle("p0", 3.0, "", 3.0, whole=True)
    assert (purse.spent_nanos, purse.owes(3.0), purse.entry(3.0), purse.spent_out) == (0, False, None, False)
    purse.revise(allowance(10))
    assert spent(purse) == 8.0


def test_another_currency_is_reckoned_anew_from_all_seconds() -> None:
    purse = Purse(allowance(100))
    purse.open({"": 30.0, "cpu": 10.0}, {}, Charge(currency="USD", nanos=1, reserved_nanos=5))
    assert spent(purse) == 40.0
    entry = purse.entry(0.0)
    assert entry is not None
    for newest in (None, Charge(currency="USD", nanos=1, reserved_nanos=5)):
        assert entry.after(newest) == Charge(currency="EUR", nanos=nanos(PRICE, 40.0), reserved_nanos=entry.reserved)


def test_nothing_is_handed_out_that_the_log_does_not_know_of_and_little_is_written() -> None:
    purse = opened(100_000)
    assert not purse.fits("p0", 0.0)
    assert purse.owes(0.0)
    tell_log(purse)
    assert not purse.owes(0.0)
    writes = 0
    for second in range(300):
        for _ in range(2 if second == 0 else 1):
            if purse.owes(second):
                tell_log(purse, second)
                writes += 1
            assert purse.fits("p0", second)
            purse.take("p0", second)
        purse.settle("p0", 1.0, "", second + 1.0, whole=True)
    assert 10 <= writes <= 300 / 4


def test_a_purse_at_rest_gives_back_what_it_had_written_down() -> None:
    purse = opened(25)
    assert fits(purse, "p0", 0.0)
    purse.take("p0", 0.0)
    purse.settle("p0", 10.0, "", 10.0, whole=True)
    assert purse.spent_out
    assert purse.owes(10.0)
    charge = tell_log(purse, 10.0)
    assert charge == Charge(currency="EUR", nanos=nanos(PRICE, 10.0), reserved_nanos=0)
    assert not purse.owes(10.0)


def test_what_was_spent_before_there_was_a_limit_is_told_even_when_nothing_is_left() -> None:
    purse = Purse(allowance(10))
    purse.open({"": 30.0}, {"": 30.0}, None)
    assert purse.spent_out
    assert purse.owes(0.0)
    assert tell_log(purse) == Charge(currency="EUR", nanos=nanos(PRICE, 30.0), reserved_nanos=0)
    assert not purse.owes(0.0)


@pytest.mark.parametrize("whole", [True, False])
def test_what_came_back_undone_makes_nobody_bold(whole: bool) -> None:
    purse = opened(10_000)
    before = purse.estimate_seconds
    for n in range(20):
        assert fits(purse, "p0", n)
        purse.take("p0", n)
        purse.settle("p0", 0.001, "", n + 0.001, whole=whole)
    assert (purse.estimate_seconds < before) is whole
