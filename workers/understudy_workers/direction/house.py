"""The director without Ray: everything wired together, opened and closed as one."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web

from understudy_api.exposition import serve
from understudy_api.settings import PoolSettings
from understudy_api.timesheet import DEFAULT_POOL
from understudy_api.token import load_key
from understudy_api.tracing import Tracing
from understudy_workers.direction.desk import Desk
from understudy_workers.direction.floor import Crew, Floor
from understudy_workers.direction.item_log import keep_swept
from understudy_workers.direction.pool_metrics import PoolMetrics
from understudy_workers.direction.server import Front, application, tls
from understudy_workers.direction.timekeeper import Look, Timekeeper
from understudy_workers.direction.trainings import Trainers, TrainingDesk
from understudy_workers.direction.workshop import STORE_PATIENCE_SECONDS, Workshop
from understudy_workers.objects import Objects

BIND_SECONDS: Final = 30.0
"""How long a port may still be held by a director that just died or is draining."""
AGAIN_SECONDS: Final = 1.0
"""How soon a part that broke begins anew."""

log = structlog.get_logger("house")


class House:
    """A director: orders and trainings, the floor, HTTP and metrics. `id` is new with every start."""

    def __init__(
        self,
        settings: PoolSettings,
        crew: Crew,
        trainers: Trainers,
        look: Look,
        *,
        director: str,
        release: str,
        pool: str = DEFAULT_POOL,
        at_once: int = 1,
    ) -> None:
        self.id = director
        self.release = release
        self._settings = settings
        self._metrics = PoolMetrics()
        self.workshop = Workshop(
            settings=settings,
            objects=Objects(settings.s3, patience_seconds=STORE_PATIENCE_SECONDS),
            cache_key=settings.cache_key_file.read_bytes(),
            farm_key=load_key(settings.farm_public_key_file.read_text()),
            director=director,
            metrics=self._metrics,
            wake=self._wake,
            halt=crew.stop,
            tracing=Tracing.begin(settings.tracing),
        )
        self.desk = Desk(self.workshop)
        self.timekeeper = Timekeeper(self.workshop, pool, release, look)
        worked = self.timekeeper.hours.add
        self.floor = Floor(crew, self.desk.runs, self._metrics, worked=worked)
        self.trainings = TrainingDesk(self.workshop, trainers, at_once, worked)
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None
        self._end_metrics: Callable[[], None] | None = None

    def _wake(self) -> None:
        self.floor.wake()

    async def open(self) -> None:
        """Serves the floor, HTTP and metrics. Raises OSError when a port stays taken."""
        loop = asyncio.get_running_loop()
        lasting = (self.floor.serve, self._count, self._keep_lists, self._sweep, self.timekeeper.keep)
        self._tasks = [loop.create_task(_for_ever(one)) for one in lasting]
        listener = self._settings.director
        token = listener.token_file.read_text().strip()
        front = Front(self.id, self.release, self.desk, self.floor, self.trainings)
        self._runner = web.AppRunner(application(front, token), access_log=None)
        await self._runner.setup()
        await _bound(self._serve_http)
        await _bound(self._serve_metrics)

    async def _serve_http(self) -> None:
        assert self._runner is not None
        listener = self._settings.director
        await web.TCPSite(self._runner, listener.host, listener.port, ssl_context=tls(listener)).start()

    async def _serve_metrics(self) -> None:
        registry = self._metrics.registry
        self._end_metrics = serve(self._settings.metrics_host, self._settings.metrics_port, registry)

    async def _keep_lists(self) -> None:
        await self.workshop.lists.keep(self._settings.status_lists, self.desk.named)

    async def _sweep(self) -> None:
        await keep_swept(self.workshop)

    async def _count(self) -> None:
        while True:
            self._metrics.orders(self.desk.states())
            await asyncio.sleep(1.0)

    async def close(self) -> None:
        """Lets performers finish what they hold, writes its receipts, then ends everything and frees the ports."""
        await self.desk.retire()
        await self.trainings.retire()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.timekeeper.write()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._end_metrics is not None:
            await asyncio.to_thread(self._end_metrics)
        self.workshop.threads.shutdown(wait=False)
        self.workshop.objects.close()
        if self.workshop.tracing is not None:
            await asyncio.to_thread(self.workshop.tracing.close)


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """Does what never ends; when it breaks all the same, says so and begins anew: a director does not live on with a part dead."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("broke, begins anew", what=work.__name__)
        await asyncio.sleep(AGAIN_SECONDS)


async def _bound(bind: Callable[[], Awaitable[None]]) -> None:
    """Binds a port, for a while again and again when it is taken: a director that just died may still hold it."""
    deadline = time.monotonic() + BIND_SECONDS
    while True:
        try:
            return await bind()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.2)
