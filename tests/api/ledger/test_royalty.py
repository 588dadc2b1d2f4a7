"""Royalties: whole micro-units that add up, whatever the lengths and shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.ledger.royalty import earned_micros, shared
from understudy_api.royalty_terms import MILLION, Royalty, Split

OWNER = Split(role="owner", payee="p-1", share_millionths=MILLION)


def royalty(**changed: object) -> Royalty:
    return Royalty.model_validate({"currency": "EUR", "splits": (OWNER,), **changed})


@given(st.lists(st.integers(0, 10**9), max_size=30), st.integers(0, 10**7), st.integers(0, 10**6))
def test_items_add_up_to_the_rate_on_all_seconds(lengths: list[int], rate: int, each: int) -> None:
    given_terms = royalty(per_second_micros=rate, per_item_micros=each)
    total = made = 0
    for micros in lengths:
        total += earned_micros(given_terms, made, micros)
        made += micros
    assert total == rate * made // MILLION + each * len(lengths)


@given(st.integers(0, 10**12), st.integers(0, 10**9), st.integers(0, 10**6))
def test_an_item_earns_within_a_micro_unit_of_its_length(before: int, micros: int, rate: int) -> None:
    earned = earned_micros(royalty(per_second_micros=rate), before, micros)
    assert abs(earned * MILLION - rate * micros) < MILLION


def test_without_terms_nothing_is_earned() -> None:
    assert earned_micros(None, 5, 10**9) == 0


SHARES = st.lists(st.integers(0, 1000), min_size=1, max_size=6).map(lambda weights: _millionths(weights))


def _millionths(weights: list[int]) -> list[int]:
    whole = sum(weights) or 1
    shares = [weight * MILLION // whole for weight in weights]
    shares[0] += MILLION - sum(shares)
    return shares


@given(st.integers(-(10**15), 10**15), SHARES)
def test_parts_add_up_and_are_within_one_of_their_share(amount: int, shares: list[int]) -> None:
    parts = shared(amount, shares)
    assert sum(parts) == amount
    assert all(abs(part * MILLION - amount * share) < MILLION for part, share in zip(parts, shares, strict=True))


@pytest.mark.parametrize(
    ("amount", "shares", "parts"),
    [
        (100, (700_000, 200_000, 100_000), (70, 20, 10)),
        (1, (500_000, 500_000), (1, 0)),
        (2, (333_334, 333_333, 333_333), (1, 1, 0)),
        (5, (400_000, 350_000, 250_000), (2, 2, 1)),
        (0, (600_000, 400_000), (0, 0)),
        (-5, (400_000, 350_000, 250_000), (-2, -2, -1)),
        (10, (1_000_000, 0), (10, 0)),
    ],
)
def test_what_is_left_over_goes_to_the_largest_remainders(
    amount: int, shares: tuple[int, ...], parts: tuple[int, ...]
) -> None:
    assert shared(amount, shares) == parts
