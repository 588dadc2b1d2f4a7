"""A director in a hurry: makes items of all its orders as soon as grants reach for them, and now and then one too many."""

from __future__ import annotations

import threading
import time
from typing import Any

from aiohttp import web
from director_peer import ITEM_SECONDS, DirectorPeer, Held

from understudy_api.receipt import Segment, segment_key

TURN_SECONDS = 0.05
GIVE_UP_SECONDS = 8.0


class RacingPeer(DirectorPeer):
    """Works by itself between `start` and `close`; every seventh order is made one item beyond its grant, once."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.only: set[str] = set()
        """Orders it works on; others it just holds."""
        self.beyond: set[str] = set()
        """Orders of which an item too many was made."""
        self.delivered: list[str] = []
        """Items in the order in which they were brought to their destination."""
        self._brought: dict[str, int] = {}
        self._stopping: dict[str, float] = {}
        self._over = threading.Event()
        self._worker = threading.Thread(target=self._work, daemon=True)

    def start(self, port: int = 0) -> None:
        super().start(port)
        if not self._worker.is_alive():
            self._worker.start()

    def close(self) -> None:
        self._over.set()
        self._worker.join(10)
        super().close()

    def _work(self) -> None:
        while not self._over.wait(TURN_SECONDS):
            with self._lock:
                uids = [uid for uid in self._held if uid in self.only]
            for uid in uids:
                with self._lock:
                    held = self._held.get(uid)
                    if held is not None:
                        self._turn(held)

    def _turn(self, held: Held) -> None:
        uid = held.order.uid
        if held.state in ("Running", "WaitingForGrant") and not held.order.suspended:
            reaches = held.totals.metered_seconds + ITEM_SECONDS <= max(one.seconds for one in held.grants) + 1e-6
            bounds = [one.items for one in held.grants if one.items is not None]
            reaches = reaches and (not bounds or held.totals.done < max(bounds))
            if not reaches and uid not in self.beyond and int(uid[:4], 16) % 7 == 0:
                self.beyond.add(uid)
                reaches = True
            held.state = "Running" if reaches else "WaitingForGrant"
            if reaches:
                self.make_items(uid, 1)
        self._bring(held)
        if uid in self._stopping and (held.committed >= self._sequence.get(uid, -1) or self._gives_up(uid)):
            del self._held[uid], self._stopping[uid]

    def _gives_up(self, uid: str) -> bool:
        """Nobody committed the rest: a stopped order does not wait for ever."""
        return time.monotonic() - self._stopping[uid] > GIVE_UP_SECONDS

    async def _delete_order(self, request: web.Request) -> web.Response:
        """As a director: what counts is delivered first; 202 meanwhile."""
        uid = request.match_info["uid"]
        if uid not in self.only or uid not in self._held:
            return await super()._delete_order(request)
        self._stopping.setdefault(uid, time.monotonic())
        self._held[uid].state = "Finishing"
        return web.json_response({}, status=202)

    def _bring(self, held: Held) -> None:
        """Deliver what the operator said counts, and nothing else."""
        uid = held.order.uid
        while (following := self._brought.get(uid, -1) + 1) <= held.committed:
            data = self.objects.get(self.buckets.receipts, segment_key(uid, following))
            assert data is not None
            for receipt in Segment.model_validate_json(data).receipts:
                key = f"{held.order.delivery.prefix}{receipt.row}/{receipt.locale}/{receipt.output}.mp4"
                self.objects.put(self.buckets.outputs, key, receipt.item.encode(), "video/mp4")
                self.delivered.append(receipt.item)
            self._brought[uid] = following
