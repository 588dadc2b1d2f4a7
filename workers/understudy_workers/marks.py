"""How a line of a log says which job, take or item it speaks of; never by words or row keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from understudy_api.log_marks import item_mark, take_mark
from understudy_api.receipt import Receipt
from understudy_api.trace import trace_id
from understudy_workers.work import ItemWork, Permit, PlannedItem, TakeWork


def of_order(permit: Permit) -> dict[str, Any]:
    """Of an order: whose job it is, its uid, its pool and its trace."""
    return {
        "job": f"{permit.namespace}/{permit.job}",
        "order": permit.order_uid,
        "pool": permit.pool,
        "trace_id": trace_id(permit.order_uid, permit.generation),
    }


def of_work(permit: Permit, work: TakeWork | ItemWork) -> dict[str, Any]:
    """Of a take, or of an item and its takes."""
    if isinstance(work, TakeWork):
        return {**of_order(permit), "take": take_mark(work.take_id)}
    return of_item(permit, work.planned)


def of_item(permit: Permit, item: PlannedItem) -> dict[str, Any]:
    """Of an item and its takes."""
    return _item(permit, item.row, item.locale, item.output.name, item.take_ids)


def of_receipt(permit: Permit, receipt: Receipt, take_ids: Iterable[str] = ()) -> dict[str, Any]:
    """Of the item that a receipt is for, and its takes as far as they are given."""
    return _item(permit, receipt.row, receipt.locale, receipt.output, take_ids)


def _item(permit: Permit, row: str, locale: str, output: str, take_ids: Iterable[str]) -> dict[str, Any]:
    takes = [take_mark(one) for one in dict.fromkeys(take_ids)]
    return {**of_order(permit), "item": item_mark(permit.order_uid, row, locale, output), "takes": takes}
