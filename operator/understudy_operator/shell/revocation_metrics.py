"""How long it takes from an owner's act to the end of all work under a license.

The clock starts when the API server took the act in, in whole seconds, so that a time may be up to a second too long.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Histogram

from understudy_api import token
from understudy_api.acts import REVOCATION_TYPE
from understudy_api.verdict import Refusal
from understudy_operator.core.times import unix_seconds
from understudy_operator.shell import views

BUCKETS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
UNTIL: Final = ("recorded", "acknowledged", "stopped", "quarantined")
"""The farm recorded it; a pool took the word to stop a job; nobody works under it any more; its files are out of reach."""
_MAX_KNOWN: Final = 1_000

Body = Mapping[str, Any]


class RevocationMetrics:
    """Histogram of revocations in a registry. From any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._began: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._told: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._seconds = Histogram(
            "understudy_revocation_seconds",
            "From an owner's act that revokes a license to what became of it.",
            ["until"],
            buckets=BUCKETS,
            registry=registry,
        )
        for until in UNTIL:
            self._seconds.labels(until)

    def recorded(self, act: Body, now: float) -> None:
        """The act of this OwnerAct was recorded; of those that are no revocation nothing is counted."""
        text = str(act["spec"].get("act", ""))
        claims = token.unverified(text, REVOCATION_TYPE)
        began = unix_seconds(act["metadata"].get("creationTimestamp"))
        if isinstance(claims, Refusal) or began is None:
            return
        key = (str(act["metadata"]["namespace"]), str(claims.get("jti")))
        with self._lock:
            known = key in self._began
            self._began[key] = self._began.get(key, began)
            while len(self._began) > _MAX_KNOWN:
                self._began.popitem(last=False)
        if not known:
            self._observe("recorded", began, now)

    def acknowledged(self, job: Body, now: float) -> None:
        """A pool took the word to stop this RenderJob; counted once, and only where its license was revoked."""
        license_ = (job.get("spec") or {}).get("licenseRef") or {}
        jti = ((job.get("status") or {}).get("license") or {}).get("id")
        uid = str(job["metadata"]["uid"])
        with self._lock:
            began = self._began.get((str(license_.get("namespace")), str(jti)))
            if began is None or uid in self._told:
                return
            self._told[uid] = None
            while len(self._told) > _MAX_KNOWN:
                self._told.popitem(last=False)
        self._observe("acknowledged", began, now)

    def changed(self, license_: Body, before: Body, after: Body, now: float) -> None:
        """A License says something new about its ending. What began under an earlier leader began when it said so."""
        key = (str(license_["metadata"]["namespace"]), str(after.get("id")))
        with self._lock:
            began = self._began.get(key)
        valid = views.said(after, "Valid")
        if began is None and valid.get("reason") == "LicenseRevoked":
            began = unix_seconds(valid.get("lastTransitionTime"))
        if began is None:
            return
        was, is_ = _reached(before), _reached(after)
        for until in ("stopped", "quarantined"):
            if until in is_ and until not in was:
                self._observe(until, began, now)

    def _observe(self, until: str, began: float, now: float) -> None:
        self._seconds.labels(until).observe(max(now - began, 0.0))


def _reached(status: Body) -> frozenset[str]:
    said = views.said(status, "Quarantined")
    if not said or said.get("reason") == "WorkStopping":
        return frozenset()
    return frozenset({"stopped", "quarantined"} if said.get("status") == "True" else {"stopped"})
