"""Kubernetes Events on our objects: for people, best effort, never twice within a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import uuid4

import structlog

from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.errors import ConflictError, DeniedError, OutageError

QUIET_SECONDS: Final = 60.0
MAX_NOTE_CHARS: Final = 1024
"""What events.k8s.io accepts."""
_REMEMBERED: Final = 4096
COMPONENT: Final = "understudy-operator"

log = structlog.get_logger("events")


class Events:
    """Posts Events; the same one on the same object at most once a minute, and none that fails is tried again."""

    def __init__(self, server: ApiServer, instance: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._instance = instance
        self._clock = clock
        self._lock = threading.Lock()
        self._posted: dict[tuple[str, str, str], float] = {}

    def post(self, body: Mapping[str, Any], kind: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        """Say something about an object."""
        metadata = body["metadata"]
        if self._is_repeated(metadata["uid"], reason, message):
            return
        namespace = metadata.get("namespace") or "default"
        event = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": f"{metadata['name'][:200]}.{uuid4().hex[:16]}", "namespace": namespace},
            "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": f"understudy.dev/{COMPONENT}",
            "reportingInstance": self._instance[:128],
            "action": "Reconcile",
            "reason": reason[:128],
            "type": kind,
            "note": message[:MAX_NOTE_CHARS],
            "regarding": {
                "apiVersion": body["apiVersion"],
                "kind": body["kind"],
                "name": metadata["name"],
                "namespace": metadata.get("namespace", ""),
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
            },
        }
        try:
            self._server.request("POST", f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", event)
        except (OutageError, DeniedError, ConflictError) as error:
            log.warning("event not posted", reason=reason, error=str(error))

    def _is_repeated(self, uid: str, reason: str, message: str) -> bool:
        now, mark = self._clock(), (uid, reason, message)
        with self._lock:
            if now - self._posted.get(mark, float("-inf")) < QUIET_SECONDS:
                return True
            if len(self._posted) >= _REMEMBERED:
                self._posted = {m: at for m, at in self._posted.items() if now - at < QUIET_SECONDS}
            self._posted[mark] = now
        return False
