"""What a pool costs adds up: on a real Ray, while a node comes and goes and processes are killed."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from puppet import noted
from ray_pool import CORES, Pool, opened
from theatre import Orders

from understudy_api.order import Order
from understudy_api.timesheet import Timesheet
from understudy_cli.local.farm import Farm
from understudy_cli.local.part import HOME_MARK

pytestmark = pytest.mark.farm


def raylets(pool: Pool) -> dict[int, float]:
    """The nodes of a pool as the machine knows them: the process of each, and when it began."""
    found = {}
    # psutil takes the machine's own beginning in whole seconds.
    fraction = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) - psutil.boot_time()
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] == "raylet" and process.environ().get(HOME_MARK) == str(pool.farm.site().home.root):
                found[process.pid] = process.create_time() + fraction
        except psutil.Error:
            continue
    return found


@dataclass
class Books:
    """What a test measured by itself: since when each node was there, until when, with how many places."""

    began: dict[int, float] = field(default_factory=dict)
    ended: dict[int, float] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)

    def worker_seconds(self, since: float, until: float) -> float:
        return sum(
            (min(self.ended.get(pid, until), until) - max(at, since)) * self.places[pid]
            for pid, at in self.began.items()
        )


@pytest.fixture(scope="module")
def pool(farm: Farm, object_store: Any) -> Iterator[Pool]:
    with opened(farm, "costs", f"costs-{uuid.uuid4().hex[:8]}") as ready:
        yield ready


@pytest.fixture
def books(pool: Pool) -> Books:
    (head,) = raylets(pool).items()
    return Books(began=dict([head]), places={head[0]: CORES})


@pytest.fixture
def sheets(pool: Pool, orders: Orders) -> Callable[[], list[Timesheet]]:
    """Reads the timesheets of this test's pool alone: other tests left some of theirs."""

    def read() -> list[Timesheet]:
        bucket = pool.settings.buckets.receipts
        keys = orders.objects.keys(bucket, "hours/costs-")
        return [Timesheet.model_validate_json(orders.objects.get(bucket, key)) for key in keys]

    return read


def until_told(pool: Pool, sheets: Callable[[], list[Timesheet]], at: float) -> float:
    """Waits for a word that is newer; when it was said."""
    return pool.eventually(lambda: max((sheet.until for sheet in sheets() if sheet.until > at), default=0.0), 60)


def presence(sheets: list[Timesheet]) -> Counter[str]:
    found: Counter[str] = Counter()
    for sheet in sheets:
        for one in sheet.presences:
            found[one.group] += one.worker_seconds
    return found


def busy(sheets: list[Timesheet], by: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for sheet in sheets:
        for work in sheet.works:
            found[getattr(work, by)] += work.busy_seconds
    return found


def test_worker_hours_add_up_to_node_hours_through_scaling_and_kills(
    pool: Pool, orders: Orders, notes: Path, books: Books, sheets: Callable[[], list[Timesheet]]
) -> None:
    # One that is whole, whatever is killed later; its receipts are what its work is held against.
    whole = orders.write(
        [f"n{n}" for n in range(30)], scenes={"en-GB": ("[slow] {name}.",), "de-DE": ("[slow] {name}!",)}
    )
    pool.put(whole)
    assert pool.until_over(whole).state == "Finished"
    until_told(pool, sheets, time.time())

    with pool.node("spot"):
        pool.eventually(lambda: pool.board()["workers"] == CORES + 1)
        (spot,) = set(raylets(pool)) - set(books.began)
        books.began[spot], books.places[spot] = raylets(pool)[spot], 1
        lost = lose_a_performer(pool, orders, notes)
        until_told(pool, sheets, time.time())
        lose_the_director(pool)
    books.ended[spot] = time.time()

    until = until_told(pool, sheets, time.time() + 4)
    found = sheets()
    assert len({sheet.director for sheet in found}) == 2
    there = presence(found)
    assert sum(there.values()) == pytest.approx(
        books.worker_seconds(min(sheet.since for sheet in found), until), rel=0.01
    )
    assert there["spot"] == pytest.approx(books.ended[spot] - books.began[spot], abs=2)

    by_group = busy(found, "group")
    assert by_group["spot"] > 0
    assert all(seconds <= there[group] for group, seconds in by_group.items())
    told = orders.segments(whole)[-1].billed_worker_seconds
    assert busy(found, "uid")[whole.uid] == pytest.approx(told, rel=0.01)
    shares = Counter[str]()
    for sheet in found:
        for work in sheet.works:
            if work.uid == whole.uid:
                shares[work.locale] += work.busy_seconds
                assert (work.kind, work.namespace, work.name, work.license) == (
                    "Job",
                    "acme",
                    whole.job,
                    f"license-{whole.uid}",
                )
    assert set(shares) == {"en-GB", "de-DE"}
    assert sum(shares.values()) == pytest.approx(told, rel=0.01)
    assert busy(found, "uid")[lost.uid] > orders.segments(lost)[-1].billed_worker_seconds


def lose_a_performer(pool: Pool, orders: Orders, notes: Path) -> Order:
    """An order one of whose performers is killed while it works."""
    order = orders.write([f"n{n}" for n in range(24)], ("[slow] {name}.",))
    before = len(noted(notes, "take"))
    pool.put(order)
    pool.eventually(lambda: len(noted(notes, "take")) >= before + 3)
    os.kill(int((notes / "puppet.log").read_text().split()[-1]), signal.SIGKILL)
    assert pool.until_over(order).state == "Finished"
    pool.eventually(lambda: pool.board()["workers"] == CORES + 1)
    return order


def lose_the_director(pool: Pool) -> None:
    """A director that is killed, and the one that Ray starts in its place."""
    before = pool.board()
    (process,) = pool.processes("Director")
    process.kill()
    pool.eventually(lambda: (board := pool.board()) and board["director"] != before["director"])
    pool.eventually(lambda: pool.board()["workers"] == CORES + 1)
