"""How a line of a log says which take or item it speaks of; never by words or names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from understudy_api.log_marks import item_mark, take_mark
from understudy_api.receipt import Receipt
from understudy_workers.work import ItemWork, PlannedItem, TakeWork


def of_work(order_uid: str, work: TakeWork | ItemWork) -> dict[str, Any]:
    """Of a take, or of an item and its takes; `order` is the uid of the order."""
    if isinstance(work, TakeWork):
        return {"order": order_uid, "take": take_mark(work.take_id)}
    return of_item(order_uid, work.planned)


def of_item(order_uid: str, item: PlannedItem) -> dict[str, Any]:
    """Of an item and its takes."""
    return _item(order_uid, item.row, item.locale, item.output.name, item.take_ids)


def of_receipt(order_uid: str, receipt: Receipt, take_ids: Iterable[str]) -> dict[str, Any]:
    """Of the item that a receipt is for, and its takes."""
    return _item(order_uid, receipt.row, receipt.locale, receipt.output, take_ids)


def _item(order_uid: str, row: str, locale: str, output: str, take_ids: Iterable[str]) -> dict[str, Any]:
    takes = [take_mark(one) for one in dict.fromkeys(take_ids)]
    return {"order": order_uid, "item": item_mark(order_uid, row, locale, output), "takes": takes}
