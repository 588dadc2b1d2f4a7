"""Worker time by whose it was: busy time as measured, idle time by share of use, what nobody used as nobody's. Pure.

For each pool and hour the charges add up, in whole micro-seconds, to the time that workers were there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from understudy_api.price_book import PricePage, changes_between, prices_at
from understudy_api.timesheet import HOUR_SECONDS, Timesheet, Work
from understudy_cli.cost_report.charge import (
    MICROS_PER_SECOND,
    NOBODY,
    Charge,
    What,
    Whose,
    apportioned,
    micros_of,
    quantity,
)

MICROS_PER_HOUR: Final = HOUR_SECONDS * MICROS_PER_SECOND
Book = Mapping[str, Sequence[PricePage]]
"""Pages by pool."""


@dataclass
class _Group:
    """One group's hour: time by the stretch of one price in which it was spent."""

    present: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    busy: dict[Whose, defaultdict[int, int]] = field(default_factory=dict)

    def busy_in(self, stretch: int) -> int:
        return sum(spent[stretch] for spent in self.busy.values())


def worker_charges(sheets: Iterable[Timesheet], book: Book) -> list[Charge]:
    """The charges of all hours that the timesheets speak of, oldest first.

    Workers cannot be busy and not there: where a timesheet says so, they were there as long as they were busy.
    """
    hours: defaultdict[tuple[int, str], list[Timesheet]] = defaultdict(list)
    for sheet in sheets:
        hours[sheet.hour, sheet.pool].append(sheet)
    return [
        charge
        for (hour, pool), found in sorted(hours.items())
        for charge in _hour(hour, pool, found, book.get(pool, ()))
    ]


def present_micros(sheets: Iterable[Timesheet]) -> int:
    """Worker time that the timesheets say was there: what all charges are held against."""
    return sum(micros_of(one.worker_seconds) for sheet in sheets for one in sheet.presences)


def whose(work: Work) -> Whose:
    """Whose a work is."""
    return Whose(work.kind, work.uid, work.namespace, work.name, work.license, work.locale)


def _hour(hour: int, pool: str, sheets: Sequence[Timesheet], pages: Sequence[PricePage]) -> Iterator[Charge]:
    begins = (hour, *changes_between(pages, hour, hour + HOUR_SECONDS))
    ends = (*begins[1:], hour + HOUR_SECONDS)
    stretches = tuple(zip(begins, ends, strict=True))
    for name, group in sorted(_groups(sheets, stretches).items()):
        for place, (begin, end) in enumerate(stretches):
            price = prices_at(pages, begin).of(name)
            for what, who, micros, share in _spent(group, place):
                yield Charge(
                    what=what,
                    begin=begin,
                    end=end,
                    pool=pool,
                    group=name,
                    whose=who,
                    quantity=quantity(micros, MICROS_PER_HOUR),
                    price=price,
                    micros=micros,
                    share=None if share is None else quantity(*share),
                )


def _groups(sheets: Sequence[Timesheet], stretches: Sequence[tuple[int, int]]) -> dict[str, _Group]:
    groups: defaultdict[str, _Group] = defaultdict(_Group)
    for sheet in sheets:
        weights = _overlaps(sheet, stretches)
        for presence in sheet.presences:
            for place, part in enumerate(apportioned(micros_of(presence.worker_seconds), weights)):
                groups[presence.group].present[place] += part
        for work in sheet.works:
            spent = groups[work.group].busy.setdefault(whose(work), defaultdict(int))
            for place, part in enumerate(apportioned(micros_of(work.busy_seconds), weights)):
                spent[place] += part
    return groups


def _overlaps(sheet: Timesheet, stretches: Sequence[tuple[int, int]]) -> list[int]:
    """How long each stretch is within the time that a timesheet speaks of, in micro-seconds; one is above 0."""
    since, until = micros_of(sheet.since), micros_of(sheet.until)
    found = [
        max(min(until, end * MICROS_PER_SECOND) - max(since, begin * MICROS_PER_SECOND), 0) for begin, end in stretches
    ]
    return found if any(found) else [1, *[0] * (len(stretches) - 1)]


def _spent(group: _Group, place: int) -> Iterator[tuple[What, Whose, int, tuple[int, int] | None]]:
    """What, whose, micro-seconds, and of idle time its share as a ratio."""
    for who, spent in group.busy.items():
        if spent[place]:
            yield "busy", who, spent[place], None
    idle = group.present[place] - group.busy_in(place)
    if idle <= 0:
        return
    users = [who for who, spent in group.busy.items() if sum(spent.values())]
    if not users:
        yield "unallocated", NOBODY, idle, None
        return
    weights = [sum(group.busy[who].values()) for who in users]
    for who, weight, part in zip(users, weights, apportioned(idle, weights), strict=True):
        if part:
            yield "idle", who, part, (weight, sum(weights))
