"""Deadlines that are met, missed and about to be."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from understudy_operator.core.times import rfc3339
from understudy_operator.shell import deadline_metrics
from understudy_operator.shell.deadline_metrics import DeadlineMetrics, is_late
from understudy_operator.shell.metric_labels import OTHER

NOW = 1_780_000_000.0


def job(seconds: Any = 600, pool: str = "default", status: Any = None) -> dict[str, Any]:
    spec = {"poolRef": {"name": pool}, **({"activeDeadlineSeconds": seconds} if seconds else {})}
    return {"kind": "RenderJob", "spec": spec, "status": status}


def counted(body: dict[str, Any], *phases: str | None) -> dict[str, float | None]:
    registry = CollectorRegistry()
    metrics = DeadlineMetrics(registry)
    for before, after in itertools.pairwise(phases):
        metrics.changed(body, {"phase": before}, {"phase": after})
    labels = [{"pool": "default", "outcome": outcome} for outcome in ("met", "missed")]
    return {one["outcome"]: registry.get_sample_value("understudy_job_deadlines_total", one) for one in labels}


@pytest.mark.parametrize(
    ("phases", "met", "missed"),
    [
        ((None, "Pending", "Running"), 0, 0),
        ((None, "Running", "Complete", "Complete"), 1, 0),
        (("Running", "Failed", "Failed"), 0, 1),
        (("Running", "Cancelled"), 0, 0),
        (("Complete", "Complete"), 0, 0),  # as a new leader finds it
        (("Running", "Complete", "Pending", "Running", "Failed"), 1, 1),  # its script was changed
    ],
)
def test_a_deadline_counts_once_when_its_job_ends(phases: tuple[str | None, ...], met: int, missed: int) -> None:
    assert counted(job(), *phases) == {"met": met, "missed": missed}


def test_a_job_without_a_deadline_keeps_and_misses_none() -> None:
    assert counted(job(None), "Running", "Failed") == {"met": None, "missed": None}


def test_pools_named_by_an_attacker_stay_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline_metrics, "MAX_POOLS", 3)
    registry = CollectorRegistry()
    metrics = DeadlineMetrics(registry)
    for number in range(50):
        metrics.changed(job(pool=f"pool-{number}"), {"phase": "Running"}, {"phase": "Failed"})
    assert registry.get_sample_value("understudy_job_deadlines_total", {"pool": OTHER, "outcome": "missed"}) == 47


@pytest.mark.parametrize(
    ("admitted", "eta", "phase", "late"),
    [
        (NOW, NOW + 599, "Running", False),
        (NOW, NOW + 601, "Running", True),
        (NOW, NOW + 601, "Suspended", False),
        (None, NOW + 601, "Running", False),
        (NOW, None, "Running", False),
        (NOW - 7_200, NOW, "Running", True),  # admitted by a clock that stood an hour back
        (NOW + 7_200, NOW, "Running", False),
    ],
)
def test_a_job_is_late_when_its_pace_says_so(admitted: float | None, eta: float | None, phase: str, late: bool) -> None:
    status = {"phase": phase, "admittedAt": admitted and rfc3339(admitted), "eta": eta and rfc3339(eta)}
    assert is_late(job(status=status)) is late


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"spec": None, "status": None},
        job(None, status={"phase": "Running"}),
        job("soon", status={"admittedAt": "x"}),
        job(status={"phase": "Running", "admittedAt": 7, "eta": ["never"]}),
    ],
)
def test_what_somebody_spoiled_is_not_late(body: dict[str, Any]) -> None:
    assert is_late(body) is False
