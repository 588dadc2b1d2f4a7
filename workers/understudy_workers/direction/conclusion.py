"""The end of an order: index and contact sheet beside its outputs, then the last word in the log."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from understudy_api.order import Order
from understudy_api.receipt import Finished
from understudy_workers.direction.delivery import Courier
from understudy_workers.direction.index import INDEX_NAME, INDEX_TYPE, write_index
from understudy_workers.direction.item_log import ItemLog
from understudy_workers.direction.planner import Planner
from understudy_workers.direction.receipts import ReceiptLog
from understudy_workers.direction.sheet import SHEET_NAME, SHEET_TYPE, SHOWN_ITEMS, sheet


def last_word(log: ReceiptLog, courier: Courier, order: Order) -> Finished | None:
    """What was said at the end of this very content, when it still holds; None when there is something to do.

    A stopped order may go on, one that failed may go on when it may fail more often now; what another content of the job
    overwrote or what goes to another place now is delivered anew.
    """
    finished = log.finished()
    if finished is None or finished.state == "Stopped" or log.interrupted:
        return None
    losses = finished.totals.failed + finished.totals.rejected
    if finished.state == "Failed" and losses <= order.max_failed_items:
        return None
    if log.own_sequences and courier.cursor() < log.own_sequences[-1]:
        return None
    return finished


def publish(
    log: ReceiptLog, item_log: ItemLog, courier: Courier, order: Order, folder: Path, planner: Planner
) -> dict[str, str]:
    """Writes index, contact sheet and item log below the order's prefix; their keys as fields of `Finished`. None for a preview.

    Raises StoreError, and PlanError when the rows are not what they were.
    """
    if order.preview is not None:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    item_log.publish(courier, folder)
    with TemporaryDirectory(dir=folder) as name:
        index, page = Path(name) / INDEX_NAME, Path(name) / SHEET_NAME
        first = write_index(log.own_segments(), order.total_items, index, shown=SHOWN_ITEMS)
        page.write_text(sheet(order, log.totals, first, planner.words(SHOWN_ITEMS), courier.poster), encoding="utf-8")
        return {
            "index_key": courier.publish(INDEX_NAME, index, INDEX_TYPE),
            "contact_sheet_key": courier.publish(SHEET_NAME, page, SHEET_TYPE),
        }
