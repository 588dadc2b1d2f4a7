"""Metrics: counted once, over restarts too, with bounded labels, served on loopback."""

from __future__ import annotations

import itertools
import socket
from typing import Any

import httpx
import pytest

from understudy_cli.local.plan import free_ports
from understudy_operator.shell.metrics import OTHER, Labels, Metrics


def status(done: int = 0, metered: str = "0", cost: str | None = None, refused: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"items": {"done": done, "failed": 1, "rejected": 0}, "meteredSeconds": metered}
    if cost:
        found["cost"] = {"amount": cost, "currency": "EUR"}
    if refused:
        found["conditions"] = [{"type": "Admitted", "status": "False", "reason": refused}]
    return found


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_a_status_adds_what_is_new_in_it() -> None:
    metrics = Metrics()
    for before, after in (({}, status(2, "5")), (status(2, "5"), status(2, "5")), (status(2, "5"), status(5, "12.5"))):
        metrics.job_changed("acme", "default", before, after)
    assert value(metrics, "understudy_items_total", brand="acme", outcome="done") == 5
    assert value(metrics, "understudy_items_total", brand="acme", outcome="failed") == 1
    assert value(metrics, "understudy_metered_seconds_total", brand="acme") == 12.5


def test_a_restart_counts_nothing_twice() -> None:
    metrics = Metrics()
    metrics.job_changed("acme", "default", status(5, "12.5"), status(6, "15"))
    assert value(metrics, "understudy_items_total", brand="acme", outcome="done") == 1


def test_a_job_made_again_counts_anew() -> None:
    metrics = Metrics()
    metrics.job_changed("acme", "default", status(5), status(1))
    assert value(metrics, "understudy_items_total", brand="acme", outcome="done") == 1


def test_cost_by_pool_brand_and_currency() -> None:
    metrics = Metrics()
    metrics.job_changed("acme", "default", {}, status(cost="0.10"))
    metrics.job_changed("acme", "default", status(cost="0.10"), status(cost="0.25"))
    cost = value(metrics, "understudy_cost_total", pool="default", brand="acme", currency="EUR")
    assert cost == pytest.approx(0.25)


def test_a_cost_that_is_not_known_adds_nothing() -> None:
    metrics = Metrics()
    metrics.job_changed("acme", "default", {}, status(cost="0.10"))
    metrics.job_changed("acme", "default", status(cost="0.10"), status())
    cost = value(metrics, "understudy_cost_total", pool="default", brand="acme", currency="EUR")
    assert cost == pytest.approx(0.10)


def test_a_refusal_counts_when_its_reason_changes() -> None:
    metrics = Metrics()
    states = [{}, status(refused="LicenseExpired"), status(refused="LicenseExpired"), status(refused="QuotaExceeded")]
    for before, after in itertools.pairwise(states):
        metrics.job_changed("acme", "default", before, after)
    for reason in ("LicenseExpired", "QuotaExceeded"):
        assert value(metrics, "understudy_license_refusals_total", reason=reason) == 1


def test_labels_are_bounded() -> None:
    labels = Labels(most=2)
    assert [labels.label(name) for name in ("a", "b", "c", "a", "d")] == ["a", "b", OTHER, "a", OTHER]


def test_served_on_loopback_with_what_is_asked_at_scrape_time() -> None:
    metrics = Metrics()
    metrics.watch_state(lambda: {"RenderJob": 3}, lambda: {"Running": 2, "Complete": 1})
    (port,) = free_ports(1)
    stop = metrics.serve(port)
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        with pytest.raises(OSError, match="in use"):
            metrics.serve(port)
    finally:
        stop()
    assert 'understudy_operator_backlog{kind="RenderJob"} 3.0' in text
    assert 'understudy_jobs{phase="Running"} 2.0' in text
    assert "process_resident_memory_bytes" in text
    assert "_created" not in text
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
