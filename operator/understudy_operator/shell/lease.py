"""Leadership by a Lease: who holds it reconciles, who loses it ends (and may begin again).

The Lease only saves work. Conditional writes protect the truth, so two leaders for a moment do no harm; still a leader
that cannot renew ends before its Lease does, by a thread of its own that nothing hung can keep from it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.errors import ConflictError, DeniedError, OutageError

LEASE_NAME: Final = "understudy-operator"
DURATION_SECONDS: Final = 10
RENEW_SECONDS: Final = 2.5
RETRY_SECONDS: Final = 1.0
GIVE_UP_SECONDS: Final = 7.0
"""Without a renewal for this long the holder ends, before anybody else may take over."""
_REQUEST_SECONDS: Final = 3.0

log = structlog.get_logger("lease")


class Lease:
    """One Lease object and our claim on it. `identity` has to be unique among processes."""

    def __init__(self, server: ApiServer, namespace: str, identity: str) -> None:
        self._server = server
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._path = f"{self._collection}/{LEASE_NAME}"
        self._namespace = namespace
        self._identity = identity
        self._held: dict[str, Any] | None = None
        self._seen: tuple[str, float] = ("", 0.0)

    def acquire(self, now: float) -> bool:
        """Take the Lease; False while another one holds it. `now` in monotonic seconds.

        Others' clocks are not trusted: a Lease counts as expired when it has not changed for its whole duration while
        we were watching.
        """
        found = self._server.request("GET", self._path, timeout_seconds=_REQUEST_SECONDS)
        if found is not None and not self._is_free(found, now):
            return False
        return self._write(found)

    def renew(self, timeout_seconds: float) -> bool:
        """Say that we are still there, with one request; False when somebody else wrote the Lease."""
        return self._write(self._held, timeout_seconds)

    def release(self) -> None:
        """Let the next one take over at once."""
        if self._held is not None:
            self._held["spec"]["holderIdentity"] = ""
            self._server.request("PUT", self._path, self._held, timeout_seconds=_REQUEST_SECONDS)
            self._held = None

    def _write(self, found: dict[str, Any] | None, timeout_seconds: float = _REQUEST_SECONDS) -> bool:
        method, path = ("POST", self._collection) if found is None else ("PUT", self._path)
        try:
            wanted = self._object(found or {})
            self._held = self._server.request(method, path, wanted, timeout_seconds=timeout_seconds)
        except ConflictError:
            return False
        return self._held is not None

    def _is_free(self, found: dict[str, Any], now: float) -> bool:
        spec, version = found.get("spec", {}), found["metadata"]["resourceVersion"]
        if spec.get("holderIdentity") in ("", None, self._identity):
            return True
        if self._seen[0] != version:
            self._seen = (version, now)
        return now - self._seen[1] > float(spec.get("leaseDurationSeconds", DURATION_SECONDS))

    def _object(self, found: dict[str, Any]) -> dict[str, Any]:
        spec, stamp = found.get("spec", {}), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        ours = spec.get("holderIdentity") == self._identity
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": LEASE_NAME, "namespace": self._namespace, **found.get("metadata", {})},
            "spec": {
                "holderIdentity": self._identity,
                "leaseDurationSeconds": DURATION_SECONDS,
                "acquireTime": spec.get("acquireTime", stamp) if ours else stamp,
                "renewTime": stamp,
                "leaseTransitions": int(spec.get("leaseTransitions", 0)) + (0 if ours or not found else 1),
            },
        }


class Leadership:
    """Waits for a Lease, then keeps it from a thread of its own.

    `is_alive` says whether this process still gets work done; a leader that does not stops renewing. `lost` is called
    from that thread when the Lease is lost or given up, and has to end the process without waiting for anybody.
    """

    def __init__(self, lease: Lease, is_alive: Callable[[], bool], lost: Callable[[str], None]) -> None:
        self._lease = lease
        self._is_alive = is_alive
        self._lost = lost
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def wait(self, stop: threading.Event) -> bool:
        """Block until the Lease is ours, then renew it in the background; False when `stop` was set first."""
        waiting = False
        while not stop.is_set():
            try:
                if self._lease.acquire(time.monotonic()):
                    self._thread.start()
                    log.info("leading")
                    return True
                if not waiting:
                    log.info("waiting for the lease")
                waiting = True
            except (OutageError, DeniedError) as error:
                log.warning("lease cannot be taken", error=str(error))
            stop.wait(RETRY_SECONDS)
        return False

    def resign(self) -> None:
        """Stop renewing and let the Lease go; harmless when it was never ours."""
        self._stop.set()
        if not self._thread.is_alive():
            return
        self._thread.join(_REQUEST_SECONDS + 1)
        try:
            self._lease.release()
        except (OutageError, DeniedError, ConflictError) as error:
            log.warning("lease not released; it expires", error=str(error))

    def _keep(self) -> None:
        renewed, pause = time.monotonic(), RENEW_SECONDS
        while not self._stop.wait(pause):
            left = renewed + GIVE_UP_SECONDS - time.monotonic()
            reason = self._renew(left) if left > 0 else "it could not be renewed in time"
            if reason:
                self._lost(reason)
                return
            if reason is None:
                renewed, pause = time.monotonic(), RENEW_SECONDS
            else:
                pause = min(RETRY_SECONDS, max(0.0, left))

    def _renew(self, left_seconds: float) -> str | None:
        """None when renewed, why the Lease is lost for good, or the empty string when trying again may help."""
        if not self._is_alive():
            return "reconciles no longer finish"
        try:
            held = self._lease.renew(min(_REQUEST_SECONDS, left_seconds))
            return None if held else "somebody else wrote it"
        except (OutageError, DeniedError) as error:
            log.warning("lease not renewed", error=str(error))
            return ""
