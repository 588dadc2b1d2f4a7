"""Timesheets in a real object store: written anew, taken up by the next director, kept while the store is away."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from theatre import Proxy

from understudy_api.timesheet import HOUR_SECONDS, Timesheet, timesheet_key
from understudy_workers.direction.nodes import Node
from understudy_workers.direction.stints import Client, Stint
from understudy_workers.direction.timekeeper import MAX_HOURS, Timekeeper
from understudy_workers.objects import Objects

HOUR = 500_000 * HOUR_SECONDS
ADA = Client("Job", "u-1", "acme", "spring", "license-1")
NODE = Node("n", "h:1", places=2, began_at=HOUR - 100.0)


@dataclass
class Pool:
    """A pool at a time of a test's choice, and the timesheets it has."""

    workshop: Any
    objects: Objects
    name: str = field(default_factory=lambda: f"pool-{uuid.uuid4().hex[:8]}")
    now: float = HOUR + 1000.0
    nodes: tuple[Node, ...] = (NODE,)

    async def look(self) -> tuple[float, tuple[Node, ...]]:
        return self.now, self.nodes

    def director(self, name: str = "d1") -> Timekeeper:
        self.workshop.director, self.workshop.clock = name, lambda: self.now
        return Timekeeper(replace(self.workshop), self.name, "release", self.look)

    def write(self, keeper: Timekeeper, now: float | None = None) -> None:
        self.now = now or self.now
        asyncio.run(keeper.write())

    def sheets(self) -> list[Timesheet]:
        bucket = self.workshop.settings.buckets.receipts
        keys = list(self.objects.keys(bucket, f"hours/{self.name}/"))
        found = [Timesheet.model_validate_json(self.objects.get(bucket, key)) for key in keys]
        assert [timesheet_key(self.name, sheet.hour, sheet.director) for sheet in found] == keys
        return found

    def presence(self) -> float:
        return sum(one.worker_seconds for sheet in self.sheets() for one in sheet.presences)

    def busy(self) -> float:
        return sum(one.busy_seconds for sheet in self.sheets() for one in sheet.works)


@pytest.fixture
def site(workshop, objects) -> Pool:
    return Pool(workshop, objects)


def test_an_hour_is_written_anew_while_it_lasts(site: Pool) -> None:
    keeper = site.director()
    keeper.hours.add(Stint(ADA, "", site.now, 5.0))
    site.write(keeper)
    assert [(one.hour, one.until) for one in site.sheets()] == [(HOUR - HOUR_SECONDS, HOUR), (HOUR, HOUR + 1000.0)]
    assert (site.presence(), site.busy()) == (2 * 1100.0, 5.0)
    keeper.hours.add(Stint(ADA, "", site.now + 3, 2.0))
    site.write(keeper, HOUR + 1010.0)
    assert (site.presence(), site.busy()) == (2 * 1110.0, 7.0)
    assert len(site.sheets()) == 2


def test_the_last_hour_takes_in_what_ends_after_its_edge_and_then_stays(site: Pool) -> None:
    keeper = site.director()
    site.write(keeper, HOUR + HOUR_SECONDS - 5.0)
    keeper.hours.add(Stint(ADA, "", HOUR + HOUR_SECONDS + 10.0, 30.0))
    site.nodes = (replace(NODE, ended_at=HOUR + HOUR_SECONDS - 100.0), replace(NODE, id="m", began_at=HOUR + 3590.0))
    site.write(keeper, HOUR + HOUR_SECONDS + 20.0)
    _, last, this = site.sheets()
    assert [work.busy_seconds for sheet in (last, this) for work in sheet.works] == [20.0, 10.0]
    assert [one.worker_seconds for sheet in (last, this) for one in sheet.presences] == [2 * 3510.0, 2 * 20.0]
    site.write(keeper, HOUR + 2 * HOUR_SECONDS + 20.0)
    site.nodes = ()
    site.write(keeper, HOUR + 2 * HOUR_SECONDS + 30.0)
    found = site.sheets()
    assert found[1] == last
    assert [one.presences for one in found[2:]] == [(), ()]


def test_the_next_director_goes_on_where_the_last_word_ends(site: Pool) -> None:
    killed = site.director("d1")
    site.write(killed, HOUR + 1000.0)
    gone = replace(NODE, id="m", address="m:1", places=1, began_at=HOUR + 1003.0, ended_at=HOUR + 1013.0)
    site.nodes = (NODE, gone)
    site.write(site.director("d2"), HOUR + 1030.0)
    assert [(one.director, one.since) for one in site.sheets()[1:]] == [("d1", HOUR), ("d2", HOUR + 1000.0)]
    assert site.presence() == 2 * 1130.0 + 10.0


def test_a_director_that_was_away_for_hours_accounts_for_them(site: Pool) -> None:
    site.write(site.director("d1"), HOUR + 1000.0)
    site.write(site.director("d2"), HOUR + 5 * HOUR_SECONDS + 10.0)
    assert [one.hour for one in site.sheets() if one.director == "d2"] == [HOUR + n * HOUR_SECONDS for n in range(6)]
    assert site.presence() == 2 * (5 * HOUR_SECONDS + 110.0)


def test_nobody_looks_back_for_ever(site: Pool) -> None:
    site.write(site.director("d1"), HOUR + 1000.0)
    late = HOUR + 100 * HOUR_SECONDS
    site.write(site.director("d2"), late)
    assert next(one.since for one in site.sheets() if one.director == "d2") == late - HOUR_SECONDS


def test_a_clock_that_runs_ahead_gets_nothing_counted_twice(site: Pool) -> None:
    site.write(site.director("d1"), HOUR + 1000.0)
    slow = site.director("d2")
    site.write(slow, HOUR + 900.0)
    assert len(site.sheets()) == 2
    site.write(slow, HOUR + 1010.0)
    assert site.presence() == 2 * (1100.0 + 110.0)


def test_what_is_no_timesheet_is_passed_over(site: Pool) -> None:
    site.write(site.director("d1"), HOUR + 1000.0)
    bucket, torn = site.workshop.settings.buckets.receipts, timesheet_key(site.name, HOUR, "torn")
    site.objects.put(bucket, torn, b"{")
    site.write(site.director("d2"), HOUR + 1010.0)
    found = Timesheet.model_validate_json(site.objects.get(bucket, timesheet_key(site.name, HOUR, "d2")))
    assert found.since == HOUR + 1000.0


def test_pools_whose_names_begin_alike_are_told_apart(site: Pool) -> None:
    other = replace(site, name=site.name + "-2")
    other.write(other.director("d1"), HOUR + 1000.0)
    site.write(site.director("d2"), HOUR + 1000.0)
    assert {one.since for one in site.sheets()} == {site.nodes[0].began_at, HOUR}


def cut(site: Pool, scene: Callable[[Timekeeper, Proxy], Any]) -> None:
    """Plays a scene with a director whose way to the object store can be cut."""

    async def played() -> None:
        proxy = Proxy(site.workshop.settings.s3.endpoint)
        s3 = site.workshop.settings.s3.model_copy(update={"endpoint": proxy.endpoint})
        far = Objects(s3, patience_seconds=0.2)
        keeper = site.director()
        keeper._workshop.objects = far
        await scene(keeper, proxy)
        await proxy.close()
        far.close()

    asyncio.run(played())


def test_while_the_store_is_away_everything_is_kept_and_written_later(site: Pool) -> None:
    async def scene(keeper: Timekeeper, proxy: Proxy) -> None:
        keeper.hours.add(Stint(ADA, "", site.now, 5.0))
        await keeper.write()
        assert site.sheets() == []
        async with proxy:
            await keeper.write()
            assert site.busy() == 5.0
        for hours in range(1, 4):
            site.now = HOUR + hours * HOUR_SECONDS + 1000.0
            keeper.hours.add(Stint(ADA, "", site.now, 7.0))
            await keeper.write()
        assert site.busy() == 5.0
        async with proxy:
            await keeper.write()

    cut(site, scene)
    assert site.busy() == 5.0 + 3 * 7.0
    assert site.presence() == 2 * (3 * HOUR_SECONDS + 1100.0)


def test_a_store_that_is_away_for_days_fills_no_memory(site: Pool) -> None:
    async def scene(keeper: Timekeeper, proxy: Proxy) -> None:
        async with proxy:
            await keeper.write()
        for hours in range(1, MAX_HOURS + 20, 7):
            site.now = HOUR + hours * HOUR_SECONDS + 1000.0
            keeper.hours.add(Stint(ADA, "", site.now, 7.0))
            await keeper.write()
        assert min(keeper.hours._hours) >= site.now - (MAX_HOURS + 1) * HOUR_SECONDS
        async with proxy:
            await keeper.write()

    cut(site, scene)
    assert site.busy() == 7 * len(range(1, MAX_HOURS + 20, 7)) - 7 * 3


def test_a_word_that_nobody_waits_for_any_more_comes_before_the_next(site: Pool) -> None:
    class Slow(Objects):
        def put(self, *args: Any, **kwargs: Any) -> None:
            asyncio.run(asyncio.sleep(0.05))
            super().put(*args, **kwargs)

    async def scene() -> None:
        keeper = site.director()
        keeper._workshop.objects = slow = Slow(site.workshop.settings.s3)
        writing = asyncio.create_task(keeper.write())
        while keeper._putting is None:
            await asyncio.sleep(0.001)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        keeper.hours.add(Stint(ADA, "", HOUR - 1.0, 5.0))
        await keeper.write()
        slow.close()

    asyncio.run(scene())
    assert site.busy() == 5.0
