"""Saying so when an object cannot be reconciled: a condition of the shell's own, since no decision can be made.

`Interrupted` is set when an object has been failing for a few seconds, not for a hiccup, and is taken away by the next
reconcile that succeeds. It is not called `Stalled`: kstatus reads that as failed for good, and the farm waits and goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from understudy_operator.shell import views
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.errors import ConflictError, DeniedError, OutageError
from understudy_operator.shell.events import Events
from understudy_operator.shell.key import Key
from understudy_operator.shell.store import Body, Store

PATIENCE_SECONDS: Final = 3.0
MAX_MESSAGE_CHARS: Final = 1000

log = structlog.get_logger("interruption")


class Interruptions:
    """Which keys fail since when, and whether their objects say so."""

    def __init__(
        self, cluster: Cluster, store: Store, events: Events, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cluster = cluster
        self._store = store
        self._events = events
        self._clock = clock
        self._lock = threading.Lock()
        self._since: dict[Key, float] = {}

    def failed(self, key: Key, reason: str, message: str) -> None:
        """A reconcile of the key failed; after some seconds its object says why."""
        now = self._clock()
        with self._lock:
            since = self._since.setdefault(key, now)
        body = self._store.get(key)
        if body is None or now - since < PATIENCE_SECONDS:
            return
        try:
            self._say(body, reason, message[:MAX_MESSAGE_CHARS])
        except (OutageError, ConflictError, DeniedError) as error:
            log.warning("interruption not shown", key=str(key), error=str(error))

    def succeeded(self, key: Key) -> None:
        """A reconcile of the key succeeded."""
        with self._lock:
            self._since.pop(key, None)

    def _say(self, body: Body, reason: str, message: str) -> None:
        found = views.condition(body, views.INTERRUPTED)
        if found.get("reason") == reason:
            return
        status = views.uninterrupted(body.get("status", {}))
        interrupted = _condition(body, reason, message)
        after = self._cluster.patch_status(body, {**status, "conditions": [*status.get("conditions", ()), interrupted]})
        if after is not None:
            self._store.put(after)
        self._events.post(body, "Warning", reason, message)


def _condition(body: Body, reason: str, message: str) -> dict[str, Any]:
    return {
        "type": views.INTERRUPTED,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "observedGeneration": body["metadata"]["generation"],
    }
