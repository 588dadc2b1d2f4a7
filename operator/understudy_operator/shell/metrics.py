"""What the operator counts, for Prometheus. Every label has a bounded set of values."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

MAX_LABELS: Final = 100
OTHER: Final = "other"
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)
_OUTCOMES: Final = ("done", "failed", "rejected")

Status = Mapping[str, Any]


class Labels:
    """Bounded label values: the first hundred that are seen, all after them together."""

    def __init__(self, most: int = MAX_LABELS) -> None:
        self._most = most
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def label(self, value: str) -> str:
        """The value, or `other`."""
        with self._lock:
            if value not in self._known and len(self._known) >= self._most:
                return OTHER
            self._known.add(value)
        return value


class Metrics:
    """The operator's metrics in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._brands, self._pools, self._reasons = Labels(), Labels(), Labels()
        prefix, registry = "understudy_operator", self.registry
        self.reconcile_seconds = Histogram(
            f"{prefix}_reconcile_seconds",
            "Duration of reconciles.",
            ["kind", "result"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.queue_seconds = Histogram(
            f"{prefix}_queue_seconds",
            "How long keys were due before a reconcile.",
            ["kind"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.leader = Gauge(f"{prefix}_leader", "1 while this process leads.", registry=registry)
        self.outages = Counter(f"{prefix}_outages_total", "Reconciles that met an outage.", ["what"], registry=registry)
        self.actions = Counter(f"{prefix}_actions_total", "Actions done.", ["action"], registry=registry)
        self.pool_reachable = Gauge("understudy_pool_reachable", "1 while the director answers.", registry=registry)
        self._refusals = Counter(
            "understudy_license_refusals_total", "Jobs refused at admission.", ["reason"], registry=registry
        )
        self._items = Counter("understudy_items_total", "Items by outcome.", ["brand", "outcome"], registry=registry)
        self._metered = Counter(
            "understudy_metered_seconds_total", "Seconds of delivered items.", ["brand"], registry=registry
        )
        self._worker = Counter(
            "understudy_job_worker_seconds_total", "Seconds performers worked.", ["pool", "brand"], registry=registry
        )
        self._cost = Counter(
            "understudy_cost_total",
            "Worker seconds at the prices of their groups and pools.",
            ["pool", "brand", "currency"],
            registry=registry,
        )

    def watch_state(
        self, backlog: Callable[[], Mapping[str, int]], jobs_by_phase: Callable[[], Mapping[str, int]]
    ) -> None:
        """Ask these whenever somebody scrapes."""
        self.registry.register(_State(backlog, jobs_by_phase))  # type: ignore[arg-type]

    def serve(self, port: int, host: str = "127.0.0.1") -> Callable[[], None]:
        """Serve on `host`; returns what ends it. Raises OSError when the port is taken."""
        server, thread = start_http_server(port, addr=host, registry=self.registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join(5)

        return stop

    def job_changed(self, namespace: str, pool: str, before: Status, after: Status) -> None:
        """Count what a job's new status adds to its old one.

        The status in the API server is the memory, so a restart counts nothing twice. A job that is made again for
        a changed spec starts its item counts anew. Work costs what it cost when it was counted: another price later
        changes nothing, and what was done without a price is never counted.
        """
        brand, pool = self._brands.label(namespace), self._pools.label(pool)
        old, new = before.get("items", {}), after.get("items", {})
        for outcome in _OUTCOMES:
            self._items.labels(brand, outcome).inc(_added(old.get(outcome), new.get(outcome)))
        self._metered.labels(brand).inc(_added(before.get("meteredSeconds"), after.get("meteredSeconds")))
        self._worker.labels(pool, brand).inc(_added(before.get("workerSeconds"), after.get("workerSeconds")))
        if cost := after.get("cost"):
            self._cost.labels(pool, brand, cost["currency"]).inc(_cost_of_new_work(before, after))
        reason = _refusal(after)
        if reason and reason != _refusal(before):
            self._refusals.labels(self._reasons.label(reason)).inc()


class _State:
    """Gauges that are looked up at scrape time."""

    def __init__(self, backlog: Callable[[], Mapping[str, int]], phases: Callable[[], Mapping[str, int]]) -> None:
        self._backlog = backlog
        self._phases = phases

    def collect(self) -> list[GaugeMetricFamily]:
        backlog = GaugeMetricFamily("understudy_operator_backlog", "Keys due for a reconcile.", labels=["kind"])
        jobs = GaugeMetricFamily("understudy_jobs", "RenderJobs by phase.", labels=["phase"])
        for family, counts in ((backlog, self._backlog()), (jobs, self._phases())):
            for label, count in counts.items():
                family.add_metric([label], count)
        return [backlog, jobs]


def _added(before: Any, after: Any) -> float:
    """What was added; everything when the count started anew."""
    old, new = float(before or 0), float(after or 0)
    return new - old if new >= old else new


def _cost_of_new_work(before: Status, after: Status) -> float:
    """The share of a job's cost that its new worker seconds have; a status says what all of them cost at today's prices."""
    worked = float(after.get("workerSeconds") or 0)
    added = _added(before.get("workerSeconds"), worked)
    return float(after["cost"]["amount"]) * added / worked if worked else 0.0


def _refusal(status: Status) -> str | None:
    for condition in status.get("conditions", ()):
        if condition["type"] == "Admitted" and condition["status"] == "False":
            return str(condition["reason"])
    return None
