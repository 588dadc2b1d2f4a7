"""Lines that wait for S3: whole, in order, and never more than was said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from understudy_api.item_log import CUT, MAX_ITEM_BYTES, MAX_ORDER_BYTES
from understudy_workers.direction.item_lines import ItemLines

ORDER = {"job": "acme/spring", "order": "u", "pool": "default", "trace_id": "t"}
LONG = "x" * 1000


def said(lines: ItemLines) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.taken()[0]]


def test_a_line_says_when_how_bad_and_what() -> None:
    lines = ItemLines()
    lines.add(1_764_000_000.5, "work lost", {**ORDER, "item": "a", "error": "Ä\n"}, routine=False)
    assert said(lines) == [
        {
            **ORDER,
            "item": "a",
            "error": "Ä\n",
            "event": "work lost",
            "level": "warning",
            "timestamp": "2025-11-24T16:00:00.500Z",
        }
    ]
    assert len(lines) == 0


def test_what_could_not_be_written_waits_before_what_came_later() -> None:
    lines = ItemLines()
    lines.add(0, "one", ORDER)
    waiting, _ = lines.taken()
    lines.add(0, "two", ORDER)
    lines.put_back(waiting)
    assert [one["event"] for one in said(lines)] == ["one", "two"]


@pytest.mark.parametrize("which", ["item", "take"])
def test_an_item_that_is_told_of_for_ever_is_cut_once_and_others_are_not(which: str) -> None:
    lines = ItemLines()
    for _ in range(100):
        lines.add(0, "attempt failed", {**ORDER, which: "a", "reason": LONG}, routine=False)
    lines.add(0, "attempt failed", {**ORDER, which: "b"}, routine=False)
    waiting, _ = lines.taken()
    found = [json.loads(line) for line in waiting]
    (cut,) = [one for one in found if one["event"] == CUT]
    assert (cut[which], cut["order"], cut["limit_bytes"]) == ("a", "u", MAX_ITEM_BYTES)
    told = sum(len(line) for line, one in zip(waiting, found, strict=True) if one[which] == "a" and one != cut)
    assert MAX_ITEM_BYTES - 1500 < told <= MAX_ITEM_BYTES
    assert found[-1][which] == "b"


def test_a_million_items_leave_room_for_what_goes_wrong() -> None:
    lines = ItemLines()
    for number in range(2 * MAX_ORDER_BYTES // 1000):
        lines.add(0, "item made", {**ORDER, "item": str(number), "stage": LONG})
    assert lines.is_full
    lines.add(0, "item lost", {**ORDER, "item": "late"}, routine=False)
    found = said(lines)
    assert [one["left_out"] for one in found if one["event"] == CUT] == ["what goes well"]
    assert (found[-1]["event"], found[-1]["item"]) == ("item lost", "late")
    assert lines.taken()[1] <= MAX_ORDER_BYTES // 2 + 1000


def test_when_everything_goes_wrong_it_ends_too() -> None:
    lines = ItemLines()
    for number in range(2 * MAX_ORDER_BYTES // 1000):
        lines.add(0, "item lost", {**ORDER, "item": str(number), "reason": LONG}, routine=False)
    waiting, spent = lines.taken()
    assert spent <= MAX_ORDER_BYTES
    assert sum(len(line) for line in waiting) <= MAX_ORDER_BYTES + 1000
    assert json.loads(waiting[-1])["left_out"] == "everything"


def test_what_others_wrote_before_counts() -> None:
    lines = ItemLines()
    lines.resume(MAX_ORDER_BYTES // 2)
    lines.add(0, "item made", {**ORDER, "item": "a"})
    assert [one["event"] for one in said(lines)] == [CUT]
