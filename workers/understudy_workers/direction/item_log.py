"""What a director keeps of the items of an order in S3, so that it is found when performers, pods and pool are gone.

Lines name works by marks and tell reasons: no words, row keys or messages stand in them. Best effort: a store that is away
for long gets none, a director that is killed takes its last seconds along, and no work ever waits for a line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import structlog

from understudy_api.delivery import LOGS
from understudy_api.item_log import FOLDER, Part, log_prefix, part_key, read_part
from understudy_api.receipt import Receipt
from understudy_api.verdict import Refusal
from understudy_workers import marks
from understudy_workers.direction.batch import Answer, Failure, Outcome
from understudy_workers.direction.delivery import Courier
from understudy_workers.direction.item_lines import ItemLines, Says
from understudy_workers.direction.units import FPS, Assignment, Ended
from understudy_workers.direction.workshop import Workshop
from understudy_workers.objects import Objects, StoreError
from understudy_workers.work import PAUSING_REASONS, ItemResult, ItemWork, Permit, TakeResult, TakeWork

WRITE_SECONDS: Final = 5.0
"""How long a line waits until it is written."""
SHOW_SECONDS: Final = 60.0
"""How often the lines of an order at work are brought to its destination."""
SWEEP_SECONDS: Final = 6 * 3600.0
DAY_SECONDS: Final = 86_400.0
LOG_TYPE: Final = "application/jsonl"

log = structlog.get_logger("item")


class ItemLog:
    """The lines of one content of a job. One event loop only, but for `publish`."""

    def __init__(self, permit: Permit, workshop: Workshop) -> None:
        self.permit = permit
        self._workshop = workshop
        self._bucket = workshop.settings.buckets.receipts
        self._lines = ItemLines()

    def began(self, assignment: Assignment, performer: str) -> None:
        """A performer was handed works."""
        for unit, work in zip(assignment.units, assignment.works, strict=True):
            self._say("attempt begun", work, {"performer": performer, "attempt": unit.attempts + 1})

    def lost(self, assignment: Assignment, performer: str, why: str) -> None:
        """A performer died, or did not answer, while it held works."""
        for work in assignment.works:
            self._say("work lost", work, {"performer": performer, "error": why}, routine=False)

    def answered(self, assignment: Assignment, performer: str, answer: Answer) -> None:
        """A performer said what became of the works it held."""
        for work, outcome in zip(assignment.works, answer.outcomes, strict=True):
            event, says, routine = _told(outcome)
            self._say(event, work, {"performer": performer, **says}, routine=routine)

    def ended(self, ended: Ended) -> None:
        """An item has its receipt: worth a line when it is lost."""
        receipt = ended.receipt
        if receipt.outcome != "done":
            says = {"outcome": receipt.outcome, "reason": receipt.reason, "attempts": receipt.attempts}
            self._add("item lost", {**marks.of_receipt(self.permit, receipt, ended.takes), **says}, routine=False)

    def delivered(self, receipts: Sequence[Receipt]) -> None:
        """Items are at their destination."""
        for receipt in receipts:
            if self._lines.is_full:
                return
            says = {"seconds": receipt.frames / FPS, "attempts": receipt.attempts, "carried": receipt.carried}
            self._add("item delivered", {**marks.of_receipt(self.permit, receipt), **says})

    def _say(self, event: str, work: TakeWork | ItemWork, says: Says, *, routine: bool = True) -> None:
        if not (routine and self._lines.is_full):  # of a million items nobody works out the marks
            self._add(event, {**marks.of_work(self.permit, work), **says}, routine=routine)

    def _add(self, event: str, says: Says, *, routine: bool = True) -> None:
        if not routine:
            log.warning(event, **says)
        self._lines.add(self._workshop.clock(), event, says, routine=routine)

    @asynccontextmanager
    async def kept(self, courier: Callable[[], Courier], folder: Path) -> AsyncIterator[None]:
        """Writes lines while the block runs and once more after it; `courier` is who goes to the destination now."""
        with suppress(StoreError):
            self._lines.resume(await self._workshop.run(self._written))
        keeping = asyncio.get_running_loop().create_task(self._keep(courier, folder))
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
            await self._write()

    async def _keep(self, courier: Callable[[], Courier], folder: Path) -> None:
        shown_at, is_news = asyncio.get_running_loop().time(), False
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            is_news = await self._write() or is_news
            now = asyncio.get_running_loop().time()
            if is_news and now - shown_at >= SHOW_SECONDS:
                shown_at, is_news = now, False
                with suppress(StoreError):  # the deliveries say what is wrong with the destination
                    await self._workshop.run(self.publish, courier(), folder)

    async def _write(self) -> bool:
        """Writes the lines that wait; whether there were any, and they are written."""
        lines, bytes_so_far = self._lines.taken()
        if not lines:
            return False
        workshop, permit = self._workshop, self.permit
        key = part_key(permit.order_uid, workshop.clock(), permit.order_digest, workshop.director, bytes_so_far)
        try:
            await workshop.run(workshop.objects.put, self._bucket, key, b"".join(lines), LOG_TYPE)
        except StoreError as error:
            log.info("lines wait", **marks.of_order(permit), lines=len(lines), error=str(error))
            self._lines.put_back(lines)
            return False
        return True

    def _parts(self) -> Iterator[tuple[str, Part]]:
        for key in self._workshop.objects.keys(self._bucket, log_prefix(self.permit.order_uid)):
            part = read_part(key)
            if part is not None and self.permit.order_digest.startswith(part.order):
                yield key, part

    def _written(self) -> int:
        return max((part.bytes_so_far for _, part in self._parts()), default=0)

    def publish(self, courier: Courier, folder: Path) -> None:
        """Brings all lines beside the outputs, as one file. Blocking; raises StoreError. Previews have none."""
        if self.permit.making.preview is not None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as name:
            path = Path(name) / LOGS
            with path.open("wb") as file:
                for key, _ in self._parts():
                    file.write(self._workshop.objects.get(self._bucket, key))
            courier.publish(LOGS, path, LOG_TYPE)


def _told(outcome: Outcome) -> tuple[str, dict[str, Any], bool]:
    """The event of a work's outcome, what it says, and whether that is routine."""
    match outcome:
        case Failure(reason=reason, outage=outage):
            return "attempt failed", {"reason": reason, "outage": outage}, False
        case TakeResult(refusal=Refusal(reason=reason)) | ItemResult(refusal=Refusal(reason=reason)):
            return "attempt refused", {"reason": reason}, reason in PAUSING_REASONS
        case ItemResult(receipt=None, missing_clips=clips):
            return "clips missing", {"clips": len(clips)}, False
        case ItemResult(receipt=Receipt(outcome="rejected", reason=reason)):
            return "attempt refused", {"reason": reason}, False
    event = "take made" if isinstance(outcome, TakeResult) else "item made"
    seconds = {stage: round(spent, 3) for stage, spent in outcome.stage_seconds.items()}
    return event, {"busy_seconds": round(outcome.busy_seconds, 3), "stage_seconds": seconds}, True


def sweep(objects: Objects, bucket: str, before: float) -> int:
    """Removes what was kept before a time (Unix seconds); how many parts. Blocking; raises StoreError."""
    old = [key for key in objects.keys(bucket, FOLDER) if (part := read_part(key)) is not None and part.at < before]
    for key in old:
        objects.remove(bucket, key)
    return len(old)


async def keep_swept(workshop: Workshop) -> None:
    """Sweeps for ever; what cannot be removed now is tried again next time."""
    settings = workshop.settings
    while True:
        before = workshop.clock() - settings.item_log_days * DAY_SECONDS
        try:
            await workshop.run(sweep, workshop.objects, settings.buckets.receipts, before)
        except StoreError as error:
            log.warning("old lines left behind", error=str(error))
        await asyncio.sleep(SWEEP_SECONDS)
