"""Lines of logs name works by marks, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from theatre import LANDSCAPE

from understudy_api.log_marks import item_mark
from understudy_api.receipt import Receipt
from understudy_api.trace import trace_id
from understudy_workers import marks
from understudy_workers.work import ItemWork, Permit, PlannedItem, TakeWork, permit_of

WORDS = "Hello Ada."
TAKES = ("a" * 64, "b" * 64, "a" * 64)
ITEM = PlannedItem(0, "c" * 64, "ada-4711", "en-GB", LANDSCAPE, (WORDS,) * 3, TAKES, ("d" * 64,) * 3)


@pytest.fixture
def permit(signers: Any) -> Permit:
    return permit_of(signers.order())


def order_of(permit: Permit) -> dict[str, Any]:
    uid = permit.order_uid
    return {"job": "acme/spring", "order": uid, "pool": "default", "trace_id": trace_id(uid, 1)}


def named(permit: Permit) -> dict[str, Any]:
    mark = item_mark(permit.order_uid, "ada-4711", "en-GB", "landscape")
    return {**order_of(permit), "item": mark, "takes": ["a" * 12, "b" * 12]}


def test_a_take_is_named_by_its_id(permit: Permit) -> None:
    take = TakeWork("a" * 64, ("d" * 64,), (LANDSCAPE,), WORDS, "en-GB")
    assert marks.of_work(permit, take) == {**order_of(permit), "take": "a" * 12}


def test_an_item_is_named_with_each_of_its_takes_once(permit: Permit) -> None:
    assert marks.of_item(permit, ITEM) == named(permit)
    assert marks.of_work(permit, ItemWork(ITEM, 0.0, "p/")) == named(permit)


def test_a_receipt_names_its_item_alike(permit: Permit) -> None:
    receipt = Receipt(
        item="c" * 64, ordinal=0, row="ada-4711", locale="en-GB", output="landscape", outcome="failed", reason="Broke"
    )
    assert marks.of_receipt(permit, receipt, TAKES) == named(permit)


def test_neither_words_nor_row_keys_nor_tokens_are_told(permit: Permit) -> None:
    told = str(marks.of_item(permit, ITEM))
    assert "4711" not in told
    assert WORDS not in told
    assert permit.license not in told
    assert permit.grant not in told
