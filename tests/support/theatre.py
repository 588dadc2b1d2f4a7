"""What the plays of the director's tests are made of: orders with real rows, performers that are threads, a cable to cut."""

from __future__ import annotations

import asyncio
import contextlib
import json
import pickle
import socket
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from puppet import Puppet

from understudy_api.digest import digest_bytes
from understudy_api.order import Content, Delivery, Order, Progress, VideoOutput
from understudy_api.receipt import Finished, Receipt, Segment, finished_key
from understudy_api.settings import PoolSettings
from understudy_workers.direction.batch import Answer, Batch, PerformerLostError
from understudy_workers.direction.house import House
from understudy_workers.direction.nodes import Node
from understudy_workers.direction.performing import Studio, perform
from understudy_workers.objects import Objects

NOW = 1_800_000_000.0
LANDSCAPE = VideoOutput(name="landscape", width=384, height=216)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


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
        # A license of its own, so that no other test's takes are found in the cache.
        changes.setdefault("license", self.signers.license(jti=f"license-{uid}"))
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


class ThreadCrew:
    """Performers that are threads. What travels is pickled, as it would be between processes."""

    def __init__(self, studio: Studio, names: tuple[str, ...]) -> None:
        self._studio = studio
        self._threads = {name: ThreadPoolExecutor(1, name) for name in names}
        self.lose: dict[str, int] = {}
        """How many batches each performer still dies with."""
        self.groups: dict[str, str] = {}
        """The worker group of a performer's node, where it has one."""
        self.seen: list[tuple[str, Batch]] = []
        self.busy_seconds: float | None = None
        """What each batch is said to have taken, whatever the machine is busy with; None: what it took."""

    async def work(self, performer: str, batch: Batch) -> Answer:
        self.seen.append((performer, batch))
        if self.lose.get(performer, 0):
            self.lose[performer] -= 1
            raise PerformerLostError("its performer died while it held the work")
        loop = asyncio.get_running_loop()
        data = await loop.run_in_executor(self._threads[performer], self._perform, performer, pickle.dumps(batch))
        answer: Answer = pickle.loads(data)
        return answer if self.busy_seconds is None else replace(answer, busy_seconds=self.busy_seconds)

    def _perform(self, performer: str, data: bytes) -> bytes:
        return pickle.dumps(perform(self._studio, pickle.loads(data), self.groups.get(performer, "")))

    def stop(self, order_uid: str, until: float) -> None:
        self._studio.stop(order_uid, until)

    async def end(self, performer: str) -> None:
        raise AssertionError(f"{performer} was ended")

    def close(self) -> None:
        for thread in self._threads.values():
            thread.shutdown()


class NoTrainers:
    """Nobody trains here."""


async def one_node() -> tuple[float, tuple[Node, ...]]:
    """The nodes of a pool whose only one was always there."""
    return time.time(), (Node("node", "127.0.0.1:1", places=2, began_at=0.0),)


@dataclass
class Stage:
    """A running house and its crew."""

    house: House
    crew: ThreadCrew
    puppet: Puppet
    settings: PoolSettings

    async def until(self, order: Order, *states: str, seconds: float = 20.0) -> Progress:
        """Waits until the order is in one of the states."""
        return await eventually(lambda: self._in(order, states), seconds)

    def _in(self, order: Order, states: tuple[str, ...]) -> Progress | None:
        progress = self.house.desk.get(order.uid)
        return progress if progress is not None and progress.state in states else None


async def commit_all(house: House) -> None:
    """Plays the operator: whatever is in a log stands in the ledger at once."""
    while True:
        for uid, last in house.desk.board()[1].items():
            house.desk.commit(uid, last)
        await asyncio.sleep(0.02)


async def eventually(look: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Waits until `look` finds something, looking at every turn of the loop."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError("waited too long")
        await asyncio.sleep(0.005)
    return found


class Proxy:
    """A way to the object store that can be cut: connections end, new ones are refused."""

    def __init__(self, target: str) -> None:
        self._host, _, port = target.partition(":")
        self._port = int(port)
        self._own = free_port()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self._own}"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._own)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.close()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> Proxy:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await asyncio.open_connection(self._host, self._port)
        self._writers |= {writer, upstream[1]}
        await asyncio.gather(self._pump(reader, upstream[1]), self._pump(upstream[0], writer))
        self._writers -= {writer, upstream[1]}

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()


def receipt(order: Order | None, ordinal: int, outcome: str = "done", item: str | None = None) -> Receipt:
    """The receipt of a two-second item."""
    seconds = 2.0
    return Receipt(
        item=item or f"{ordinal:064x}",
        ordinal=ordinal,
        row=f"r{ordinal}",
        locale="en-GB",
        output="landscape",
        outcome=outcome,
        metered_seconds=seconds if outcome == "done" else 0.0,
        frames=50 if outcome == "done" else 0,
    )
