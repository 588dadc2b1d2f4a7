"""Whose the time of workers was: every micro-second is somebody's, once, at the price of its time."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.model import Money
from understudy_api.price_book import PriceList, PricePage
from understudy_api.timesheet import Presence, Timesheet, Work
from understudy_cli.cost_report.allocation import present_micros, worker_charges
from understudy_cli.cost_report.charge import NOBODY, apportioned

HOUR = 1_790_000_000 // 3600 * 3600
EUR = Money(amount="3.60", currency="EUR")
USD = Money(amount="7.20", currency="USD")


def a_work(seconds: float, name: str = "spring", **changed: Any) -> Work:
    return Work(
        **{
            "kind": "Job",
            "uid": f"uid-{name}",
            "namespace": "acme",
            "name": name,
            "license": "acme-1",
            "locale": "de-DE",
            "group": "",
            "busy_seconds": seconds,
            **changed,
        }
    )


def a_sheet(present: float, *works: Work, group: str = "", **changed: Any) -> Timesheet:
    return Timesheet(
        **{
            "pool": "default",
            "director": "d1",
            "release": "r",
            "hour": HOUR,
            "since": HOUR,
            "until": HOUR + 3600,
            "presences": (Presence(group=group, worker_seconds=present),),
            "works": works,
            **changed,
        }
    )


def a_page(number: int, since: int, worker_hour: Money | None = EUR, **prices: Any) -> PricePage:
    return PricePage(pool="default", number=number, since=since, prices=PriceList(worker_hour=worker_hour, **prices))


BOOK = {"default": (a_page(0, 0),)}


def told(charges: list[Any]) -> list[tuple[str, str, int, Decimal | None]]:
    return [(one.what, one.whose.job, one.micros, one.amount) for one in charges]


def test_idle_time_is_split_by_share_of_use() -> None:
    charges = worker_charges([a_sheet(3600, a_work(600), a_work(1800, "summer"))], BOOK)
    assert told(charges) == [
        ("busy", "spring", 600_000_000, Decimal("0.6000000000012")),
        ("busy", "summer", 1_800_000_000, Decimal("1.8")),
        ("idle", "spring", 300_000_000, Decimal("0.2999999999988")),
        ("idle", "summer", 900_000_000, Decimal("0.9")),
    ]
    assert [one.share for one in charges] == [None, None, Decimal("0.25"), Decimal("0.75")]


def test_what_nobody_used_is_nobodys() -> None:
    (charge,) = worker_charges([a_sheet(7200)], BOOK)
    assert (charge.what, charge.whose, charge.amount, charge.currency) == ("unallocated", NOBODY, Decimal("7.2"), "EUR")


def test_groups_do_not_pay_for_each_other() -> None:
    sheet = a_sheet(0, a_work(10, group="spot"))
    presences = (Presence(group="spot", worker_seconds=10), Presence(group="fixed", worker_seconds=20))
    charges = worker_charges([sheet.model_copy(update={"presences": presences})], BOOK)
    assert [(one.group, one.what, one.micros) for one in charges] == [
        ("fixed", "unallocated", 20_000_000),
        ("spot", "busy", 10_000_000),
    ]


def test_directors_of_one_hour_are_one_hour() -> None:
    first = a_sheet(100, a_work(50), until=HOUR + 1800)
    second = a_sheet(100, director="d2", since=HOUR + 1800)
    charges = worker_charges([first, second], BOOK)
    assert [(one.what, one.whose.job, one.micros) for one in charges] == [
        ("busy", "spring", 50_000_000),
        ("idle", "spring", 150_000_000),
    ]


def test_a_price_that_changed_within_the_hour_counts_from_then_on() -> None:
    book = {"default": (a_page(0, 0), a_page(1, HOUR + 900, USD))}
    charges = worker_charges([a_sheet(3600, a_work(3600))], book)
    assert [(one.begin - HOUR, one.end - HOUR, one.micros, one.amount, one.currency) for one in charges] == [
        (0, 900, 900_000_000, Decimal("0.9"), "EUR"),
        (900, 3600, 2_700_000_000, Decimal("5.4"), "USD"),
    ]


def test_a_price_that_changed_before_a_director_came_does_not_touch_its_time() -> None:
    book = {"default": (a_page(0, 0), a_page(1, HOUR + 900, USD))}
    (charge,) = worker_charges([a_sheet(10, a_work(10), since=HOUR + 1000)], book)
    assert (charge.begin, charge.currency) == (HOUR + 900, "USD")


@pytest.mark.parametrize("book", [{}, {"default": (a_page(0, HOUR + 3600),)}, {"default": (a_page(0, 0, None),)}])
def test_time_without_a_price_is_unpriced_and_never_free(book: dict[str, Any]) -> None:
    charges = worker_charges([a_sheet(20, a_work(10))], book)
    assert [(one.micros, one.amount, one.currency) for one in charges] == [
        (10_000_000, None, ""),
        (10_000_000, None, ""),
    ]


def test_a_group_has_its_own_price_or_the_pools() -> None:
    book = {"default": (a_page(0, 0, groups={"spot": Money(amount="0.36", currency="EUR")}),)}
    sheets = [a_sheet(3600, group="spot"), a_sheet(3600, group="gone", director="d2")]
    assert [(one.group, one.amount) for one in worker_charges(sheets, book)] == [
        ("gone", Decimal("3.6")),
        ("spot", Decimal("0.36")),
    ]


def test_who_was_busy_was_there() -> None:
    (charge,) = worker_charges([a_sheet(5, a_work(10))], BOOK)
    assert (charge.what, charge.micros) == ("busy", 10_000_000)


amounts = st.floats(0, 1e6)
names = st.sampled_from(["spring", "summer", "autumn"])
groups = st.sampled_from(["", "spot", "fixed"])
sheets = st.builds(
    lambda director, present, works, since, until: a_sheet(
        0,
        *(
            a_work(seconds, name, group=group, locale=locale)
            for (group, name, locale), seconds in works.items()
            if seconds
        ),
        director=director,
        presences=tuple(
            Presence(
                group=group,
                worker_seconds=extra + sum(seconds for (one, *_), seconds in works.items() if one == group),
            )
            for group, extra in present.items()
        ),
        since=HOUR + min(since, until),
        until=HOUR + max(since, until),
    ),
    st.text("ab", min_size=1, max_size=3),
    st.fixed_dictionaries({"": amounts, "spot": amounts, "fixed": amounts}),
    st.dictionaries(st.tuples(groups, names, st.sampled_from(["", "de-DE"])), amounts, max_size=6),
    st.integers(0, 3600),
    st.integers(0, 3600),
)


@given(st.lists(sheets, max_size=3), st.lists(st.integers(-10, 3700), max_size=4))
def test_every_microsecond_is_somebodys_once(found: list[Timesheet], changes: list[int]) -> None:
    book = {"default": tuple(a_page(at, HOUR + since, (EUR, USD)[at % 2]) for at, since in enumerate(changes))}
    charges = worker_charges(found, book)
    rounding = sum(len(sheet.works) + 3 for sheet in found)
    assert abs(sum(one.micros for one in charges) - present_micros(found)) <= rounding
    busy = Counter[str]()
    for sheet in found:
        for work in sheet.works:
            busy[work.name] += round(work.busy_seconds * 1_000_000)
    for name, micros in busy.items():
        said = sum(one.micros for one in charges if one.what == "busy" and one.whose.job == name)
        assert said == pytest.approx(micros, abs=rounding)


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**12), min_size=1).filter(any))
def test_parts_add_up_and_are_fair(amount: int, weights: list[int]) -> None:
    parts = apportioned(amount, weights)
    assert sum(parts) == amount
    assert all(
        abs(part * sum(weights) - amount * weight) < sum(weights) for part, weight in zip(parts, weights, strict=True)
    )


whole = st.integers(0, 10**9)


@given(st.lists(st.tuples(names, whole), max_size=5), whole, st.integers(1, 3599))
def test_sums_are_the_time_that_was_there_to_the_last_microsecond(
    works: list[tuple[str, int]], extra: int, change: int
) -> None:
    """With whole seconds nothing is rounded on the way in."""
    merged = dict(works)
    present = sum(merged.values()) + extra
    sheet = a_sheet(present, *(a_work(seconds, name) for name, seconds in merged.items()))
    charges = worker_charges([sheet], {"default": (a_page(0, 0), a_page(1, HOUR + change, USD))})
    assert sum(one.micros for one in charges) == present_micros([sheet]) == present * 1_000_000
