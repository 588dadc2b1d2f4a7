"""What lay where for how long, and what was sent out, at the price of the time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from understudy_api.model import Money
from understudy_api.price_book import PriceList, PricePage
from understudy_cli.cost_report.charge import Whose
from understudy_cli.cost_report.estimates import GIB, MONTH_SECONDS, Delivery, egress_charges, storage_charges

DAY = 86_400
BEGIN = 20_000 * DAY
SPRING = Whose("Job", "uid-1", "acme", "spring", "acme-1", "de-DE")


def a_page(number: int, since: int, amount: str | None, currency: str = "EUR") -> PricePage:
    price = Money(amount=amount, currency=currency) if amount else None
    return PricePage(pool="p", number=number, since=since, prices=PriceList(storage_gib_month=price, egress_gib=price))


BOOK = {"p": (a_page(0, 0, "0.73"),)}


def delivered(at: float, size: int = GIB, **changed: Any) -> Delivery:
    return Delivery(**{"whose": SPRING, "pool": "p", "at": at, "bytes": size, **changed})


def test_a_file_costs_from_its_delivery_until_the_end_by_day() -> None:
    charges = list(storage_charges([delivered(BEGIN + DAY // 2)], BOOK, BEGIN, BEGIN + 2 * DAY))
    assert [(one.begin - BEGIN, one.end - BEGIN, round(one.amount or 0, 9)) for one in charges] == [
        (0, DAY, Decimal("0.012")),
        (DAY, 2 * DAY, Decimal("0.024")),
    ]


def test_a_file_of_before_the_period_lies_there_all_of_it() -> None:
    (charge,) = storage_charges([delivered(BEGIN - 400 * DAY)], BOOK, BEGIN, BEGIN + DAY)
    assert charge.amount is not None
    assert round(charge.amount, 9) == Decimal("0.024")


def test_what_comes_after_the_period_costs_nothing_in_it() -> None:
    assert list(storage_charges([delivered(BEGIN + DAY)], BOOK, BEGIN, BEGIN + DAY)) == []
    assert list(egress_charges([delivered(BEGIN + DAY)], BOOK, BEGIN, BEGIN + DAY)) == []


def test_a_period_that_is_not_there_yet_costs_nothing() -> None:
    assert list(storage_charges([delivered(BEGIN - 1)], BOOK, BEGIN, BEGIN)) == []


def test_another_price_counts_from_its_time_on() -> None:
    book = {"p": (a_page(0, 0, "0.73"), a_page(1, BEGIN + DAY // 2, "7.3", "USD"))}
    charges = list(storage_charges([delivered(BEGIN)], book, BEGIN, BEGIN + DAY))
    assert [(one.currency, round(one.amount or 0, 9)) for one in charges] == [
        ("EUR", Decimal("0.012")),
        ("USD", Decimal("0.12")),
    ]
    hours = [delivered(BEGIN + DAY // 2 + minute * 60) for minute in (-1, 0, 1)]
    assert [(one.quantity, one.currency) for one in egress_charges(hours, book, BEGIN, BEGIN + DAY)] == [
        (Decimal(1), "EUR"),
        (Decimal(2), "USD"),
    ]


def test_without_a_price_it_is_unpriced_and_not_free() -> None:
    book = {"p": (a_page(0, 0, None),)}
    for charges in (storage_charges, egress_charges):
        (charge,) = charges([delivered(BEGIN)], book, BEGIN, BEGIN + DAY)
        assert (charge.amount, charge.quantity > 0) == (None, True)


def test_each_is_charged_for_its_own() -> None:
    other = Whose("Job", "uid-2", "beta", "winter", "beta-1", "de-DE")
    found = [delivered(BEGIN), delivered(BEGIN, 3 * GIB, whose=other), delivered(BEGIN, 0, whose=Whose())]
    charges = list(egress_charges(found, BOOK, BEGIN, BEGIN + DAY))
    assert [(one.whose, one.quantity) for one in charges] == [(SPRING, Decimal(1)), (other, Decimal(3))]


@given(
    st.lists(st.tuples(st.integers(-5 * DAY, 6 * DAY), st.integers(0, 2**40)), max_size=8),
    st.lists(st.integers(-DAY, 6 * DAY), max_size=4),
    st.integers(1, 5 * DAY),
)
def test_days_add_up_to_what_lay_there(files: list[tuple[int, int]], changes: list[int], length: int) -> None:
    book = {"p": tuple(a_page(number, BEGIN + since, str(number + 1)) for number, since in enumerate(changes))}
    found = [delivered(BEGIN + at, size) for at, size in files]
    charges = list(storage_charges(found, book, BEGIN, BEGIN + length))
    wanted = sum(size * (length - max(at, 0)) for at, size in files if at < length)
    said = sum((one.quantity for one in charges), Decimal(0)) * GIB * MONTH_SECONDS
    assert abs(said - wanted) <= len(charges) * Decimal("1e-12") * GIB * MONTH_SECONDS
    assert all(BEGIN <= one.begin < one.end <= BEGIN + length for one in charges)
    assert all(one.begin // DAY == (one.end - 1) // DAY for one in charges)
