"""What all orders of a director share: settings, object store, threads for blocking calls, patience with outages."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, ParamSpec, TypeVar

from joserfc.jwk import OKPKey

from understudy_api.settings import PoolSettings
from understudy_api.tracing import Tracing
from understudy_workers.direction.pool_metrics import PoolMetrics
from understudy_workers.direction.status_lists import StatusLists
from understudy_workers.objects import Objects, StoreError

P = ParamSpec("P")
T = TypeVar("T")

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 10.0
STORE_PATIENCE_SECONDS: Final = 3.0
"""How long one call waits by itself; the director then says what is wrong, pauses and calls again."""


@dataclass
class Workshop:
    """The director's tools. `wake` tells the floor that there may be something to hand out.

    `halt(uid, until)` tells performers to make nothing more of an order as it was taken up until then (Unix seconds).
    """

    settings: PoolSettings
    objects: Objects
    cache_key: bytes
    farm_key: OKPKey
    director: str
    metrics: PoolMetrics
    wake: Callable[[], None]
    halt: Callable[[str, float], None]
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(16, "director"))
    clock: Callable[[], float] = time.time
    lists: StatusLists = field(default_factory=StatusLists)
    tracing: Tracing | None = None
    _proven: bool = False

    def prove(self) -> None:
        """Makes sure, once, that the object store creates conditionally: everything that counts once rests on it.

        Blocking. Raises StoreError.
        """
        if not self._proven:
            self.objects.probe(self.settings.buckets.receipts)
            self._proven = True

    async def run(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """A blocking call in a thread; its exceptions are the call's."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, lambda: act(*args, **kwargs))

    async def insist(
        self, act: Callable[[], T], report: Callable[[str], None], give_up: Callable[[], bool] = lambda: False
    ) -> T:
        """A blocking call, again and again with growing pauses until the object store does it.

        `report` gets one line after each failure and the empty string once it worked. Raises StoreError once
        `give_up` says so.
        """
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                result = await self.run(act)
            except StoreError as error:
                report(str(error))
                self.metrics.outages.inc()
                if give_up():
                    raise
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # so that orders do not return all at once
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            else:
                report("")
                return result
