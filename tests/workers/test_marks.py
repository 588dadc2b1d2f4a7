"""Lines of logs name works by marks, and by nothing else."""

from __future__ import annotations

from theatre import LANDSCAPE

from understudy_api.log_marks import item_mark
from understudy_api.receipt import Receipt
from understudy_workers import marks
from understudy_workers.work import ItemWork, PlannedItem, TakeWork

WORDS = "Hello Ada."
TAKES = ("a" * 64, "b" * 64, "a" * 64)
ITEM = PlannedItem(0, "c" * 64, "ada-4711", "en-GB", LANDSCAPE, (WORDS,) * 3, TAKES, ("d" * 64,) * 3)
NAMED = {"order": "u", "item": item_mark("u", "ada-4711", "en-GB", "landscape"), "takes": ["a" * 12, "b" * 12]}


def test_a_take_is_named_by_its_id() -> None:
    take = TakeWork("a" * 64, ("d" * 64,), (LANDSCAPE,), WORDS, "en-GB")
    assert marks.of_work("u", take) == {"order": "u", "take": "a" * 12}


def test_an_item_is_named_with_each_of_its_takes_once() -> None:
    assert marks.of_item("u", ITEM) == NAMED
    assert marks.of_work("u", ItemWork(ITEM, 0.0, "p/")) == NAMED


def test_a_receipt_names_its_item_alike() -> None:
    receipt = Receipt(
        item="c" * 64, ordinal=0, row="ada-4711", locale="en-GB", output="landscape", outcome="failed", reason="Broke"
    )
    assert marks.of_receipt("u", receipt, TAKES) == NAMED


def test_neither_words_nor_row_keys_are_told() -> None:
    told = str(marks.of_item("u", ITEM))
    assert "4711" not in told
    assert WORDS not in told
