"""Orders with real rows in a real object store, a house without Ray, and performers that are threads."""

from __future__ import annotations

import asyncio
import json
import pickle
import socket
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from puppet import Puppet

from understudy_api.digest import digest_bytes
from understudy_api.order import Content, Delivery, Order, Progress, VideoOutput
from understudy_api.receipt import Finished, Receipt, Segment, finished_key
from understudy_api.settings import DirectorListener, PoolSettings
from understudy_api.token import load_key
from understudy_cli.local.farm import Farm
from understudy_cli.local.keys import Keys
from understudy_workers.direction.batch import Answer, Batch, PerformerLostError
from understudy_workers.direction.house import House
from understudy_workers.direction.performing import Studio, perform
from understudy_workers.objects import Objects

LANDSCAPE = VideoOutput(name="landscape", width=320, height=180)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


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


@dataclass(frozen=True)
class Orders:
    """Writes permitted orders whose rows lie in the staging bucket, and reads what became of them."""

    signers: Any
    objects: Objects
    settings: PoolSettings

    def write(self, names: list[str], sentences: tuple[str, ...] = ("Hello {name}.",), **changes: Any) -> Order:
        """An order with a row for each name, in English and one output unless `changes` say otherwise."""
        uid = changes.pop("uid", None) or str(uuid.uuid4())
        grant = changes.pop("grant", None)
        rows = "".join(json.dumps({"id": f"r{n}", "name": name}) + "\n" for n, name in enumerate(names)).encode()
        key = f"orders/{uid}/{digest_bytes(rows)}.jsonl"
        self.objects.put(self.settings.buckets.staging, key, rows)
        scenes = changes.pop("scenes", {"en-GB": sentences})
        content = Content(
            script_locale="en-GB",
            scenes=scenes,
            key="id",
            rows_s3_key=key,
            rows_digest=digest_bytes(rows),
            rows_count=len(names),
        )
        namespace = changes.setdefault("namespace", "acme")
        changes.setdefault("outputs", (LANDSCAPE,))
        changes.setdefault("delivery", Delivery(bucket="understudy-outputs", prefix=f"{namespace}/{uid}/"))
        return self.signers.order(grant, uid=uid, content=content, locales=tuple(scenes), **changes)

    def segments(self, order: Order) -> list[Segment]:
        bucket = self.settings.buckets.receipts
        keys = [key for key in self.objects.keys(bucket, f"{order.uid}/") if "finished" not in key]
        return [Segment.model_validate_json(self.objects.get(bucket, key)) for key in keys]

    def receipts(self, order: Order) -> list[Receipt]:
        return [receipt for segment in self.segments(order) for receipt in segment.receipts]

    def finished(self, order: Order) -> Finished:
        bucket = self.settings.buckets.receipts
        return Finished.model_validate_json(self.objects.get(bucket, finished_key(order.uid, order.digest)))

    def delivered(self, order: Order) -> dict[str, bytes]:
        """Delivered files by their name below the prefix."""
        delivery = order.delivery
        return {
            key.removeprefix(delivery.prefix): self.objects.get(delivery.bucket, key)
            for key in self.objects.keys(delivery.bucket, delivery.prefix)
        }


@pytest.fixture(scope="session")
def orders(farm: Farm, pool: PoolSettings, objects: Objects, make_signers: Callable[..., Any]) -> Orders:
    farm_key = load_key(Keys.at(farm.site().home).farm.read_text())
    return Orders(make_signers(farm=farm_key, now=int(time.time())), objects, pool)


@pytest.fixture(scope="session")
def make_signers(signers: Any) -> Callable[..., Any]:
    """Makes signers with other keys or another time than the session's."""
    return type(signers)


class ThreadCrew:
    """Performers that are threads. What travels is pickled, as it would be between processes."""

    def __init__(self, studio: Studio, names: tuple[str, ...]) -> None:
        self._studio = studio
        self._threads = {name: ThreadPoolExecutor(1, name) for name in names}
        self.lose: dict[str, int] = {}
        """How many batches each performer still dies with."""
        self.seen: list[tuple[str, Batch]] = []

    async def work(self, performer: str, batch: Batch) -> Answer:
        self.seen.append((performer, batch))
        if self.lose.get(performer, 0):
            self.lose[performer] -= 1
            raise PerformerLostError("its performer died while it held the work")
        loop = asyncio.get_running_loop()
        data = await loop.run_in_executor(self._threads[performer], self._perform, pickle.dumps(batch))
        answer: Answer = pickle.loads(data)
        return answer

    def _perform(self, data: bytes) -> bytes:
        return pickle.dumps(perform(self._studio, pickle.loads(data)))

    async def end(self, performer: str) -> None:
        raise AssertionError(f"{performer} was ended")

    def close(self) -> None:
        for thread in self._threads.values():
            thread.shutdown()


class NoTrainers:
    """Nobody trains here."""


@dataclass
class Stage:
    """A running house and its crew."""

    house: House
    crew: ThreadCrew
    puppet: Puppet
    settings: PoolSettings
    seen: list[Progress] = field(default_factory=list)

    async def until(self, order: Order, *states: str, seconds: float = 20.0) -> Progress:
        """Waits until the order is in one of the states."""
        return await eventually(lambda: self._in(order, states), seconds)

    def _in(self, order: Order, states: tuple[str, ...]) -> Progress | None:
        progress = self.house.desk.get(order.uid)
        return progress if progress is not None and progress.state in states else None


async def eventually(look: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Waits until `look` finds something, looking at every turn of the loop."""
    deadline = time.monotonic() + seconds
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError("waited too long")
        await asyncio.sleep(0.005)
    return found


@pytest.fixture
def stage(settings: PoolSettings) -> Callable[..., Any]:
    """Opens a house with puppets; a context manager. `names`: its performers."""

    @asynccontextmanager
    async def opened(names: tuple[str, ...] = ("p0", "p1"), **changes: Any) -> AsyncIterator[Stage]:
        own = settings.model_copy(update=changes)
        puppet = Puppet(own)
        crew = ThreadCrew(puppet, names)
        house = House(own, crew, NoTrainers(), director=uuid.uuid4().hex, release="test")
        await house.open()
        for name in names:
            house.floor.join(name)
        try:
            yield Stage(house, crew, puppet, own)
        finally:
            await house.close()
            crew.close()

    return opened
