"""What jobs add up to: counted once, over restarts too, at the price of its time, under labels that stay few."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from understudy_operator.shell import job_metrics
from understudy_operator.shell.job_metrics import Job, JobMetrics
from understudy_operator.shell.metric_labels import OTHER

JOB = Job(brand="acme", pool="default", license="talent/spring", created_at=1000.0, is_as_applied=True)
BRAND = {"brand": "acme", "pool": "default"}
ACCOUNT = {**BRAND, "license": "talent/spring"}
ADMITTED = [{"type": "Admitted", "status": "True", "reason": "Admitted"}]


def status(done: int = 0, metered: str = "0", refused: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"items": {"done": done, "failed": 1, "rejected": 0}, "meteredSeconds": metered}
    if refused:
        found["conditions"] = [{"type": "Admitted", "status": "False", "reason": refused}]
    return found


def worked(seconds: str, cost: str | None = None, currency: str = "EUR") -> dict[str, Any]:
    priced = {"cost": {"amount": cost, "currency": currency}} if cost else {}
    return {"workerSeconds": seconds, **priced}


class Counted:
    """Metrics, and how statuses follow each other."""

    def __init__(self, *statuses: dict[str, Any], job: Job = JOB, now: float = 1000.0) -> None:
        self.registry = CollectorRegistry()
        self.metrics = JobMetrics(self.registry)
        self.follow(*statuses, job=job, now=now)

    def follow(self, *statuses: dict[str, Any], job: Job = JOB, now: float = 1000.0) -> None:
        for before, after in itertools.pairwise(statuses):
            self.metrics.changed(job, before, after, now)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


def test_a_status_adds_what_is_new_in_it() -> None:
    counted = Counted({}, status(2, "5"), status(2, "5"), status(5, "12.5"))
    assert counted.value("understudy_items_total", outcome="done", **BRAND) == 5
    assert counted.value("understudy_items_total", outcome="failed", **BRAND) == 1
    assert counted.value("understudy_metered_seconds_total", **ACCOUNT) == 12.5


def test_a_restart_counts_nothing_twice() -> None:
    assert Counted(status(5, "12.5"), status(6, "15")).value("understudy_items_total", outcome="done", **BRAND) == 1


def test_a_job_made_again_counts_anew() -> None:
    assert Counted(status(5), status(1)).value("understudy_items_total", outcome="done", **BRAND) == 1


@pytest.mark.parametrize(
    ("statuses", "counted", "unpriced"),
    [
        ([{}, worked("10", "0.10"), worked("25", "0.25")], 0.25, 0),
        ([worked("10", "0.10"), worked("25", "0.25")], 0.15, 0),  # after a restart
        ([{}, worked("10", "0.10"), worked("10")], 0.10, 0),  # its price is taken away
        ([{}, worked("10", "0.10"), worked("10"), worked("10", "0.10")], 0.10, 0),  # and comes back
        ([{}, worked("10", "0.10"), worked("10", "0.05"), worked("10", "0.20")], 0.10, 0),  # or is another one
        ([{}, worked("10", "0.10"), worked("20", "0.40")], 0.30, 0),  # new work costs what it costs now
        ([{}, worked("10"), worked("10", "0.10"), worked("20", "0.20")], 0.10, 10),  # what was unpriced stays so
        ([{}, worked("0", "0")], 0.0, 0),
    ],
)
def test_work_costs_what_it_cost_when_it_was_counted(
    statuses: list[dict[str, Any]], counted: float, unpriced: float
) -> None:
    found = Counted(*statuses)
    assert (found.value("understudy_cost_total", currency="EUR", **ACCOUNT) or 0.0) == pytest.approx(counted)
    assert (found.value("understudy_unpriced_worker_seconds_total", **ACCOUNT) or 0.0) == pytest.approx(unpriced)


def test_what_has_no_price_costs_nothing_that_is_said() -> None:
    """Unpriced is not 0: there is no series at all."""
    found = Counted({}, worked("10"))
    assert found.value("understudy_cost_total", currency="EUR", **ACCOUNT) is None


def test_two_currencies_are_never_added() -> None:
    counted = Counted({}, worked("10", "0.10"))
    counted.follow({}, worked("10", "0.20", "USD"))
    assert counted.value("understudy_cost_total", currency="EUR", **ACCOUNT) == pytest.approx(0.10)
    assert counted.value("understudy_cost_total", currency="USD", **ACCOUNT) == pytest.approx(0.20)


def test_a_priced_job_costs_0_before_its_first_second() -> None:
    counted = Counted()
    for status_ in ({}, {"conditions": [{"type": "Admitted", "status": "False", "reason": "LicenseExpired"}]}):
        counted.metrics.priced(JOB, status_, "EUR")
        assert counted.value("understudy_cost_total", currency="EUR", **ACCOUNT) is None, "it is not admitted"
    counted.metrics.priced(JOB, {"conditions": ADMITTED}, None)
    assert counted.value("understudy_cost_total", currency="EUR", **ACCOUNT) is None, "it has no price"
    counted.metrics.priced(JOB, {"conditions": ADMITTED}, "EUR")
    assert counted.value("understudy_cost_total", currency="EUR", **ACCOUNT) == 0
    counted.follow({}, worked("10", "0.10"))
    counted.metrics.priced(JOB, {"conditions": ADMITTED}, "EUR")
    assert counted.value("understudy_cost_total", currency="EUR", **ACCOUNT) == pytest.approx(0.10)


def test_one_currency_too_many_is_unpriced_and_never_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_metrics, "MAX_CURRENCIES", 2)
    monkeypatch.setattr(job_metrics, "MAX_ACCOUNTS", 0)
    counted = Counted()
    for currency in ("EUR", "USD", "JPY", "EUR"):
        counted.follow({}, worked("10", "0.10", currency))
    account = {"brand": OTHER, "pool": OTHER, "license": OTHER}
    assert counted.value("understudy_cost_total", currency="EUR", **account) == pytest.approx(0.20)
    assert counted.value("understudy_cost_total", currency="USD", **account) == pytest.approx(0.10)
    for currency in ("JPY", OTHER):
        assert counted.value("understudy_cost_total", currency=currency, **account) is None
    assert counted.value("understudy_unpriced_worker_seconds_total", **account) == 10


def test_a_refusal_counts_when_its_reason_changes() -> None:
    expired, exceeded = status(refused="LicenseExpired"), status(refused="QuotaExceeded")
    counted = Counted({}, expired, expired, exceeded)
    for reason in ("LicenseExpired", "QuotaExceeded"):
        assert counted.value("understudy_license_refusals_total", brand="acme", reason=reason) == 1


def test_how_long_a_brand_waits_for_a_word_and_for_a_video() -> None:
    counted = Counted({}, {"phase": "Pending"}, {"conditions": ADMITTED}, now=1000.4)
    counted.follow({"conditions": ADMITTED}, {"conditions": ADMITTED, "items": {"done": 2}}, now=1012.0)
    counted.follow({"items": {"done": 2}}, {"items": {"done": 5}}, now=1060.0)
    assert counted.value("understudy_admission_seconds_count", pool="default") == 1
    assert counted.value("understudy_admission_seconds_sum", pool="default") == pytest.approx(0.4)
    assert counted.value("understudy_first_item_seconds_count", pool="default") == 1
    assert counted.value("understudy_first_item_seconds_sum", pool="default") == pytest.approx(12.0)


def test_who_changes_a_job_waits_since_nobody_knows_when() -> None:
    changed = Job("acme", "default", "talent/spring", created_at=0.0, is_as_applied=False)
    counted = Counted({}, {"conditions": ADMITTED, "items": {"done": 1}}, job=changed)
    assert counted.value("understudy_first_item_seconds_count", pool="default") == 0


def test_a_clock_that_jumps_back_makes_nobody_wait_less_than_nothing() -> None:
    counted = Counted({}, {"conditions": ADMITTED}, now=900.0)
    assert counted.value("understudy_admission_seconds_sum", pool="default") == 0.0


def test_brands_named_by_an_attacker_blow_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("MAX_ACCOUNTS", "MAX_BRANDS", "MAX_REFUSALS", "MAX_POOLS"):
        monkeypatch.setattr(job_metrics, limit, 10)
    counted = Counted()
    for number in range(200):
        job = Job(f"brand-{number}", f"pool-{number}", f"owner/license-{number}", 0.0, is_as_applied=True)
        refused = status(1, "5", refused=f"Reason{number}") | worked("10", "0.10")
        counted.follow({}, refused, {**refused, "items": {"done": 2}}, job=job)
    samples = (sample for family in counted.registry.collect() for sample in family.samples)
    series = [sample for sample in samples if not sample.name.endswith("_created")]  # the operator turns these off
    histogram_series, plain_series = 14, 3 + 1 + 1 + 1 + 1 + 1
    assert len(series) <= 11 * (2 * histogram_series + plain_series)
    assert counted.value("understudy_items_total", brand=OTHER, pool=OTHER, outcome="done") == 380


@pytest.mark.parametrize(
    ("spec", "pool", "license_"),
    [
        ({"poolRef": {"name": "gpu"}, "licenseRef": {"namespace": "talent", "name": "spring"}}, "gpu", "talent/spring"),
        ({}, "default", "/"),
        (None, "default", "/"),
    ],
)
def test_whose_a_job_is_whatever_its_spec_says(spec: dict[str, Any] | None, pool: str, license_: str) -> None:
    metadata = {"namespace": "acme", "name": "j", "generation": 2, "creationTimestamp": "2026-01-01T00:00:00Z"}
    job = Job.of({"metadata": metadata, "spec": spec})
    assert (job.brand, job.pool, job.license, job.is_as_applied) == ("acme", pool, license_, False)
    assert job.created_at == 1_767_225_600.0
