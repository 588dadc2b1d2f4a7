"""A test peer: speaks the director's HTTP seam and writes real receipts into MinIO, rendering nothing.

It lets tests of the operator decide when items are done, when a performer lingers, and what is refused. It is no
director: the real one has tests of its own.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from understudy_api.digest import digest, digest_bytes
from understudy_api.grant import Grant, read_grant
from understudy_api.order import Order, Progress, TrainingOrder, TrainingProgress
from understudy_api.proof import Signature
from understudy_api.receipt import (
    Finished,
    Receipt,
    Segment,
    Totals,
    TrainingResult,
    finished_key,
    segment_key,
    training_key,
)
from understudy_api.settings import BucketNames
from understudy_api.token import new_key
from understudy_api.verdict import Refusal, Verdict
from understudy_operator.shell.objects import Objects

ITEM_SECONDS = 2.5


@dataclass
class Held:
    """An order the peer holds, and what it did about it."""

    order: Order
    state: str = "Running"
    totals: Totals = field(default_factory=Totals)
    committed: int = -1
    grants: list[Grant] = field(default_factory=list)
    permit: str = ""
    """The token of the latest grant: what the performer works under."""


class DirectorPeer:
    """Runs in a thread of its own on a loopback port; all public methods are called from the test.

    Its one performer signs what it makes, with a key that grants name. `unsigned` keeps it from doing so.
    """

    def __init__(self, objects: Objects, buckets: BucketNames, token: str, farm_key: Any, tls: ssl.SSLContext) -> None:
        self.objects, self.buckets, self.token, self.farm_key, self.tls = objects, buckets, token, farm_key, tls
        self.id, self.release = "peer-1", "0" * 64
        self.performer = Signature(new_key())
        self.unsigned = False
        self.requests: list[tuple[str, str]] = []
        self.accepted: list[tuple[str, str, int]] = []
        self.refusals: dict[str, Verdict] = {}
        self.lingering = False
        self.auto_finish = False
        self.put_at: dict[str, float] = {}
        self._held: dict[str, Held] = {}
        self._trainings: dict[str, TrainingProgress] = {}
        self._sequence: dict[str, int] = {}
        self._loop = asyncio.new_event_loop()
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self.port = 0

    def start(self, port: int = 0) -> None:
        """Serve; the port is kept over `stop` and `start`."""
        if not self._thread.is_alive():
            self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(port or self.port), self._loop).result(10)

    def stop(self) -> None:
        """Stop serving and forget everything, as a director that dies."""
        assert self._runner is not None
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        with self._lock:
            self._held.clear()
            self._trainings.clear()

    def close(self) -> None:
        """End the thread."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def held(self, uid: str) -> Held | None:
        with self._lock:
            return self._held.get(uid)

    def make_items(self, uid: str, count: int | None = None, outcome: str = "done") -> None:
        """Write a segment saying that the next `count` items (default: all that are left) came out so."""
        with self._lock:
            held = self._held[uid]
            rows = self.objects.get(self.buckets.staging, held.order.content.rows_s3_key)
            assert rows is not None
            assert digest_bytes(rows) == held.order.content.rows_digest
            receipts = self._receipts(held, count, outcome, [json.loads(line) for line in rows.splitlines()])
            made = sum(receipt.metered_seconds for receipt in receipts)
            before = held.totals
            held.totals = before.model_copy(
                update={
                    outcome: getattr(before, outcome) + len(receipts),
                    "metered_seconds": before.metered_seconds + made,
                    "worker_seconds": before.worker_seconds + len(receipts),
                    "clips_rendered": before.clips_rendered + len(receipts),
                    "started_at": before.started_at or time.time(),
                }
            )
            self._append(held, tuple(receipts))
            if held.totals.items == held.order.total_items:
                held.state = "Finishing"
            self._end(held)

    def _end(self, held: Held) -> None:
        """Says the last word once everything is made, and counts."""
        if held.state != "Finishing":
            return
        if held.order.preview is not None or held.committed >= self._sequence[held.order.uid]:
            self._finish(held)

    def _receipts(self, held: Held, count: int | None, outcome: Any, rows: list[dict[str, Any]]) -> list[Receipt]:
        order, first = held.order, held.totals.items
        places = [
            (str(row.get(order.content.key, "only")), locale, output.name)
            for row in rows
            for locale in order.locales
            for output in order.outputs
        ]
        last = len(places) if count is None else first + count
        return [
            Receipt(
                item=digest([order.digest, ordinal]),
                ordinal=ordinal,
                row=row,
                locale=locale,
                output=output,
                outcome=outcome,
                metered_seconds=ITEM_SECONDS if outcome == "done" else 0,
            )
            for ordinal, (row, locale, output) in list(enumerate(places))[first:last]
        ]

    def _append(self, held: Held, receipts: tuple[Receipt, ...]) -> None:
        uid = held.order.uid
        previous = self._last_segment(uid)
        if not self.unsigned:
            receipts = tuple(self._signed(held, receipt) for receipt in receipts)
        segment = Segment(
            uid=uid,
            sequence=previous.sequence + 1 if previous else 0,
            director=self.id,
            order=held.order.digest,
            generation=held.order.generation,
            written_at=time.time(),
            receipts=receipts,
            keys=(self.performer.x,),
            grants=(held.permit,),
            totals=held.totals,
            billed_seconds=(previous.billed_seconds if previous else 0) + sum(r.metered_seconds for r in receipts),
            billed_items=(previous.billed_items if previous else 0) + sum(r.charged for r in receipts),
            billed_worker_seconds=(previous.billed_worker_seconds if previous else 0) + len(receipts),
        )
        key = segment_key(uid, segment.sequence)
        assert self.objects.create(self.buckets.receipts, key, segment.model_dump_json().encode())
        self._sequence[uid] = segment.sequence

    def _signed(self, held: Held, receipt: Receipt) -> Receipt:
        if receipt.outcome != "done":
            return receipt
        return self.performer.under(receipt, held.order.uid, held.order.digest, held.permit)

    def _last_segment(self, uid: str) -> Segment | None:
        keys = [key for key in self.objects.keys(self.buckets.receipts, f"{uid}/") if "finished-" not in key]
        data = self.objects.get(self.buckets.receipts, keys[-1]) if keys else None
        return Segment.model_validate_json(data) if data else None

    def _finish(self, held: Held) -> None:
        order = held.order
        bad = held.totals.failed + held.totals.rejected
        finished = Finished(
            uid=order.uid,
            order=order.digest,
            generation=order.generation,
            state="Complete" if bad <= order.max_failed_items else "Failed",
            totals=held.totals,
            index_key=f"{order.delivery.prefix}index.jsonl",
            contact_sheet_key=f"{order.delivery.prefix}contact-sheet.html",
            finished_at=time.time(),
        )
        key = finished_key(order.uid, order.digest)
        self.objects.put(self.buckets.receipts, key, finished.model_dump_json().encode())
        held.state = "Finished"

    async def _serve(self, port: int) -> None:
        app = web.Application(middlewares=[self._guard], client_max_size=16 * 1024 * 1024)
        app.router.add_get("/v1/orders", self._board)
        app.router.add_put("/v1/orders/{uid}", self._put_order)
        app.router.add_delete("/v1/orders/{uid}", self._delete_order)
        app.router.add_put("/v1/orders/{uid}/grant", self._put_grant)
        app.router.add_put("/v1/orders/{uid}/committed", self._put_committed)
        app.router.add_put("/v1/trainings/{uid}", self._put_training)
        app.router.add_get("/v1/trainings/{uid}", self._get_training)
        app.router.add_delete("/v1/trainings/{uid}", self._delete_training)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=self.tls)
        await site.start()
        self.port = self._runner.addresses[0][1]

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        if given != f"Bearer {self.token}":
            return web.json_response({}, status=403 if given else 401)
        if request.method != "GET":
            self.requests.append((request.method, request.path))
        with self._lock:
            return await handler(request)

    async def _board(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "director": self.id,
                "release": self.release,
                "orders": [self._progress(held).model_dump(mode="json") for held in self._held.values()],
                "workers": 2,
                "busy": sum(held.state == "Running" for held in self._held.values()),
                "performers": [self.performer.performer],
                "sequences": {uid: last for uid, last in self._sequence.items() if uid in self._held},
            }
        )

    async def _put_order(self, request: web.Request) -> web.Response:
        order = Order.model_validate_json(await request.read())
        refusal = self.refusals.get(order.job)
        grant = read_grant(order.grant, self.farm_key, time.time())
        if isinstance(grant, Refusal):
            refusal = Verdict(refusals=(grant,))
        if refusal is not None:
            return web.json_response(refusal.model_dump(mode="json"), status=403)
        assert isinstance(grant, Grant)
        held = self._held.get(order.uid)
        if held is not None and held.order.generation > order.generation:
            return web.json_response({}, status=409)
        same = held is not None and held.order.digest == order.digest and held.state != "Stopped"
        self.accepted.append((order.uid, order.digest, order.generation))
        self.put_at.setdefault(order.job, time.monotonic())
        if not same:
            held = self._held[order.uid] = Held(order, totals=self._resumed(order))
            if self._finished(order):
                held.state = "Finished"
        assert held is not None
        held.order = order
        if held.state not in ("Finished", "Finishing"):
            held.state = "Suspended" if order.suspended else "Running"
        held.grants.append(grant)
        held.permit = order.grant
        if self.auto_finish and held.state == "Running":
            self.make_items(order.uid)
        return web.json_response(self._progress(held).model_dump(mode="json"))

    def _resumed(self, order: Order) -> Totals:
        last = self._last_segment(order.uid)
        return last.totals if last and last.order == order.digest else Totals()

    def _finished(self, order: Order) -> bool:
        return self.objects.get(self.buckets.receipts, finished_key(order.uid, order.digest)) is not None

    async def _put_grant(self, request: web.Request) -> web.Response:
        held = self._held.get(request.match_info["uid"])
        if held is None:
            return web.json_response({}, status=404)
        text = (await request.json())["grant"]
        grant = read_grant(text, self.farm_key, time.time())
        if isinstance(grant, Refusal):
            return web.json_response(Verdict(refusals=(grant,)).model_dump(mode="json"), status=403)
        held.grants.append(grant)
        held.permit = text
        return web.json_response(self._progress(held).model_dump(mode="json"))

    async def _put_committed(self, request: web.Request) -> web.Response:
        held = self._held.get(request.match_info["uid"])
        if held is None:
            return web.json_response({}, status=404)
        held.committed = max(held.committed, int((await request.json())["sequence"]))
        self._end(held)
        return web.json_response(self._progress(held).model_dump(mode="json"))

    async def _delete_order(self, request: web.Request) -> web.Response:
        uid = request.match_info["uid"]
        if uid not in self._held:
            return web.json_response({}, status=404)
        if self.lingering:
            self._held[uid].state = "Finishing"
            return web.json_response({}, status=202)
        del self._held[uid]
        return web.json_response({})

    async def _put_training(self, request: web.Request) -> web.Response:
        order = TrainingOrder.model_validate_json(await request.read())
        result = TrainingResult(
            digest=order.digest,
            twin_id=order.twin_id,
            state="Ready",
            version=digest(["bundle", order.digest]),
            scores={"network": {"psnr": 31.5, "ssim": 0.95, "opening": 0.9}},
            finished_at=time.time(),
        )
        key = training_key(order.digest)
        self.objects.put(self.buckets.receipts, key, result.model_dump_json().encode())
        self._trainings[order.uid] = TrainingProgress(uid=order.uid, digest=order.digest, state="Finished")
        return web.json_response(self._trainings[order.uid].model_dump(mode="json"))

    async def _get_training(self, request: web.Request) -> web.Response:
        found = self._trainings.get(request.match_info["uid"])
        return web.json_response(found.model_dump(mode="json") if found else {}, status=200 if found else 404)

    async def _delete_training(self, request: web.Request) -> web.Response:
        self._trainings.pop(request.match_info["uid"], None)
        return web.json_response({})

    def _progress(self, held: Held) -> Progress:
        return Progress(
            uid=held.order.uid,
            digest=held.order.digest,
            generation=held.order.generation,
            state=held.state,  # type: ignore[arg-type]
            items_done=held.totals.items,
            committed=held.committed,
            short_seconds=ITEM_SECONDS if held.state == "WaitingForGrant" else None,
        )
