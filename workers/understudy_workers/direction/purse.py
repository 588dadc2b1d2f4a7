"""The purse of one order: what its job has spent, what may be handed out within its allowance, when to stop what is in flight.

Pure: no clock, no I/O. A batch in flight counts as the time since its performer has had it, or as what batches like it took, whichever
is more, at the highest price of the pool; answered, it counts as what it took at the price of its performer's group.

What is spent outlives a director by the log: each segment says what was spent and what its writer may spend beyond before it
writes again, and a director that takes over counts both as spent.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from understudy_api.budget import Allowance, Charge, nanos

REACTION_SECONDS: Final = 1.0
"""What a performer may still use of a work once it is told to stop: a message, and the frame it is at."""
FIRST_SECONDS: Final = 10.0
"""What a batch is reckoned at before any is known."""
CAUTION: Final = 2.0
"""How much longer than the longest batch so far the next one may take without being stopped."""
AHEAD_SECONDS: Final = 10.0
"""Time of every performer at work that is written down as spent before it is."""
_FORGETS: Final = 0.03


@dataclass(eq=False)
class _Hands:
    """A performer's batches: since when it can have been at the first, and how long each should take."""

    since: float
    estimates: deque[float] = field(default_factory=deque)

    def seconds(self, now: float) -> float:
        """Upper bound of what they take, as long as they can be stopped in time."""
        first, *others = self.estimates
        return max(now - self.since + REACTION_SECONDS, first) + sum(others)


@dataclass(frozen=True)
class Entry:
    """What a purse has to say in the log's next segment; `last` is the charge it knows of."""

    currency: str
    spent: int
    last: Charge | None
    reserved: int

    def after(self, newest: Charge | None) -> Charge:
        """The charge to write after `newest`, the log's last one."""
        return Charge(currency=self.currency, nanos=self._nanos(newest), reserved_nanos=self.reserved)

    def _nanos(self, newest: Charge | None) -> int:
        if newest is None or newest.currency != self.currency or newest == self.last:
            return self.spent
        return _counted(newest) + _beyond(self.spent, self.last)


def _counted(charge: Charge) -> int:
    """What another director takes for spent that reads it last: what its writer may still spend is not known to be left."""
    return charge.nanos + charge.reserved_nanos


def _beyond(spent: int, last: Charge | None) -> int:
    """What was spent beyond all that `last` speaks of: whoever wrote after it has counted that much already."""
    return max(spent - _counted(last), 0) if last is not None else spent


class Purse:
    """Spending of an order; without an allowance it only remembers. `now` in seconds of a clock that does not jump."""

    def __init__(self, allowance: Allowance | None) -> None:
        self.allowance: Allowance | None = None
        self.idle = False
        """Whether nothing will be handed out for the time being, whatever there is to spend."""
        self._hands: dict[str, _Hands] = {}
        self._longest = FIRST_SECONDS / CAUTION
        self._worked = defaultdict[str, float](float)
        self._unpriced = defaultdict[str, float](float)
        self._currency = ""
        self._spent = 0
        self._last: Charge | None = None
        self._secured = 0
        self._asked = False
        self.revise(allowance)

    @property
    def spent_nanos(self) -> int:
        """What answers and losses have cost; 0 without an allowance."""
        return self._spent

    @property
    def spent_out(self) -> bool:
        """Whether nothing is in flight, and one more batch might pass the allowance."""
        return self.allowance is not None and not self._hands and self._spent + self._bound(0.0, "") > self._most

    @property
    def estimate_seconds(self) -> float:
        """What the next batch may take without surprising anybody."""
        return CAUTION * self._longest

    def open(self, worked: Mapping[str, float], unpriced: Mapping[str, float], charge: Charge | None) -> None:
        """Begins from a log: worker seconds by group (empty: of none) in all and since `charge`, the last one in it."""
        self._worked, self._unpriced = defaultdict(float, worked), defaultdict(float, unpriced)
        if charge is None:
            self._spent, self._secured, self._currency = 0, 0, ""
        elif charge == self._last:
            self._secured = _counted(charge)
        else:
            kept = _beyond(self._spent, self._last) if self._last is not None else 0
            self._spent, self._secured, self._currency = _counted(charge) + kept, charge.nanos, charge.currency
        self._last = charge
        self.revise(self.allowance)

    def revise(self, allowance: Allowance | None) -> None:
        """Other prices or another limit count from now on."""
        self.allowance = allowance
        if allowance is None:
            return
        if self._currency != allowance.currency:  # amounts of two are never added: all is reckoned anew
            self._spent, self._secured, self._last = 0, 0, None
            self._currency, self._unpriced = allowance.currency, self._worked.copy()
        for group, seconds in self._unpriced.items():
            self._spent += nanos(allowance.price_of(group), seconds)
        self._unpriced.clear()

    def fits(self, performer: str, now: float) -> bool:
        """Whether one more batch for a performer stays within the allowance, and within what the log knows of."""
        if self.allowance is None:
            return True
        needed = self._spent + self._bound(now, performer)
        self._asked = self._secured < needed <= self._most
        return needed <= min(self._secured, self._most)

    def take(self, performer: str, now: float) -> None:
        """A batch was handed out."""
        self._hands.setdefault(performer, _Hands(now)).estimates.append(self.estimate_seconds)

    def settle(self, performer: str, busy_seconds: float, group: str, now: float, *, whole: bool) -> None:
        """A batch was answered; `whole` unless it came back undone, which says nothing of how long batches take."""
        self._pay(group, busy_seconds)
        shrunk = self._longest if not whole else (1 - _FORGETS) * self._longest + _FORGETS * busy_seconds
        self._longest = max(busy_seconds, shrunk)
        if (hands := self._let_go(performer)) is not None:
            hands.since = now

    def lose(self, performer: str, now: float) -> None:
        """A batch came to nothing: all of the time since its performer can have been at it is paid for, at the highest price."""
        hands = self._let_go(performer)
        if hands is None:
            return
        if self.allowance is not None:
            self._spent += nanos(self.allowance.dearest_micros, now - hands.since)
        hands.since = now

    def overruns(self, now: float) -> bool:
        """Whether what is in flight has to be stopped now so that its cost stays within the allowance."""
        if self.allowance is None or not self._hands:
            return False
        seconds = sum(now - hands.since + REACTION_SECONDS for hands in self._hands.values())
        return self._spent + self._at_dearest(seconds) > self._most

    def owes(self, now: float) -> bool:
        """Whether the log has to be told: before more is handed out than it knows of, and once nothing will be for a while."""
        if self.allowance is None:
            return False
        if self._rests:
            said = (0, 0) if self._last is None else (self._last.nanos, self._last.reserved_nanos)
            return said != (self._spent, 0)
        if self._secured >= self._most or not (self._hands or self._asked):
            return False
        return self._secured - self._spent - self._bound(now) < self._ahead() // 2

    def entry(self, now: float) -> Entry | None:
        """What the next segment says; None without an allowance."""
        if self.allowance is None:
            return None
        reserved = 0
        if not self._rests:
            reserved = min(self._bound(now) + self._ahead(), max(self._most - self._spent, 0))
        return Entry(self.allowance.currency, self._spent, self._last, reserved)

    def wrote(self, entry: Entry, newest: Charge | None, *, own: bool) -> None:
        """The log's last charge is `newest` now; `own` when it is what became of the entry."""
        if newest is None or newest.currency != self._currency:
            return
        if own:
            self._spent += newest.nanos - entry.spent
            self._secured = _counted(newest)
        elif newest != self._last:
            self._spent = _counted(newest) + _beyond(self._spent, self._last)
            self._secured = newest.nanos
        self._last = newest

    @property
    def _rests(self) -> bool:
        """Whether nothing is in flight, nor will be soon."""
        return not self._hands and (self.idle or self.spent_out)

    @property
    def _most(self) -> int:
        return self.allowance.max_micros * 1000 if self.allowance is not None else 0

    def _bound(self, now: float, asking: str | None = None) -> int:
        """Upper bound of what is in flight, with one more batch for a performer that asks."""
        seconds = sum(hands.seconds(now) for hands in self._hands.values())
        if asking is not None:
            alone = asking not in self._hands
            seconds += max(self.estimate_seconds, REACTION_SECONDS) if alone else self.estimate_seconds
        return self._at_dearest(seconds)

    def _ahead(self) -> int:
        return self._at_dearest((len(self._hands) + 1) * (AHEAD_SECONDS + 2 * self.estimate_seconds))

    def _at_dearest(self, seconds: float) -> int:
        return nanos(self.allowance.dearest_micros, seconds) if self.allowance is not None else 0

    def _pay(self, group: str, seconds: float) -> None:
        self._worked[group] += seconds
        if self.allowance is None:
            self._unpriced[group] += seconds
        else:
            self._spent += nanos(self.allowance.price_of(group), seconds)

    def _let_go(self, performer: str) -> _Hands | None:
        """A performer's hands without the first batch in them."""
        hands = self._hands.get(performer)
        if hands is not None:
            hands.estimates.popleft()
            if not hands.estimates:
                del self._hands[performer]
        return hands
