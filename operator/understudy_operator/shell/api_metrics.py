"""What the operator asks of the API server, and which of its conditional writes came second."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from understudy_operator.shell.key import PLURALS
from understudy_operator.shell.metric_labels import OTHER, Labels

MAX_REQUESTS: Final = 40
"""Combinations of verb and kind."""
MAX_ANSWERS: Final = 150
"""Combinations of verb, kind and code."""
KINDS: Final = frozenset({*PLURALS.values(), "secrets", "namespaces", "leases", "events", "pods", "rayclusters"})
"""What the operator asks for, as paths name it; everything else is `other`."""
BUCKETS: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 5.0)
NO_ANSWER: Final = 0
"""In place of a code."""
_VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_BOOKS: Final = {"licenses": "ledger", "checkpoints": "seals", "keys": "acts", "heard": "acts"}
"""What stands in the folders of the ledger bucket, where it is called otherwise."""
WRITTEN: Final = frozenset({"account", "acts", "ledger", "quarantine", "register", "seals", "status", OTHER, *KINDS})
"""What can be written second: an account of the ledger in this process, a folder of the ledger bucket, an object."""


class ApiMetrics:
    """Counters of requests and lost races in a registry. From any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._asked, self._answered = Labels(MAX_REQUESTS), Labels(MAX_ANSWERS)
        self._seconds = Histogram(
            "understudy_operator_api_request_seconds",
            "Duration of requests to the API server.",
            ["verb", "kind"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._requests = Counter(
            "understudy_operator_api_requests_total",
            "Requests to the API server; code is none where no answer came.",
            ["verb", "kind", "code"],
            registry=registry,
        )
        self._conflicts = Counter(
            "understudy_operator_conflicts_total",
            "Conditional writes that came second, by what was written.",
            ["what"],
            registry=registry,
        )
        for what in ("ledger", "account", "renderjobs"):
            self._conflicts.labels(what)

    def requested(self, method: str, path: str, code: int, seconds: float) -> None:
        """A request took so long and was answered with this HTTP code, or with NO_ANSWER."""
        kind, named = _place(path)
        verb = _VERBS.get(method, "get" if named else "list")
        self._seconds.labels(*self._asked.bounded(verb, kind)).observe(max(seconds, 0.0))
        answer = "none" if code == NO_ANSWER else str(code)
        self._requests.labels(*self._answered.bounded(verb, kind, answer)).inc()
        if code == 409:
            self._lost(kind)

    def created_second(self, key: str) -> None:
        """Something else stands at this key of the ledger bucket."""
        folder = key.partition("/")[0]
        self._lost(_BOOKS.get(folder, folder))

    def account_taken(self) -> None:
        """A job found the account of its license written by another one."""
        self._lost("account")

    def _lost(self, what: str) -> None:
        self._conflicts.labels(what if what in WRITTEN else OTHER).inc()


def _place(path: str) -> tuple[str, bool]:
    """Kind of what a path of the API names, and whether it names one object."""
    parts = path.strip("/").split("/")
    inside = parts[2:] if parts[0] == "api" else parts[3:]
    if inside[:1] == ["namespaces"] and len(inside) > 2:
        inside = inside[2:]
    kind = inside[0] if inside else OTHER
    return (kind if kind in KINDS else OTHER), len(inside) > 1
