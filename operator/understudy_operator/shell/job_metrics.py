"""What jobs add up to, counted from what their status says anew: by brand, pool and license.

The status in the API server is the memory, so a restart counts nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from understudy_operator.core.times import unix_seconds
from understudy_operator.shell import views
from understudy_operator.shell.metric_labels import MAX_CURRENCIES, MAX_POOLS, OTHER, Labels

MAX_ACCOUNTS: Final = 1_000
"""Combinations of brand, pool and license; and of these with a currency."""
MAX_BRANDS: Final = 500
"""Combinations of brand and pool."""
MAX_REFUSALS: Final = 600
"""Combinations of brand and reason."""
_ADMISSION_BUCKETS: Final = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_FIRST_ITEM_BUCKETS: Final = (1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
_OUTCOMES: Final = ("done", "failed", "rejected")

Status = Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """Whose job it is, where it runs, and when it was applied."""

    brand: str
    pool: str
    license: str
    """`namespace/name`."""
    created_at: float
    """Unix seconds."""
    is_as_applied: bool
    """Whether nobody has changed its spec: of others nobody can say since when somebody waits."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Job:
        """From a RenderJob as the API server has it, whatever its spec says."""
        spec, metadata = body.get("spec") or {}, body["metadata"]
        license_ = spec.get("licenseRef") or {}
        return cls(
            brand=str(metadata["namespace"]),
            pool=views.pool_name(body),
            license=f"{license_.get('namespace', '')}/{license_.get('name', '')}",
            created_at=unix_seconds(metadata["creationTimestamp"]) or 0.0,
            is_as_applied=int(metadata["generation"]) == 1,
        )


class JobMetrics:
    """Counters of jobs in a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._accounts, self._brands = Labels(MAX_ACCOUNTS), Labels(MAX_BRANDS)
        self._refused, self._pools = Labels(MAX_REFUSALS), Labels(MAX_POOLS)
        self._priced, self._currencies = Labels(MAX_ACCOUNTS), Labels(MAX_CURRENCIES)
        account = ["brand", "pool", "license"]
        self._items = Counter(
            "understudy_items_total", "Items by outcome.", ["brand", "pool", "outcome"], registry=registry
        )
        self._metered = Counter(
            "understudy_metered_seconds_total", "Seconds of delivered items.", account, registry=registry
        )
        self._worker = Counter(
            "understudy_job_worker_seconds_total", "Seconds performers worked.", account, registry=registry
        )
        self._unpriced = Counter(
            "understudy_unpriced_worker_seconds_total",
            "Those of them that had no price when they were counted.",
            account,
            registry=registry,
        )
        self._cost = Counter(
            "understudy_cost_total",
            "Worker seconds at the prices of their groups and pools when they were counted.",
            [*account, "currency"],
            registry=registry,
        )
        self._refusals = Counter(
            "understudy_license_refusals_total", "Jobs refused at admission.", ["brand", "reason"], registry=registry
        )
        self._admission = Histogram(
            "understudy_admission_seconds",
            "From applying a job to the first word on whether it is admitted.",
            ["pool"],
            buckets=_ADMISSION_BUCKETS,
            registry=registry,
        )
        self._first_item = Histogram(
            "understudy_first_item_seconds",
            "From applying a job to its first finished item.",
            ["pool"],
            buckets=_FIRST_ITEM_BUCKETS,
            registry=registry,
        )

    def changed(self, job: Job, before: Status, after: Status, now: float) -> None:
        """Count what a job's new status adds to its old one.

        A job that is made again for a changed spec starts its item counts anew. Work costs what it cost when it was
        counted: another price later changes nothing.
        """
        self._made(job, before, after)
        self._spent(job, before, after)
        self._waited(job, before, after, now)
        reason = _refusal(after)
        if reason and reason != _refusal(before):
            self._refusals.labels(*self._refused.bounded(job.brand, reason)).inc()

    def _made(self, job: Job, before: Status, after: Status) -> None:
        brand = self._brands.bounded(job.brand, job.pool)
        old, new = before.get("items") or {}, after.get("items") or {}
        for outcome in _OUTCOMES:
            self._items.labels(*brand, outcome).inc(_added(old.get(outcome), new.get(outcome)))

    def _spent(self, job: Job, before: Status, after: Status) -> None:
        account = self._accounts.bounded(job.brand, job.pool, job.license)
        self._metered.labels(*account).inc(_added(before.get("meteredSeconds"), after.get("meteredSeconds")))
        worked = float(after.get("workerSeconds") or 0)
        added = _added(before.get("workerSeconds"), worked)
        self._worker.labels(*account).inc(added)
        cost = after.get("cost")
        labels = self._cost_labels(job, cost["currency"]) if cost else None
        self._unpriced.labels(*account).inc(0.0 if labels else added)
        if cost and labels and worked:  # a status says what all of the work costs at today's prices
            self._cost.labels(*labels).inc(float(cost["amount"]) * added / worked)

    def priced(self, job: Job, status: Status, currency: str | None) -> None:
        """Show the cost of an admitted job as 0 before its work costs anything: a first increment has to be seen."""
        if currency is not None and _verdict(status).get("status") == "True":
            labels = self._cost_labels(job, currency)
            if labels:
                self._cost.labels(*labels)

    def _cost_labels(self, job: Job, currency: str) -> tuple[str, ...] | None:
        """None for one currency too many: it has no `other`, where currencies would be added."""
        if self._currencies.bounded(currency) == (OTHER,):
            return None
        account = self._priced.bounded(job.brand, job.pool, job.license, currency)[:3]
        return (*account, currency)

    def _waited(self, job: Job, before: Status, after: Status, now: float) -> None:
        (pool,), seconds = self._pools.bounded(job.pool), max(now - job.created_at, 0.0)
        for histogram in (self._admission, self._first_item):
            histogram.labels(pool)  # there before its first event, which else nobody sees happen
        if not job.is_as_applied:
            return
        if not _verdict(before) and _verdict(after):
            self._admission.labels(pool).observe(seconds)
        if not _finished(before) and _finished(after):
            self._first_item.labels(pool).observe(seconds)


def _added(before: Any, after: Any) -> float:
    """What was added; everything when the count started anew."""
    old, new = float(before or 0), float(after or 0)
    return new - old if new >= old else new


def _finished(status: Status) -> int:
    items = status.get("items") or {}
    return sum(int(items.get(outcome, 0)) for outcome in _OUTCOMES)


def _verdict(status: Status) -> Mapping[str, Any]:
    """The condition Admitted; empty before there is one."""
    return views.said(status, "Admitted")


def _refusal(status: Status) -> str | None:
    verdict = _verdict(status)
    return str(verdict["reason"]) if verdict.get("status") == "False" else None
