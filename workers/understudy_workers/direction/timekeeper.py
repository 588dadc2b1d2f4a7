"""The timekeeper: writes the timesheets of a director, and takes up where the one before it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from pydantic import ValidationError

from understudy_api.timesheet import HOUR_SECONDS, Timesheet, hour_of, hour_prefix, timesheet_key
from understudy_workers.direction.hours import Hours
from understudy_workers.direction.nodes import Node
from understudy_workers.direction.workshop import Workshop
from understudy_workers.objects import MissingObjectError, StoreError

WRITE_SECONDS: Final = 10.0
"""How often timesheets are written: what a director that is killed takes along of who worked for whom."""
MAX_HOURS: Final = 48
"""Hours that are kept while the object store is away, and that a new director looks back."""

Look = Callable[[], Awaitable[tuple[float, tuple[Node, ...]]]]
"""When Ray's table was read, Unix seconds, and all nodes that it had until then."""

log = structlog.get_logger("timekeeper")


class Timekeeper:
    """Keeps the timesheets of one director: of this hour, and of those before until they stand as they stay.

    `hours` takes in what was worked, before `keep` has begun too. Nobody ever waits for any of this.
    """

    def __init__(self, workshop: Workshop, pool: str, release: str, look: Look) -> None:
        self.hours = Hours()
        self._workshop = workshop
        self._pool = pool
        self._release = release
        self._look = look
        self._since: float | None = None
        self._first = 0
        """The first hour that is not settled."""
        self._written: dict[int, Timesheet] = {}
        self._trouble = ""
        self._putting: asyncio.Future[None] | None = None

    async def keep(self) -> None:
        """Writes for ever."""
        while True:
            await self.write()
            await asyncio.sleep(WRITE_SECONDS)

    async def write(self) -> None:
        """Writes what is news. What the object store does not take now, it is given the next time."""
        self._first = max(self._first, hour_of(self._workshop.clock()) - MAX_HOURS * HOUR_SECONDS)
        self.hours.forget(self._first)
        try:
            if self._since is None:
                self._since = await self._workshop.run(self._begin)
                self._first = max(self._first, hour_of(self._since))
            until, nodes = await self._look()
            if until > self._since:
                await self._write(self._since, until, nodes)
        except StoreError as error:
            self._report(str(error))
        else:
            self._report("")

    def _begin(self) -> float:
        """Where the directors before this one stopped counting; without any, a little back: nodes begin before directors.

        Blocking. Raises StoreError.
        """
        now = self._workshop.clock()
        objects, bucket = self._workshop.objects, self._workshop.settings.buckets.receipts
        earliest = hour_of(now) - MAX_HOURS * HOUR_SECONDS
        after = hour_prefix(self._pool, earliest)
        keys = list(objects.keys(bucket, f"hours/{self._pool}/", after=after))
        newest = [key for key in keys if key.rpartition("/")[0] == keys[-1].rpartition("/")[0]]
        words = [sheet.until for key in newest if (sheet := self._read(key)) is not None]
        return min(max(words, default=hour_of(now) - HOUR_SECONDS), now)

    def _read(self, key: str) -> Timesheet | None:
        try:
            return Timesheet.model_validate_json(
                self._workshop.objects.get(self._workshop.settings.buckets.receipts, key)
            )
        except (MissingObjectError, ValidationError):
            return None

    async def _write(self, since: float, until: float, nodes: tuple[Node, ...]) -> None:
        """Oldest first: a word that is there says that everything before it is there as well."""
        last = hour_of(until)
        for hour in range(self._first, last + 1, HOUR_SECONDS):
            sheet = self.hours.sheet(self._pool, self._workshop.director, self._release, hour, since, until, nodes)
            if sheet != self._written.get(hour):
                await self._put(sheet)
                self._written[hour] = sheet
        # A batch may end, and a node be found gone, minutes after the edge: the last hour stays open as long as this one.
        self._first = max(self._first, last - HOUR_SECONDS)
        self._written = {hour: sheet for hour, sheet in self._written.items() if hour >= self._first}

    async def _put(self, sheet: Timesheet) -> None:
        if self._putting is not None and not self._putting.done():
            # Nobody waits for it any more, but an older word must not come after a newer one.
            await asyncio.gather(self._putting, return_exceptions=True)
        key = timesheet_key(sheet.pool, sheet.hour, sheet.director)
        bucket, data = self._workshop.settings.buckets.receipts, sheet.model_dump_json().encode()
        put = self._workshop.run(self._workshop.objects.put, bucket, key, data, "application/json")
        self._putting = asyncio.ensure_future(put)
        await asyncio.shield(self._putting)

    def _report(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            log.warning("timesheets wait", pool=self._pool, error=trouble)
        self._trouble = trouble
