"""Numbers as a dashboard writes them: the right unit, three digits that say something, never a bare NaN for a 0."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_monitoring.files import BOARDS
from understudy_monitoring.units import UNITS, amount, size_of

WRITTEN = [
    (0, "short", None, "0"),
    (7, "short", None, "7"),
    (0.0123, "short", None, "0.0123"),
    (1234, "short", None, "1.23 K"),
    (2_500_000, "short", None, "2.5 Mil"),
    (8.217, "short", 1, "8.2"),
    (5.04, "short", 0, "5"),
    (0, "s", None, "0 s"),
    (0.00004, "s", None, "40 µs"),
    (0.0123, "s", None, "12.3 ms"),
    (59.9, "s", None, "59.9 s"),
    (78.6, "s", None, "1.31 mins"),
    (9540, "s", None, "2.65 hours"),
    (3 * 86_400, "s", None, "3 days"),
    (math.inf, "s", None, "∞"),
    (math.nan, "short", None, "NaN"),
    (0, "percentunit", None, "0%"),
    (0.001, "percentunit", None, "0.1%"),
    (0.4288, "percentunit", None, "42.9%"),
    (1, "percentunit", None, "100%"),
    (0, "bytes", None, "0 B"),
    (118_489_088, "bytes", None, "113 MiB"),
    (3 * 2**30, "bytes", None, "3 GiB"),
    (0.197, "ops", None, "0.197 ops/s"),
    (4321, "reqps", None, "4.32 K req/s"),
    (-90, "s", None, "-1.5 mins"),
]


@pytest.mark.parametrize(("value", "unit", "decimals", "words"), WRITTEN)
def test_a_number_is_written_in_its_unit(value: float, unit: str, decimals: int | None, words: str) -> None:
    assert amount(value, unit, decimals) == words


@given(st.floats(min_value=1e-6, max_value=1e12), st.sampled_from(sorted(UNITS)))
def test_what_is_written_is_the_number_to_three_digits(value: float, unit: str) -> None:
    number = float(amount(value, unit).rstrip("%").split()[0])
    assert number * size_of(value, unit) == pytest.approx(value, rel=0.006)


def test_every_unit_of_a_dashboard_can_be_written() -> None:
    assert {panel.unit for board in BOARDS for panel in board.panels} <= UNITS


def test_an_unknown_unit_is_an_error() -> None:
    with pytest.raises(KeyError):
        amount(1, "furlong")
