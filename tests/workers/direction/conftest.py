"""Orders with real rows in a real object store, a house without Ray, and performers that are threads."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from puppet import Puppet
from theatre import NoTrainers, Orders, Stage, ThreadCrew, commit_all, free_port, one_node

from understudy_api.order import Order
from understudy_api.settings import DirectorListener, PoolSettings
from understudy_api.token import load_key
from understudy_cli.local.farm import Farm
from understudy_cli.local.keys import Keys
from understudy_workers.direction import books
from understudy_workers.direction.house import House
from understudy_workers.direction.pool_metrics import PoolMetrics
from understudy_workers.direction.receipts import ReceiptLog
from understudy_workers.direction.workshop import Workshop
from understudy_workers.objects import Objects

SEGMENT_SECONDS = 0.3


@pytest.fixture(scope="session")
def pool(farm: Farm, object_store: Any) -> PoolSettings:
    """What the session's pool is told."""
    return PoolSettings.load(farm.site().home.pool_settings)


@pytest.fixture
def settings(pool: PoolSettings, tmp_path: Path) -> PoolSettings:
    """The same for a director of this test alone: own ports, own work folder."""
    listener = DirectorListener.model_validate({**pool.director.model_dump(), "port": free_port()})
    changes = {"director": listener, "metrics_port": free_port(), "work_dir": tmp_path}
    return pool.model_copy(update=changes)


@pytest.fixture(scope="session")
def objects(pool: PoolSettings) -> Iterator[Objects]:
    """The pool's account."""
    objects = Objects(pool.s3)
    yield objects
    objects.close()


@pytest.fixture(scope="session")
def orders(farm: Farm, pool: PoolSettings, objects: Objects, make_signers: Callable[..., Any]) -> Orders:
    farm_key = load_key(Keys.at(farm.site().home).farm.read_text())
    return Orders(make_signers(farm=farm_key, now=int(time.time())), objects, pool)


@pytest.fixture(scope="session")
def make_signers(signers: Any) -> Callable[..., Any]:
    """Makes signers with other keys or another time than the session's."""
    return type(signers)


@pytest.fixture
def stage(settings: PoolSettings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Opens a house with puppets, which waits for the end of a segment less long than others; a context manager.

    `names`: its performers; `commits`: whether somebody plays the operator, for whom everything in the log counts at once.
    """

    monkeypatch.setattr(books, "SEGMENT_SECONDS", SEGMENT_SECONDS)

    @asynccontextmanager
    async def opened(
        names: tuple[str, ...] = ("p0", "p1"), *, commits: bool = True, **changes: Any
    ) -> AsyncIterator[Stage]:
        own = settings.model_copy(update=changes)
        puppet = Puppet(own)
        crew = ThreadCrew(puppet, names)
        house = House(own, crew, NoTrainers(), one_node, director=uuid.uuid4().hex, release="test")
        await house.open()
        for name in names:
            house.floor.join(name, puppet.thumbprint)
        clerk = asyncio.get_running_loop().create_task(commit_all(house)) if commits else None
        try:
            yield Stage(house, crew, puppet, own)
        finally:
            await house.close()
            if clerk is not None:
                clerk.cancel()
            crew.close()

    return opened


@pytest.fixture
def workshop(settings: PoolSettings, objects: Objects) -> Iterator[Workshop]:
    """The tools of director `me`."""
    with ThreadPoolExecutor(1) as threads:
        yield Workshop(
            settings=settings,
            objects=objects,
            cache_key=b"k" * 32,
            farm_key=load_key(settings.farm_public_key_file.read_text()),
            director="me",
            metrics=PoolMetrics(),
            wake=lambda: None,
            halt=lambda uid, until: None,
            threads=threads,
        )


@pytest.fixture
def log_of(objects: Objects, pool: PoolSettings) -> Callable[[Order], ReceiptLog]:
    """Opens the log of an order as director `me` sees it, read anew."""

    def opened(order: Order) -> ReceiptLog:
        log = ReceiptLog(objects, pool.buckets.receipts, order, "me")
        log.load()
        return log

    return opened
