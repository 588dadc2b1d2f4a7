"""Names of the parts of a log: what they say, and that they sort by time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.item_log import MAX_ORDER_BYTES, Part, log_prefix, part_key, read_part

TIMES = st.integers(0, 4_000_000_000_000).map(lambda milliseconds: milliseconds / 1000)


@given(TIMES, st.integers(0, MAX_ORDER_BYTES))
def test_a_key_says_when_of_what_and_how_much(at: float, size: int) -> None:
    key = part_key("uid-0001", at, "d" * 64, "0123456789abcdef", size)
    assert key.startswith(log_prefix("uid-0001"))
    part = read_part(key)
    assert part is not None
    assert (part.order, part.bytes_so_far) == ("d" * 16, size)
    assert abs(part.at - at) <= 0.001


@given(TIMES, TIMES)
def test_keys_sort_by_their_times(one: float, other: float) -> None:
    earlier, later = sorted((one, other))
    if later - earlier > 0.001:
        assert part_key("u", earlier, "f" * 64, "z", 9) < part_key("u", later, "0" * 64, "a", 1)


@pytest.mark.parametrize("key", ["logs/u/notes.txt", "logs/u/", "u/00000000.json", "logs/u/1-d-me-2.jsonl"])
def test_what_is_no_part_is_none(key: str) -> None:
    assert read_part(key) is None


def test_a_part_reads_back() -> None:
    assert read_part("logs/u/1764000000123-0123456789abcdef-me-77.jsonl") == Part(
        1764000000.123, "0123456789abcdef", 77
    )
