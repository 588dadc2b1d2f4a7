"""Metrics: counted once, over restarts too, with bounded labels, served on loopback."""

from __future__ import annotations

import itertools
import socket
from typing import Any

import httpx
import pytest

from understudy_cli.local.plan import free_ports
from understudy_operator.shell.metrics import OTHER, Labels, Metrics


def status(done: int = 0, metered: str = "0", refused: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"items": {"done": done, "failed": 1, "rejected": 0}, "meteredSeconds": metered}
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


def worked(seconds: str, cost: str | None = None, currency: str = "EUR") -> dict[str, Any]:
    priced = {"cost": {"amount": cost, "currency": currency}} if cost else {}
    return {"workerSeconds": seconds, **priced}


@pytest.mark.parametrize(
    ("statuses", "counted"),
    [
        ([{}, worked("10", "0.10"), worked("25", "0.25")], 0.25),
        ([worked("10", "0.10"), worked("25", "0.25")], 0.15),  # after a restart
        ([{}, worked("10", "0.10"), worked("10")], 0.10),  # its price is taken away
        ([{}, worked("10", "0.10"), worked("10"), worked("10", "0.10")], 0.10),  # and comes back
        ([{}, worked("10", "0.10"), worked("10", "0.05"), worked("10", "0.20")], 0.10),  # or is another one
        ([{}, worked("10", "0.10"), worked("20", "0.40")], 0.30),  # new work costs what it costs now
        ([{}, worked("10"), worked("10", "0.10"), worked("20", "0.20")], 0.10),  # what was unpriced stays so
        ([{}, worked("0", "0")], 0.0),
    ],
)
def test_work_costs_what_it_cost_when_it_was_counted(statuses: list[dict[str, Any]], counted: float) -> None:
    metrics = Metrics()
    for before, after in itertools.pairwise(statuses):
        metrics.job_changed("acme", "default", before, after)
    cost = value(metrics, "understudy_cost_total", pool="default", brand="acme", currency="EUR")
    assert cost == pytest.approx(counted)


def test_two_currencies_are_never_added() -> None:
    metrics = Metrics()
    metrics.job_changed("acme", "default", {}, worked("10", "0.10"))
    metrics.job_changed("acme", "default", {}, worked("10", "0.20", "USD"))
    found = [
        value(metrics, "understudy_cost_total", pool="default", brand="acme", currency=one) for one in ("EUR", "USD")
    ]
    assert found == [pytest.approx(0.10), pytest.approx(0.20)]


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
