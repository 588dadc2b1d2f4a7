"""Amounts of a budget: exact, never rounded down."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from understudy_api.budget import Allowance, JobBudget, micros_of, money, nanos

PRICES = st.integers(0, 10**12)
SECONDS = st.floats(0, 1e7, allow_nan=False)


@given(PRICES, st.lists(SECONDS, max_size=20))
def test_a_sum_of_many_is_never_less_than_the_whole(price: int, parts: list[float]) -> None:
    whole = sum((Decimal(part) for part in parts), Decimal(0)) * price * 1000 / 3600
    charged = sum(nanos(price, part) for part in parts)
    assert whole <= charged <= whole + len(parts) * (1 + Decimal(price) / 3_600_000)


@pytest.mark.parametrize(
    ("price", "seconds", "wanted"),
    [
        (3_600_000, 1.0, 1_000_000),  # 3.60 an hour is a thousandth a second
        (3_600_000, 0.0, 0),
        (1, 0.0001, 1),
        (600_000, 3600.0, 600_000_000),
        (0, 3600.0, 0),
    ],
)
def test_seconds_cost_their_price(price: int, seconds: float, wanted: int) -> None:
    assert nanos(price, seconds) == wanted


@given(st.decimals(0, 999_999_999, places=6))
def test_an_amount_goes_there_and_back(amount: Decimal) -> None:
    assert Decimal(micros_of(f"{amount:f}")) == amount * 1_000_000


@pytest.mark.parametrize(
    ("amount", "shown"), [(0, "0.0000"), (1, "0.0001"), (12_500_000_000, "12.5000"), (100_001, "0.0002")]
)
def test_people_are_never_told_less(amount: int, shown: str) -> None:
    assert money(amount, "EUR").amount == shown


@pytest.mark.parametrize(("group", "price"), [("a100", 4_000_000), ("cpu", 500_000), ("gone", 600_000), ("", 600_000)])
def test_a_group_without_a_price_costs_what_the_pool_costs(group: str, price: int) -> None:
    groups = {"a100": 4_000_000, "cpu": 500_000}
    known = Allowance(currency="EUR", max_micros=1, price_micros=600_000, group_price_micros=groups)
    assert known.price_of(group) == price
    assert known.dearest_micros == 4_000_000


def test_without_a_price_of_the_pool_the_unknown_costs_most() -> None:
    known = Allowance(currency="EUR", max_micros=1, group_price_micros={"a100": 4_000_000, "cpu": 500_000})
    assert [known.price_of(group) for group in ("cpu", "gone", "")] == [500_000, 4_000_000, 4_000_000]


@pytest.mark.parametrize(
    "wrong",
    [
        {"max": "-1"},
        {"max": "1e3"},
        {"max": "1.1234567"},
        {"currency": "eur"},
        {"whenExceeded": "Ignore"},
        {"most": "1"},
    ],
)
def test_what_is_no_budget(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        JobBudget.model_validate({"max": "12.50", "currency": "EUR", **wrong})


def test_a_budget_pauses_unless_it_says_otherwise() -> None:
    assert JobBudget.model_validate({"max": "12.50", "currency": "EUR"}).when_exceeded == "Pause"
