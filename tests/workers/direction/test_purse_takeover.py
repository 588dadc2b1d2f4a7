"""Several purses on one log: whoever takes over counts what the last one may have spent, once, and nothing that was spent is forgotten."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from purses import PRICE, allowance, fits, opened, tell_log

from understudy_api.budget import Charge, nanos
from understudy_workers.direction.purse import Purse


def test_who_takes_over_counts_what_the_last_one_may_have_spent() -> None:
    first = opened(1000)
    assert fits(first, "p0", 0.0)
    first.take("p0", 0.0)
    first.settle("p0", 7.0, "", 7.0, whole=True)
    charge = tell_log(first, 7.0)
    assert charge is not None
    assert charge.reserved_nanos > 0
    for _ in range(5):  # what it does until its end stands in no log
        if not first.fits("p0", 8.0):
            break
        first.take("p0", 8.0)
        first.settle("p0", 2.0, "", 10.0, whole=True)
    second = Purse(allowance(1000))
    second.open({"": 7.0}, {}, charge)
    assert second.spent_nanos >= first.spent_nanos
    again = Purse(allowance(1000))
    assert tell_log(first, 10.0) is not None
    first.idle = True
    last = tell_log(first, 10.0)
    again.open({"": 7.0}, {}, last)
    assert again.spent_nanos == first.spent_nanos  # nothing is lost where somebody could say the last word


def test_two_directors_on_one_log_count_each_others_work() -> None:
    one, two = opened(1000), opened(1000)
    assert fits(one, "p0", 0.0)
    charge = one.entry(0.0).last
    two.open({}, {}, charge)
    for purse in (one, two):
        assert fits(purse, "p0", 0.0)
        purse.take("p0", 0.0)
        purse.settle("p0", 5.0, "", 5.0, whole=True)
    second = tell_log(two, 5.0)
    entry = one.entry(5.0)
    written = entry.after(second)
    one.wrote(entry, written, own=True)
    # The second had counted the first one's reserve, and so its 5 s.
    assert written.nanos == second.nanos + second.reserved_nanos
    assert written.nanos == one.spent_nanos
    third = two.entry(6.0)
    two.wrote(third, written, own=False)
    assert two.spent_nanos >= one.spent_nanos


def test_a_reserve_that_grows_while_another_takes_over_is_counted_once() -> None:
    one, two = opened(30), Purse(allowance(30))
    assert fits(one, "p0", 0.0)
    one.take("p0", 0.0)
    begun = one.entry(0.0).last
    two.open({}, {}, begun)
    grown = Charge(currency="EUR", nanos=begun.nanos, reserved_nanos=begun.reserved_nanos + 5_000_000)
    assert two.entry(0.0).after(grown).nanos == grown.reserved_nanos
    two.wrote(two.entry(0.0), grown, own=False)
    assert two.spent_nanos == grown.reserved_nanos
    shrunk = Charge(currency="EUR", nanos=begun.nanos, reserved_nanos=0)
    two.wrote(two.entry(0.0), shrunk, own=False)
    assert two.spent_nanos == 0, "and given back with it"


def test_what_a_batch_cost_beyond_the_reserve_is_added_to_what_the_other_wrote() -> None:
    """Nobody could write meanwhile: whoever took over could not know of it."""
    purse = opened(1000)
    assert fits(purse, "p0", 0.0)
    reserved = purse.entry(0.0).last.reserved_nanos
    purse.take("p0", 0.0)
    purse.settle("p0", 200.0, "", 200.0, whole=True)
    newest = Charge(currency="EUR", nanos=reserved, reserved_nanos=3_000_000)
    beyond = 200_000_000 - reserved
    assert purse.entry(200.0).after(newest).nanos == reserved + 3_000_000 + beyond
    purse.wrote(purse.entry(200.0), newest, own=False)
    assert purse.spent_nanos == reserved + 3_000_000 + beyond


def test_one_that_begins_again_from_its_log_keeps_what_it_spent_and_counts_it_once() -> None:
    purse = opened(1000)
    assert fits(purse, "p0", 0.0)
    charge = purse.entry(0.0).last
    purse.take("p0", 0.0)
    purse.settle("p0", 5.0, "", 5.0, whole=True)
    purse.open({}, {}, charge)
    assert purse.spent_nanos == 5_000_000
    assert fits(purse, "p0", 5.0), "within what it had set aside"
    anothers = Charge(currency="EUR", nanos=charge.reserved_nanos, reserved_nanos=3_000_000)
    purse.open({}, {}, anothers)
    assert purse.spent_nanos == charge.reserved_nanos + 3_000_000


@dataclass
class Directors:
    """Several directors on the log of one order, each at its own pace; `real` is what their batches have cost."""

    most: float
    log: list[Charge] = field(default_factory=list)
    real: int = 0
    purses: dict[int, Purse] = field(default_factory=dict)
    held: Counter[int] = field(default_factory=Counter)
    now: float = 0.0

    def hand_out(self, who: int, _: float) -> None:
        """A batch, where the purse allows it."""
        purse = self._purse(who)
        self.now += 1.0
        if purse.fits("p", self.now):
            purse.take("p", self.now)
            self.held[who] += 1

    def take_back(self, who: int, share: float) -> None:
        """An answer: it took a share of what it may take."""
        if self.held[who]:
            self.held[who] -= 1
            seconds = share * self.purses[who].estimate_seconds
            self.now += seconds
            self.real += nanos(PRICE, seconds)
            self.purses[who].settle("p", seconds, "", self.now, whole=True)

    def write(self, who: int, _: float) -> None:
        purse = self._purse(who)
        entry = purse.entry(self.now)
        self.log.append(entry.after(self.log[-1] if self.log else None))
        purse.wrote(entry, self.log[-1], own=True)

    def read(self, who: int, _: float) -> None:
        """What it wanted to write stood there already."""
        purse = self._purse(who)
        purse.wrote(purse.entry(self.now), self.log[-1] if self.log else None, own=False)

    def die(self, who: int, _: float) -> None:
        """Its performers end what they have, within what it had written down for them."""
        while self.held[who]:
            self.take_back(who, 1.0)
        self.purses.pop(who, None)

    def _purse(self, who: int) -> Purse:
        if who not in self.purses:
            self.purses[who] = Purse(allowance(self.most))
            self.purses[who].open({}, {}, self.log[-1] if self.log else None)
        return self.purses[who]


WHAT = ("hand_out", "write", "take_back", "hand_out", "write", "read", "die")
STEPS = st.tuples(st.sampled_from(WHAT), st.integers(0, 2), st.floats(0.1, 1.0))


@given(most=st.floats(1.0, 200.0), steps=st.lists(STEPS, max_size=60))
def test_however_directors_take_turns_the_log_knows_of_all_they_spent(most: float, steps: list[Any]) -> None:
    together = Directors(most)
    for what, who, share in steps:
        getattr(together, what)(who, share)
        known = together.log[-1].nanos + together.log[-1].reserved_nanos if together.log else 0
        assert together.real <= known
        assert together.real <= nanos(PRICE, most)
        assert [charge.nanos for charge in together.log] == sorted(charge.nanos for charge in together.log)
