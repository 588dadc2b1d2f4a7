"""What the operator counts, for Prometheus. Every label has a bounded set of values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from understudy_api.exposition import serve
from understudy_operator.shell.api_metrics import ApiMetrics
from understudy_operator.shell.deadline_metrics import DeadlineMetrics
from understudy_operator.shell.job_metrics import Job, JobMetrics
from understudy_operator.shell.revocation_metrics import RevocationMetrics
from understudy_operator.shell.royalty_metrics import RoyaltyMetrics
from understudy_operator.shell.state_metrics import StateMetrics

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)


class Metrics:
    """The operator's metrics in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
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
        self.jobs, self.deadlines = JobMetrics(registry), DeadlineMetrics(registry)
        self.revocations, self.api = RevocationMetrics(registry), ApiMetrics(registry)

    def changed(
        self,
        body: Mapping[str, Any],
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        now: float,
        currency: str | None = None,
    ) -> None:
        """Count what an object's new status adds to its old one; `currency` is that of its pool's prices."""
        match body["kind"]:
            case "RenderJob":
                job = Job.of(body)
                self.jobs.changed(job, before, after, now)
                self.jobs.priced(job, after, currency)
                self.deadlines.changed(body, before, after)
            case "License":
                self.revocations.changed(body, before, after, now)

    def watch(self, state: StateMetrics | RoyaltyMetrics) -> None:
        """Ask it whenever somebody scrapes."""
        self.registry.register(state)  # type: ignore[arg-type]

    def serve(self, port: int, host: str = "127.0.0.1") -> Callable[[], None]:
        """Serve on `host`; returns what ends it. Raises OSError when the port is taken."""
        return serve(host, port, self.registry)
