"""Seconds as people read them: exact to the millisecond, no trailing zeros."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from understudy_operator.core.seconds import decimal_seconds


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0"),
        (812, "812"),
        (12.04, "12.04"),
        (0.1 + 0.2, "0.3"),
        (1.0005, "1.001"),
        (1.0004999, "1"),
        (1e9, "1000000000"),
        (600.0, "600"),
    ],
)
def test_a_second_reads_as_it_is(seconds: float, words: str) -> None:
    assert decimal_seconds(seconds) == words


@given(some.floats(0, 1e9))
def test_nothing_is_lost_but_less_than_a_millisecond(seconds: float) -> None:
    words = decimal_seconds(seconds)
    assert abs(Decimal(words) - Decimal(repr(seconds))) <= Decimal("0.0005")
    assert "E" not in words
    assert not ("." in words and words.endswith("0"))
