"""Sets of a million small numbers, and places of items."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_workers.direction.ordinals import ItemPlaces, Ordinals


@settings(deadline=None)
@given(st.lists(st.integers(0, 99)))
def test_ordinals_are_a_set(numbers: list[int]) -> None:
    ordinals = Ordinals(100)
    for number in numbers:
        ordinals.add(number)
    assert len(ordinals) == len(set(numbers))
    assert [number for number in range(-5, 110) if number in ordinals] == sorted(set(numbers))


@pytest.mark.parametrize("number", [-1, 8, 1000])
def test_an_ordinal_beyond_the_order_is_refused(number: int) -> None:
    with pytest.raises(IndexError, match="wanted 0 to 7"):
        Ordinals(8).add(number)


def test_a_million_ordinals_are_small() -> None:
    assert len(Ordinals(1_000_000)._bits) == 125_000


def name(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), max_size=60))
def test_places_are_found_newest_first(entries: list[tuple[int, int]]) -> None:
    places = ItemPlaces()
    for item, sequence in entries:
        places.add(name(item), sequence)
        assert sequence in list(places.find(name(item)))
    for item in range(22):
        wanted = sorted({sequence for one, sequence in entries if one == item}, reverse=True)
        assert list(places.find(name(item))) == wanted
    assert len(places) == len(entries)


def test_ids_with_a_common_start_share_their_places() -> None:
    places = ItemPlaces()
    places.add("a" * 16 + "b" * 48, 1)
    places.add("a" * 16 + "c" * 48, 2)
    assert list(places.find("a" * 64)) == [2, 1]


def test_many_places_are_merged_on_the_way() -> None:
    places = ItemPlaces()
    for number in range(100_050):
        places.add(f"{number:016x}" + "0" * 48, number % 7)
    assert len(places) == 100_050
    assert list(places.find(f"{77:016x}" + "0" * 48)) == [0]
