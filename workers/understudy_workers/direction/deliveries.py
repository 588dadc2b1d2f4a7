"""Deliveries of one order: segment by segment, in the order of the log, as long as it takes.

Nothing is delivered before the ledger holds it: a segment waits until the operator says that it is committed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from understudy_api.receipt import Receipt, Segment
from understudy_workers.direction.delivery import Courier
from understudy_workers.direction.receipts import ReceiptLog
from understudy_workers.direction.workshop import Workshop
from understudy_workers.objects import StoreError

CURSOR_SECONDS: Final = 2.0
"""How often at most the place reached is written down."""
PATIENCE_SECONDS: Final = 0.5
"""How often a queue that waits for a commit looks whether anybody still waits for it."""


class Deliveries:
    """Brings the items of segments to their destination. Knows them by sequence, so a long queue costs nothing.

    `give_up` says when a delivery that fails is not tried again, and an uncommitted segment not waited for, because nobody
    waits for it any more. `on_delivery` is called with the items of a segment that were brought, and since when (Unix seconds).
    """

    def __init__(
        self,
        log: ReceiptLog,
        courier: Courier,
        workshop: Workshop,
        report: Callable[[str], None],
        give_up: Callable[[], bool],
        on_delivery: Callable[[Sequence[Receipt], float], None] = lambda *_: None,
    ) -> None:
        self.courier = courier
        self._log = log
        self._workshop = workshop
        self._report = report
        self._give_up = give_up
        self._on_delivery = on_delivery
        self._queue: deque[tuple[int, bool]] = deque()
        self._changed = asyncio.Event()
        self._closing = False
        self._committed = -1
        self._reached = -1
        self._kept_at = 0.0
        self.undelivered = 0
        """Items whose files could not be brought: gone from staging, or given up."""

    def take_up(self, cursor: int) -> None:
        """Queues the order's segments after `cursor` again: nobody knows which of their files were delivered."""
        for sequence in self._log.own_sequences:
            if sequence > cursor:
                self.add(sequence, verify=True)

    def add(self, sequence: int, *, verify: bool) -> None:
        """Queues a segment; with `verify` files that are at their destination already stay as they are."""
        self._queue.append((sequence, verify))
        self._changed.set()

    def redirect(self, courier: Courier) -> None:
        """Goes on with another courier; when that one goes elsewhere, everything is delivered again."""
        elsewhere = courier.where != self.courier.where
        self.courier.close()
        self.courier = courier
        if elsewhere:
            self._queue.clear()
            self._reached = -1
            self.take_up(-1)

    def commit(self, sequence: int) -> None:
        """Segments up to `sequence` may be delivered."""
        if sequence > self._committed:
            self._committed = sequence
            self._changed.set()

    def close(self) -> None:
        """Nothing more will be added: `carry` delivers what is queued, then returns."""
        self._closing = True
        self._changed.set()

    async def carry(self) -> None:
        """Delivers until closed and empty, or given up."""
        while self._queue or not self._closing:
            if not self._queue or self._queue[0][0] > self._committed:
                if self._queue and self._give_up():
                    await self._leave()
                    return
                await self._wait()
                continue
            sequence, verify = self._queue.popleft()
            courier = self.courier
            await self._deliver(sequence, verify)
            if courier.where == self.courier.where:
                self._reached = max(self._reached, sequence)
                await self._keep_cursor(at_once=not self._queue)

    async def _wait(self) -> None:
        """Until something changed, or it may be time to give up."""
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._changed.wait()

    async def _leave(self) -> None:
        """Counts what stays behind: made too late, or beyond what was promised, so that the ledger does not hold it."""
        while self._queue:
            sequence, _ = self._queue.popleft()
            segment = await self._workshop.run(self._log.segment, sequence)
            self.undelivered += sum(receipt.outcome == "done" and receipt.bytes > 0 for receipt in segment.receipts)

    async def _deliver(self, sequence: int, verify: bool) -> None:
        workshop = self._workshop
        segment: Segment = await workshop.insist(lambda: self._log.segment(sequence), self._report)
        began_at = workshop.clock()
        wanted = [receipt for receipt in segment.receipts if receipt.outcome == "done" and receipt.bytes]
        results = await asyncio.gather(*(self._bring(receipt, verify) for receipt in wanted))
        self.undelivered += results.count(False)
        workshop.metrics.delivered.inc(results.count(True))
        brought = [receipt for receipt, there in zip(wanted, results, strict=True) if there]
        self._on_delivery(brought, began_at)

    async def _bring(self, receipt: Receipt, verify: bool) -> bool:
        def bring() -> bool:
            return self.courier.deliver(receipt, verify=verify)

        try:
            return await self._workshop.insist(bring, self._report, self._give_up)
        except StoreError:
            return False

    async def _keep_cursor(self, *, at_once: bool) -> None:
        now = asyncio.get_running_loop().time()
        if self.undelivered or not (at_once or now - self._kept_at >= CURSOR_SECONDS):
            return
        reached, courier = self._reached, self.courier
        await self._workshop.insist(lambda: courier.keep_cursor(reached), self._report)
        self._kept_at = now
