"""Marks tell items apart and give nothing away."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from understudy_api.log_marks import item_mark, take_mark

NAMES = st.tuples(*[st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12)] * 4)


@given(NAMES, NAMES)
def test_items_are_told_apart(one: tuple[str, str, str, str], other: tuple[str, str, str, str]) -> None:
    assert re.fullmatch("[0-9a-f]{12}", item_mark(*one))
    assert (item_mark(*one) == item_mark(*other)) == (one == other)


def test_where_one_name_ends_and_the_next_begins_counts() -> None:
    assert item_mark("u", "a", "b", "c") != item_mark("u", "ab", "", "c")


def test_a_mark_names_no_row() -> None:
    assert "4711" not in item_mark("u", "customer-4711", "en-GB", "wide")


def test_a_take_is_named_by_the_start_of_its_id() -> None:
    assert take_mark("ab" * 32) == "abababababab"
