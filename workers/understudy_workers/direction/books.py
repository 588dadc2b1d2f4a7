"""The books of one order: receipts on their way into the log, and what was spent meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from understudy_api.kuberay import is_group_name
from understudy_api.receipt import MAX_SEGMENT_ITEMS, SEGMENT_SECONDS, Receipt, Segment
from understudy_workers.direction.batch import Witness
from understudy_workers.direction.purse import Purse
from understudy_workers.direction.receipts import ReceiptLog
from understudy_workers.direction.schedule import Turnout
from understudy_workers.direction.totals import Spent
from understudy_workers.direction.units import FPS, Ended
from understudy_workers.direction.workshop import Workshop
from understudy_workers.work import ItemResult, TakeResult

MAX_PENDING: Final = 20 * MAX_SEGMENT_ITEMS
"""Receipts that may wait for the object store before no more work is handed out."""


class Books:
    """Collects receipts and writes them as segments: MAX_SEGMENT_ITEMS at once, or what there is after SEGMENT_SECONDS.

    `on_segment(segment, own)` is called for every segment that joined the log: `own` when this director wrote it;
    `on_end` for every item that is entered.
    """

    def __init__(
        self,
        log: ReceiptLog,
        namespace: str,
        workshop: Workshop,
        report: Callable[[str], None],
        on_segment: Callable[[Segment, bool], None],
        on_end: Callable[[Ended], None] = lambda _: None,
        purse: Purse | None = None,
    ) -> None:
        self._log = log
        self._namespace = namespace
        self._workshop = workshop
        self._report = report
        self._on_segment = on_segment
        self._purse = purse or Purse(None)
        self._on_end = on_end
        self._pending: deque[tuple[Receipt, Witness | None]] = deque()
        self._spent = Spent()
        self._changed = asyncio.Event()
        self._oldest_at = 0.0
        self._closing = False
        self._pending_seconds, self._pending_items = 0.0, 0
        self._logged_seconds, self._logged_items = log.totals.metered_seconds, log.billed_items
        self._logged_losses = log.totals.failed + log.totals.rejected
        self._pending_losses = 0

    @property
    def committed_seconds(self) -> float:
        """Metered seconds of the order so far, those of receipts on their way included."""
        return self._logged_seconds + self._pending_seconds

    @property
    def committed_items(self) -> int:
        """Charged items of the whole log, those of receipts on their way included."""
        return self._logged_items + self._pending_items

    @property
    def losses(self) -> int:
        """Items of the order that failed or were rejected so far."""
        return self._logged_losses + self._pending_losses

    @property
    def full(self) -> bool:
        """True when so many receipts wait that handing out more work would be careless."""
        return len(self._pending) >= MAX_PENDING

    def take_in(self, turnout: Turnout, busy_seconds: float, witness: Witness | None = None, group: str = "") -> None:
        """Takes in what came of a batch that kept a performer of `group` busy for `busy_seconds`, and who signs for it."""
        metrics, frames = self._workshop.metrics, 0
        takes: Counter[str] = Counter()
        stages: Counter[str] = Counter()
        for outcome in turnout.outcomes:
            if isinstance(outcome, TakeResult | ItemResult) and outcome.stage_seconds:
                stages.update(outcome.stage_seconds)
            if isinstance(outcome, TakeResult):
                fresh = 0 if outcome.refusal else outcome.reused.count(False)
                frames += fresh * outcome.frames
                takes["refused" if outcome.refusal else "rendered" if fresh else "reused"] += 1
        metrics.batch(self._namespace, takes, stages, turnout.failures, frames, busy_seconds)
        self._spent.work(busy_seconds, {group: busy_seconds} if is_group_name(group) else {})
        self._spent.frames += frames
        for ended in turnout.ended:
            self.enter(ended, witness)
        if turnout.paused is not None:
            metrics.refusal(turnout.paused.reason)

    def enter(self, ended: Ended, witness: Witness | None = None) -> None:
        """Takes in an item's receipt, and what it is verified by if it was signed."""
        receipt = ended.receipt
        if not self._pending:
            self._oldest_at = asyncio.get_running_loop().time()
        self._pending.append((receipt, witness))
        self._pending_seconds += receipt.metered_seconds
        self._pending_items += receipt.charged
        self._on_end(ended)
        if receipt.outcome != "done":
            self._pending_losses += 1
        elif not receipt.carried:
            fresh_seconds = ended.fresh_frames / FPS
            spent = self._spent
            spent.clips_rendered += ended.fresh_clips
            spent.clips_reused += max(receipt.takes - ended.fresh_clips, 0)
            spent.clip_seconds_rendered += fresh_seconds
            spent.clip_seconds_reused += max(receipt.frames / FPS - fresh_seconds, 0.0)
        if len(self._pending) in (1, MAX_SEGMENT_ITEMS):
            self._changed.set()

    def start(self, started_at: float) -> None:
        """The order's first work was handed out, Unix seconds."""
        self._spent.started_at = started_at

    def close(self) -> None:
        """Nothing more will be entered: `keep` writes what is left, then returns."""
        self._closing = self._purse.idle = True
        self._changed.set()

    def hurry(self) -> None:
        """The purse may owe the log something."""
        self._changed.set()

    async def keep(self) -> None:
        """Writes segments until closed and empty."""
        while not self._closing or self._pending or self._spent != Spent() or self._owes:
            if not self._due():
                await self._wait()
                continue
            await self._write()

    @property
    def _owes(self) -> bool:
        return self._purse.owes(asyncio.get_running_loop().time())

    def _due(self) -> bool:
        if self._closing or self._owes or len(self._pending) >= MAX_SEGMENT_ITEMS:
            return True
        waited = asyncio.get_running_loop().time() - self._oldest_at
        return bool(self._pending) and waited >= SEGMENT_SECONDS

    async def _wait(self) -> None:
        """Until something is entered, or the oldest receipt has waited long enough."""
        self._changed.clear()
        left = self._oldest_at + SEGMENT_SECONDS - asyncio.get_running_loop().time()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(left, 0.0) if self._pending else None):
                await self._changed.wait()

    async def _write(self) -> None:
        pending = [self._pending[place] for place in range(min(len(self._pending), MAX_SEGMENT_ITEMS))]
        receipts = tuple(receipt for receipt, _ in pending)
        witnesses = tuple(dict.fromkeys(witness for _, witness in pending if witness is not None))
        spent, self._spent = self._spent, Spent()
        spent.entry = self._purse.entry(asyncio.get_running_loop().time())
        now = self._workshop.clock()
        appended = await self._workshop.insist(lambda: self._log.append(receipts, spent, now, witnesses), self._report)
        if spent.entry is not None:
            self._purse.wrote(spent.entry, self._log.charges.last, own=appended.written is not None)
        for receipt in receipts:
            self._pending.popleft()
            self._pending_seconds -= receipt.metered_seconds
            self._pending_items -= receipt.charged
            self._pending_losses -= receipt.outcome != "done"
        self._logged_seconds, self._logged_items = self._log.totals.metered_seconds, self._log.billed_items
        self._logged_losses = self._log.totals.failed + self._log.totals.rejected
        self._oldest_at = asyncio.get_running_loop().time()
        for segment in appended.met:
            self._workshop.metrics.lost_races.inc()
            self._on_segment(segment, False)
        if appended.written is not None:
            self._workshop.metrics.segment(self._namespace, appended.written, spent.clips_rendered, spent.clips_reused)
            self._on_segment(appended.written, True)
        else:  # Others wrote all these items: only what they cost here is still to be told.
            self._spent.work(spent.worker_seconds, spent.worker_seconds_by_group)
            self._spent.frames += spent.frames
