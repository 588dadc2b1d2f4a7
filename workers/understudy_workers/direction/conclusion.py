"""The end of an order: index and contact sheet beside its outputs, then the last word in the log."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from understudy_api.order import Order
from understudy_api.receipt import Finished
from understudy_workers.direction.delivery import Courier
from understudy_workers.direction.index import INDEX_NAME, INDEX_TYPE, write_index
from understudy_workers.direction.receipts import ReceiptLog


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


def publish(log: ReceiptLog, courier: Courier, order: Order, folder: Path) -> dict[str, str]:
    """Writes index and contact sheet below the order's prefix; their keys as fields of `Finished`. Raises StoreError."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as name:
        index = Path(name) / INDEX_NAME
        write_index(log.own_segments(), order.total_items, index)
        return {"index_key": courier.publish(INDEX_NAME, index, INDEX_TYPE)}
