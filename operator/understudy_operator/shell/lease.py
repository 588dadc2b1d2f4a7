"""Leadership by a Lease: who holds it reconciles, who loses it ends.

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
DURATION_SECONDS: Final = 15
RENEW_SECONDS: Final = 4.0
GIVE_UP_SECONDS: Final = 10.0
"""Without a renewal for this long the holder ends, five seconds before anybody else may take over."""
_REQUEST_SECONDS: Final = 3.0

log = structlog.get_logger("lease")


class Lease:
    """One Lease object and our claim on it. `identity` has to be unique among processes."""

    def __init__(self, server: ApiServer, namespace: str, identity: str) -> None:
        self._server = server
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._namespace = namespace
        self._identity = identity
        self._seen: tuple[str, float] = ("", 0.0)

    def try_acquire(self, now: float) -> bool:
        """Take or renew the Lease; False while another one holds it. `now` in monotonic seconds.

        Others' clocks are not trusted: a Lease counts as expired when it has not changed for its whole duration while
        we were watching.
        """
        found = self._request("GET", f"{self._collection}/{LEASE_NAME}")
        try:
            if found is None:
                self._request("POST", self._collection, self._object({}))
                return True
            if not self._is_free(found, now):
                return False
            self._request("PUT", f"{self._collection}/{LEASE_NAME}", self._object(found))
        except ConflictError:
            return False
        return True

    def release(self) -> None:
        """Let the next one take over at once."""
        found = self._request("GET", f"{self._collection}/{LEASE_NAME}")
        if found is not None and found.get("spec", {}).get("holderIdentity") == self._identity:
            found["spec"]["holderIdentity"] = ""
            self._request("PUT", f"{self._collection}/{LEASE_NAME}", found)

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

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        return self._server.request(method, path, body, timeout_seconds=_REQUEST_SECONDS)


class Leadership:
    """Waits for a Lease, then keeps it from a thread of its own.

    `is_alive` says whether this process still gets work done; a leader that does not stops renewing. `lost` is called
    from that thread when the Lease is lost or given up, and should end the process without waiting for anybody.
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
                if self._lease.try_acquire(time.monotonic()):
                    self._thread.start()
                    log.info("leading")
                    return True
                if not waiting:
                    log.info("waiting for the lease")
                waiting = True
            except (OutageError, DeniedError) as error:
                log.warning("lease cannot be taken", error=str(error))
            stop.wait(RENEW_SECONDS / 2)
        return False

    def resign(self) -> None:
        """Stop renewing and let the Lease go; harmless when it was never ours."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(2 * _REQUEST_SECONDS)
            try:
                self._lease.release()
            except (OutageError, DeniedError, ConflictError) as error:
                log.warning("lease not released; it expires", error=str(error))

    def _keep(self) -> None:
        renewed = time.monotonic()
        while not self._stop.wait(RENEW_SECONDS):
            reason = self._renew()
            if reason is None:
                renewed = time.monotonic()
            elif reason or time.monotonic() - renewed > GIVE_UP_SECONDS - RENEW_SECONDS:
                self._lost(reason or "it could not be renewed in time")
                return

    def _renew(self) -> str | None:
        """None when renewed, why the Lease is lost for good, or the empty string when trying again may help."""
        if not self._is_alive():
            return "reconciles no longer finish"
        try:
            return None if self._lease.try_acquire(time.monotonic()) else "another operator took it"
        except (OutageError, DeniedError) as error:
            log.warning("lease not renewed", error=str(error))
            return ""
