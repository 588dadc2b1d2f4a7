"""Storage and egress, estimated from receipts: the store's own bill is another thing. Pure.

What was delivered is taken to be read once, and to lie there until the end of the period: nobody tells the farm that a file
was deleted. Storage is charged by day and by GiB-months of 730 hours.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from understudy_api.price_book import PricePage, changes_between, prices_at
from understudy_api.timesheet import HOUR_SECONDS, hour_of
from understudy_cli.cost_report.allocation import Book
from understudy_cli.cost_report.charge import MICROS_PER_SECOND, Charge, Whose, micros_of, quantity

GIB: Final = 2**30
DAY_SECONDS: Final = 86_400
MONTH_SECONDS: Final = 730 * HOUR_SECONDS


@dataclass(frozen=True)
class Delivery:
    """Bytes delivered for one job in one locale. `at` in Unix seconds."""

    whose: Whose
    pool: str
    at: float
    bytes: int


@dataclass
class _Kept:
    """What lies there of one job: bytes that come in a stretch of time, and how many micro-seconds of it they see."""

    byte_micros: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    arrived: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))


def storage_charges(deliveries: Iterable[Delivery], book: Book, begin: int, end: int) -> Iterator[Charge]:
    """What was delivered before `end` and lay there between the two."""
    if begin >= end:
        return
    by_owner: defaultdict[tuple[str, Whose], list[Delivery]] = defaultdict(list)
    for one in deliveries:
        if one.at < end and one.bytes:
            by_owner[one.pool, one.whose].append(one)
    for (pool, whose), found in by_owner.items():
        pages = book.get(pool, ())
        bounds = _bounds(pages, begin, end)
        for place, byte_micros in enumerate(_lain(found, bounds)):
            if byte_micros:
                yield Charge(
                    what="storage",
                    begin=bounds[place],
                    end=bounds[place + 1],
                    pool=pool,
                    group="",
                    whose=whose,
                    quantity=quantity(byte_micros, GIB * MONTH_SECONDS * MICROS_PER_SECOND),
                    price=prices_at(pages, bounds[place]).storage_gib_month,
                )


def egress_charges(deliveries: Iterable[Delivery], book: Book, begin: int, end: int) -> Iterator[Charge]:
    """What was delivered between the two, by hour."""
    sums: defaultdict[tuple[int, int, str, Whose], int] = defaultdict(int)
    for one in deliveries:
        if begin <= one.at < end and one.bytes:
            hour = hour_of(one.at)
            bounds = (hour, *changes_between(book.get(one.pool, ()), hour, hour + HOUR_SECONDS), hour + HOUR_SECONDS)
            place = bisect_right(bounds, one.at) - 1
            sums[bounds[place], bounds[place + 1], one.pool, one.whose] += one.bytes
    for (since, until, pool, whose), delivered in sums.items():
        price = prices_at(book.get(pool, ()), since).egress_gib
        yield Charge("egress", since, until, pool, "", whose, quantity(delivered, GIB), price)


def _bounds(pages: Sequence[PricePage], begin: int, end: int) -> list[int]:
    """The days of a period, and the times at which the price changed."""
    days = range(begin - begin % DAY_SECONDS + DAY_SECONDS, end, DAY_SECONDS)
    return sorted({begin, *days, *changes_between(pages, begin, end), end})


def _lain(found: Sequence[Delivery], bounds: Sequence[int]) -> Iterator[int]:
    """Bytes x micro-seconds for each stretch between two bounds."""
    kept, lying = _Kept(), 0
    for one in found:
        at = max(one.at, bounds[0])
        place = bisect_right(bounds, at) - 1
        kept.byte_micros[place] += one.bytes * (bounds[place + 1] * MICROS_PER_SECOND - micros_of(at))
        kept.arrived[place] += one.bytes
    for place, (since, until) in enumerate(pairwise(bounds)):
        yield kept.byte_micros[place] + lying * (until - since) * MICROS_PER_SECOND
        lying += kept.arrived[place]
