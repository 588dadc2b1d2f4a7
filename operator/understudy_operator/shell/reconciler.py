"""The threads that reconcile: take a key, observe, decide, apply, and hand the key back to the queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from understudy_operator.shell.errors import ConflictError, DeniedError, OutageError
from understudy_operator.shell.interruption import Interruptions
from understudy_operator.shell.key import Key
from understudy_operator.shell.logs import name_nothing
from understudy_operator.shell.metrics import Metrics
from understudy_operator.shell.objects import S3RefusalError
from understudy_operator.shell.queue import Taken, WorkQueue

THREADS: Final = 8
URGENT_THREADS: Final = 2
"""Threads beside them for what an owner said and whom it stops: freezing a million rows must not keep them waiting."""
HEARTBEAT: Final = Key("Heartbeat", "", "")
"""A key without an object: it passes through the queue to prove that reconciles still finish."""
HEARTBEAT_SECONDS: Final = 5.0
SILENT_SECONDS: Final = 60.0
STUCK_SECONDS: Final = 900.0
_CONFLICT_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 6.0

_REASONS: Final = {
    "S3": "StorageUnavailable",
    "S3Refusal": "StorageRefused",
    "ledger": "LedgerBroken",
    "director": "PoolUnavailable",
    "Ray": "PoolUnavailable",
    "Denied": "ClusterRefused",
}

log = structlog.get_logger("reconcile")

Reconcile = Callable[[Key], float | None]


class Reconciler:
    """Works on the queue with several threads; `reconcile` does one key and returns when to look again."""

    def __init__(
        self,
        queue: WorkQueue[Key],
        reconcile: Reconcile,
        refresh: Callable[[Key], None],
        interruptions: Interruptions,
        metrics: Metrics,
        threads: int = THREADS,
    ) -> None:
        self._queue = queue
        self._reconcile = reconcile
        self._refresh = refresh
        self._interruptions = interruptions
        self._metrics = metrics
        self._finished_at = time.monotonic()
        names = [f"reconcile-{number}" for number in range(threads)]
        self._threads = [threading.Thread(target=self._work, name=name, daemon=True) for name in names]
        self._threads += [
            threading.Thread(target=self._work, args=(True,), name=f"urgent-{number}", daemon=True)
            for number in range(URGENT_THREADS)
        ]

    def start(self) -> None:
        """Begin."""
        self._finished_at = time.monotonic()
        self._queue.mark(HEARTBEAT)
        for thread in self._threads:
            thread.start()

    def is_alive(self) -> bool:
        """Whether keys still pass through and none is stuck for a quarter of an hour."""
        silent = time.monotonic() - self._finished_at
        return silent < SILENT_SECONDS and self._queue.longest_running_seconds() < STUCK_SECONDS

    def stop(self) -> None:
        """Take no more keys; what runs has a few seconds to finish, and may be cut off anywhere."""
        self._queue.close()
        deadline = time.monotonic() + _STOP_SECONDS
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self, urgent_only: bool = False) -> None:
        while (taken := self._queue.take(urgent_only=urgent_only)) is not None:
            started = time.monotonic()
            result = self._one(taken)
            self._finished_at = time.monotonic()
            if taken.key != HEARTBEAT:
                kind = taken.key.kind
                self._metrics.reconcile_seconds.labels(kind, result).observe(self._finished_at - started)
                self._metrics.queue_seconds.labels(kind).observe(taken.waited_seconds)

    def _one(self, taken: Taken[Key]) -> str:
        key = taken.key
        name_nothing()
        if key == HEARTBEAT:
            self._queue.finish(key, HEARTBEAT_SECONDS)
            return "done"
        try:
            requeue_after_seconds = self._reconcile(key)
        except ConflictError as conflict:
            return self._again(key, conflict)
        except (OutageError, DeniedError, S3RefusalError) as error:
            return self._waited_out(key, error)
        except Exception as error:
            log.exception("reconcile broke", key=str(key))
            self._interruptions.failed(key, "OperatorError", f"operator: {type(error).__name__}: {error}; see its log")
            self._queue.fail(key)
            return "error"
        self._interruptions.succeeded(key)
        self._queue.finish(key, requeue_after_seconds)
        return "done"

    def _again(self, key: Key, conflict: ConflictError) -> str:
        """Somebody else was faster: look at what stands there now."""
        log.debug("conflict", key=str(key), error=str(conflict))
        try:
            self._refresh(key)
        except (OutageError, DeniedError) as error:
            return self._waited_out(key, error)
        self._queue.fail(key, _CONFLICT_SECONDS)
        return "conflict"

    def _waited_out(self, key: Key, error: Exception) -> str:
        what = error.what if isinstance(error, OutageError) else type(error).__name__.removesuffix("Error")
        log.warning("reconcile waits", key=str(key), error=str(error))
        self._metrics.outages.labels(what).inc()
        self._interruptions.failed(
            key, _REASONS.get(what, "ClusterUnavailable"), f"{error}; tried again until it works"
        )
        self._queue.fail(key)
        return "outage"
