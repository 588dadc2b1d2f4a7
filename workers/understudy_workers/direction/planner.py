"""Planning ahead: items of one order in small helpings, only those without a receipt, never the whole order at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from understudy_api.order import Order
from understudy_api.receipt import UNSIGNED, Receipt
from understudy_workers.direction.receipts import ReceiptLog
from understudy_workers.direction.rows import fetch_rows, stored_rows
from understudy_workers.direction.workshop import Workshop
from understudy_workers.expand import plan
from understudy_workers.work import PlannedItem


@dataclass(frozen=True)
class Helping:
    """Items to perform, receipts of items an earlier content of the job made already, and whether these were the last."""

    items: tuple[PlannedItem, ...]
    carried: tuple[Receipt, ...]
    last: bool


class Planner:
    """Expands an order lazily. Blocking; one call at a time. Raises PlanError and StoreError."""

    def __init__(self, order: Order, log: ReceiptLog, workshop: Workshop) -> None:
        self._order = order
        self._log = log
        self._workshop = workshop
        self._rows: Path | None = None
        self._items: Iterator[PlannedItem] | None = None
        self._held: PlannedItem | None = None
        self._found: list[PlannedItem] = []
        self._carried: list[Receipt] = []
        self._place = 0

    def helping(self, size: int) -> Helping:
        """The next about `size` items without a receipt; the outputs of a row and locale stay together.

        After StoreError the same call may be made again: nothing is skipped.
        """
        siblings = len(self._order.outputs)
        while len(self._found) + len(self._carried) < size or self._place % siblings:
            planned = self._next()
            if planned is None:
                return self._served(last=True)
            if planned.ordinal not in self._log.accounted:
                earlier = self._log.carried(planned.item_id) if len(self._log.earlier) else None
                if earlier is None:
                    self._found.append(planned)
                else:
                    self._carried.append(_carried(earlier, planned))
            self._held = None
            self._place = planned.ordinal + 1
        return self._served(last=False)

    def _served(self, *, last: bool) -> Helping:
        helping = Helping(tuple(self._found), tuple(self._carried), last)
        self._found, self._carried = [], []
        return helping

    def _next(self) -> PlannedItem | None:
        """The item being looked at: the same again until it was dealt with."""
        if self._items is None:
            self._items = self._plan()
        if self._held is None:
            self._held = next(self._items, None)
        return self._held

    def _plan(self) -> Iterator[PlannedItem]:
        content, workshop = self._order.content, self._workshop
        folder = workshop.settings.work_dir / "rows"
        self._rows = fetch_rows(workshop.objects, workshop.settings.buckets.staging, content, folder)
        rows = stored_rows(self._rows, content)
        return plan(self._order, islice(rows, 1) if self._order.preview else rows, workshop.cache_key)

    def words(self, items: int) -> dict[int, str]:
        """What is said in the first items, by ordinal."""
        return {planned.ordinal: " ".join(planned.sentences) for planned in islice(self._plan(), items)}

    def forget_rows(self) -> None:
        """Removes the local copy of the rows: the order is over."""
        if self._rows is not None:
            self._rows.unlink(missing_ok=True)


def _carried(earlier: Receipt, planned: PlannedItem) -> Receipt:
    """The receipt of an item that was billed before: it costs nothing and is delivered again where need be."""
    return earlier.model_copy(
        update={"ordinal": planned.ordinal, "carried": True, "metered_seconds": 0.0, "attempts": 1, **UNSIGNED}
    )
