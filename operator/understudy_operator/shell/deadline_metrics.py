"""Whether jobs with a deadline (`activeDeadlineSeconds`) keep it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter

from understudy_operator.core.times import unix_seconds
from understudy_operator.shell import views
from understudy_operator.shell.metric_labels import MAX_POOLS, Labels

_OUTCOMES: Final = {"Complete": "met", "Failed": "missed"}
"""How a job ends -> what that is for its deadline. Whoever fails before it has missed it; whoever is cancelled has none."""


class DeadlineMetrics:
    """Counter of deadlines in a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._pools = Labels(MAX_POOLS)
        self._deadlines = Counter(
            "understudy_job_deadlines_total",
            "Jobs with a deadline that ended, by whether they were complete before it.",
            ["pool", "outcome"],
            registry=registry,
        )

    def changed(self, body: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Count a RenderJob whose new status ends it."""
        if not (body.get("spec") or {}).get("activeDeadlineSeconds"):
            return
        (pool,) = self._pools.bounded(views.pool_name(body))
        for outcome in _OUTCOMES.values():
            self._deadlines.labels(pool, outcome)  # there before its first event, which else nobody sees happen
        ended = _OUTCOMES.get(str(after.get("phase")))
        if ended and after.get("phase") != before.get("phase"):
            self._deadlines.labels(pool, ended).inc()


def is_late(body: Mapping[str, Any]) -> bool:
    """Whether a RenderJob that runs will be complete only after its deadline, at its pace so far."""
    status, seconds = body.get("status") or {}, (body.get("spec") or {}).get("activeDeadlineSeconds")
    admitted_at, eta = _moment(status.get("admittedAt")), _moment(status.get("eta"))
    if not isinstance(seconds, int) or admitted_at is None or eta is None:
        return False
    return status.get("phase") == "Running" and eta > admitted_at + seconds


def _moment(text: Any) -> float | None:
    """A time of a status, however somebody spoiled it."""
    return unix_seconds(text) if isinstance(text, str) else None
