"""The whole farm stays below 20,000 series: at ten thousand jobs, and whatever people name things."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from builders import NOW, a_job_spec, a_license_token
from memory_farm import MemoryFarm
from series_budget import BUDGET, DIRECTOR, DIRECTORS, OPERATOR, series
from theatre import receipt

from understudy_api.ledger.account import Account, account_id
from understudy_api.receipt import Segment, Totals
from understudy_api.royalty_terms import Royalty
from understudy_operator.core.times import rfc3339
from understudy_operator.shell import royalty_metrics
from understudy_operator.shell.metric_labels import OTHER
from understudy_operator.shell.metrics import Metrics
from understudy_operator.shell.royalty_metrics import RoyaltyMetrics
from understudy_operator.shell.state_metrics import StateMetrics
from understudy_operator.shell.store import Store
from understudy_workers.direction.pool_metrics import PoolMetrics

JOBS, BRANDS, LICENSES, POOLS = 10_000, 200, 2, 2
ATTACKS, STORED = 100_000, 5_000
"""Names that are tried, and how many of them are still there when somebody scrapes."""
SPLITS = ({"role": "owner", "payee": "ada", "share_millionths": 1_000_000},)


def distinct(name: str, changed: dict[str, Any]) -> list[dict[str, Any]]:
    """Every status that a job of this spec has on its way, as decisions on a farm in memory write it."""
    farm = MemoryFarm(NOW)
    job, found = farm.create(name, a_job_spec(**changed)), [{}]
    for _ in range(12):
        farm.reconcile(name)
        status = job.status.wire()
        if status != found[-1]:
            found.append(status)
        farm.render(1)
        farm.now += 5
    return found


@cache
def courses() -> tuple[list[dict[str, Any]], ...]:
    """Of a job that is made, and of one that is refused."""
    uncovered = {"purpose": "advertising", "channels": ["social"], "territories": ["US"]}
    made, refused = distinct("spring", {"activeDeadlineSeconds": 3600}), distinct("refused", {"use": uncovered})
    assert made[-1]["phase"] == "Complete"
    assert refused[-1]["phase"] == "Refused"
    return made, refused


def body(number: int, brand: str, license_: str, pool: str, status: Any) -> dict[str, Any]:
    metadata = {
        "namespace": brand,
        "name": f"job-{number}",
        "uid": f"uid-{number}",
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": rfc3339(NOW),
    }
    spec = {
        "licenseRef": {"namespace": "talent", "name": license_},
        "poolRef": {"name": pool},
        "activeDeadlineSeconds": 3600,
    }
    return {"kind": "RenderJob", "metadata": metadata, "spec": spec, "status": status}


class Watched:
    """The operator's metrics in its real registry, over objects of a store."""

    def __init__(self) -> None:
        self.metrics, self.store, self.accounts = Metrics(), Store(), dict[str, Account]()
        self.metrics.watch(StateMetrics(self.store, lambda: {"RenderJob": 7}, lambda _: True))
        self.metrics.watch(RoyaltyMetrics(self.store, self.accounts.get))

    def follow(self, made: dict[str, Any], course: list[dict[str, Any]], currency: str = "EUR") -> None:
        """A job goes this way."""
        for before, after in itertools.pairwise(course):
            self.metrics.changed(made, before, after, NOW + 1, currency)
        self.store.put(made)

    def license(self, name: str, token: str = "", brand: str = "acme") -> None:
        """A License with something left, and with royalties where it has a token."""
        metadata = {"namespace": "talent", "name": name, "uid": f"license-{name}", "resourceVersion": "1"}
        left = {"usedSeconds": "1", "reservedSeconds": "0", "leftSeconds": "9", "leftItems": 3, "assignee": brand}
        self.store.put({"kind": "License", "metadata": metadata, "spec": {"token": token}, "status": left})
        if (account := account_id(token)) is not None:
            royalty = Royalty(currency="EUR", splits=SPLITS)  # type: ignore[arg-type]
            self.accounts[account] = Account(id=account, royalty=royalty, royalty_micros=1)

    def pool(self, name: str) -> None:
        """A RenderPool with a price of its own and one for a group."""
        price = {"pricePerWorkerHour": {"amount": "1", "currency": "EUR"}}
        spec = {**price, "kuberay": {"groups": [{"name": f"group-{name}", **price}]}}
        metadata = {"name": name, "uid": f"pool-{name}", "resourceVersion": "1"}
        self.store.put({"kind": "RenderPool", "metadata": metadata, "spec": spec, "status": {"workers": 2}})


def a_director(brands: Iterator[str], locales: Iterator[str], reasons: Iterator[str], rounds: int) -> PoolMetrics:
    """A director that heard of all of them."""
    metrics = PoolMetrics()
    metrics.orders({"Running": 3})
    for _ in range(rounds):
        brand, locale, reason = next(brands), next(locales), next(reasons)
        metrics.batch(brand, {"rendered": 1, "reused": 1, "refused": 1}, {reason: 1.0, "speak": 1.0}, 1, 25, 1.0)
        metrics.worked("default", {locale: 1.0})
        receipts = tuple(
            receipt(None, 0, outcome).model_copy(update={"locale": locale, "reason": reason})
            for outcome in ("done", "failed", "rejected")
        )
        segment = Segment.model_construct(receipts=receipts, totals=Totals())
        metrics.segment(brand, segment, 1, 1)
        metrics.spoke("default", segment)
        metrics.idled(1.0)
    return metrics


def names(prefix: str, most: int) -> Iterator[str]:
    return (f"{prefix}-{number}" for number in itertools.cycle(range(most)))


def test_the_sum_of_all_that_is_declared_is_below_the_budget() -> None:
    waiting = Metrics()
    waiting.watch(StateMetrics(Store(), dict, lambda _: True))
    standby = sum(series(waiting.registry).values())
    worst = sum(OPERATOR.values()) + standby + DIRECTORS * sum(DIRECTOR.values())
    assert worst < BUDGET


def test_every_metric_declares_what_it_is_at_worst() -> None:
    watched = Watched()
    assert set(series(watched.metrics.registry)) == set(OPERATOR)
    assert set(series(PoolMetrics().registry)) == set(DIRECTOR)


def test_ten_thousand_jobs_of_two_hundred_brands_are_told_apart_below_the_budget() -> None:
    watched, (made, refused) = Watched(), courses()
    for number in range(POOLS):
        watched.pool(f"pool-{number}")
    for number in range(BRANDS * LICENSES):
        watched.license(f"license-{number}", brand=f"brand-{number // LICENSES}")
    for number in range(JOBS):
        brand = number % BRANDS
        license_ = f"license-{brand * LICENSES + number // BRANDS % LICENSES}"
        pool = f"pool-{number // (BRANDS * LICENSES) % POOLS}"
        course = refused if number % 10 == 0 else made
        watched.follow(body(number, f"brand-{brand}", license_, pool, course[-1]), course)
    director = a_director(names("brand", BRANDS), iter(itertools.cycle(["en-GB", "ja-JP"])), names("Reason", 9), JOBS)
    found = series(watched.metrics.registry)
    assert sum(found.values()) + sum(series(director.registry).values()) < BUDGET
    assert found["understudy_metered_seconds"] == BRANDS * LICENSES * POOLS
    brands = {one.labels.get("brand") for family in watched.metrics.registry.collect() for one in family.samples}
    assert OTHER not in brands
    (items,) = [one for one in watched.metrics.registry.collect() if one.name == "understudy_items"]
    done = sum(sample.value for sample in items.samples if sample.labels["outcome"] == "done")
    assert done == JOBS * 0.9 * made[-1]["items"]["done"], "nine of ten are made, each counted once"


def test_a_hundred_thousand_names_push_no_metric_above_its_bound() -> None:
    watched, (made, _) = Watched(), courses()
    admitted = next(one for one in made if one.get("phase") == "Running")
    for number in range(ATTACKS):
        if number < STORED:
            watched.store.put(body(number, f"brand-{number}", f"license-{number}", f"pool-{number}", admitted))
        refusal = {"type": "Admitted", "status": "False", "reason": f"Reason{number}"}
        currency = "".join(chr(65 + number // 26**place % 26) for place in range(3))
        said = {"phase": f"Phase{number}", "items": {"done": 1}, "conditions": [refusal], "workerSeconds": "1"}
        job = body(number, f"brand-{number}", f"license-{number}", f"pool-{number}", said)
        watched.metrics.changed(job, {}, {**said, "cost": {"amount": "1", "currency": currency}}, NOW, currency)
        watched.metrics.api.requested(f"VERB{number}", f"/apis/a/v1/namespaces/b/kind{number}", number, 0.0)
        watched.metrics.api.created_second(f"folder{number}/key")
    for number in range(1_000):
        watched.license(f"license-{number}", brand=f"brand-{number}")
        watched.pool(f"pool-{number}")
    found = series(watched.metrics.registry)
    assert {name: count for name, count in found.items() if count > OPERATOR[name]} == {}
    director = a_director(names("b", ATTACKS), names("l", ATTACKS), names("R", ATTACKS), STORED)
    found = series(director.registry)
    assert {name: count for name, count in found.items() if count > DIRECTOR[name]} == {}


def test_licenses_by_the_hundred_are_told_apart_up_to_their_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(royalty_metrics, "MAX_LICENSES", 20)
    watched = Watched()
    for number in range(50):
        watched.license(f"license-{number}", a_license_token(jti=f"license-{number}"), f"brand-{number}")
    assert series(watched.metrics.registry)["understudy_royalties_accrued"] == 21
    value = watched.metrics.registry.get_sample_value
    other = {"brand": OTHER, "license": OTHER, "currency": "EUR"}
    assert value("understudy_royalties_accrued", other) == pytest.approx(30e-6)
