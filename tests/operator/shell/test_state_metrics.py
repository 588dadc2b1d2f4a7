"""What a scrape finds: the farm as its objects' statuses have it at that moment."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from understudy_operator.shell import state_metrics
from understudy_operator.shell.metric_labels import OTHER
from understudy_operator.shell.state_metrics import StateMetrics
from understudy_operator.shell.store import Store

PRICE = {"amount": "0.60", "currency": "EUR"}


def an_object(kind: str, name: str, status: Any = None, spec: Any = None, namespace: str = "acme") -> dict[str, Any]:
    metadata = {"namespace": namespace, "name": name, "uid": f"{kind}-{namespace}-{name}", "resourceVersion": "1"}
    return {"kind": kind, "metadata": metadata, "spec": spec or {}, "status": status}


class Scraped:
    """A registry that asks a store with these objects."""

    def __init__(self, *bodies: dict[str, Any], answering: tuple[str, ...] = ()) -> None:
        self.store, self.registry = Store(), CollectorRegistry()
        for body in bodies:
            self.store.put(body)
        state = StateMetrics(self.store, lambda: {"RenderJob": 3}, lambda name: name in answering)
        self.registry.register(state)  # type: ignore[arg-type]

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    def series(self) -> int:
        return sum(len(family.samples) for family in self.registry.collect())


def test_jobs_by_phase_and_what_they_have_left() -> None:
    running = {"phase": "Running", "items": {"total": 10, "done": 4, "failed": 1, "rejected": 1}}
    found = Scraped(
        an_object("RenderJob", "a", running),
        an_object("RenderJob", "b", running),
        an_object("RenderJob", "c", {"phase": "Complete", "items": {"total": 5, "done": 5}}),
        an_object("RenderJob", "d"),
    )
    assert found.value("understudy_operator_backlog", kind="RenderJob") == 3
    assert [found.value("understudy_jobs", phase=phase) for phase in ("Running", "Complete", "New")] == [2, 1, 1]
    assert found.value("understudy_jobs", phase="Failed") == 0, "a phase without jobs is told, and so never stale"
    assert found.value("understudy_items_left", brand="acme") == 8


def test_pools_with_their_performers_and_prices() -> None:
    groups = [{"name": "spot", "pricePerWorkerHour": {"amount": "0.20", "currency": "EUR"}}, {"name": "fixed"}]
    found = Scraped(
        an_object("RenderPool", "default", {"workers": 4, "busy": 3}, {"pricePerWorkerHour": PRICE}, ""),
        an_object("RenderPool", "gpu", None, {"pricePerWorkerHour": PRICE, "kuberay": {"groups": groups}}, ""),
        an_object("RenderPool", "free", {"workers": 1}, None, ""),
        answering=("default",),
    )
    assert [found.value("understudy_pool_reachable", pool=name) for name in ("default", "gpu")] == [1, 0]
    assert found.value("understudy_pool_performers", pool="default", state="busy") == 3
    assert found.value("understudy_pool_performers", pool="gpu", state="ready") == 0
    assert found.value("understudy_pool_price", pool="gpu", group="", currency="EUR") == 0.60
    assert found.value("understudy_pool_price", pool="gpu", group="spot", currency="EUR") == 0.20
    assert found.value("understudy_pool_price", pool="gpu", group="fixed", currency="EUR") is None
    assert found.value("understudy_pool_price", pool="free", group="", currency="EUR") is None, "unpriced is not 0"


def test_what_is_left_of_licenses() -> None:
    bounded = {"usedSeconds": "12.5", "reservedSeconds": "30", "leftSeconds": "57.5", "leftItems": 3}
    found = Scraped(an_object("License", "spring", bounded, None, "talent"), an_object("License", "new"))
    for state, seconds in {"used": 12.5, "reserved": 30, "left": 57.5}.items():
        assert found.value("understudy_license_seconds", license="talent/spring", state=state) == seconds
    assert found.value("understudy_license_items_left", license="talent/spring") == 3
    assert found.value("understudy_license_items_left", license="acme/new") is None


@pytest.mark.parametrize(("valid", "left"), [("True", (40.0, 3.0)), ("Unknown", (40.0, 3.0)), ("False", (None, None))])
def test_nothing_is_left_of_a_license_that_nobody_may_use(valid: str, left: tuple[float | None, float | None]) -> None:
    status = {
        "usedSeconds": "60",
        "leftSeconds": "40",
        "leftItems": 3,
        "conditions": [{"type": "Valid", "status": valid, "reason": "LicenseRevoked"}],
    }
    found = Scraped(an_object("License", "spring", status))
    assert found.value("understudy_license_seconds", license="acme/spring", state="used") == 60
    assert found.value("understudy_license_seconds", license="acme/spring", state="left") == left[0]
    assert found.value("understudy_license_items_left", license="acme/spring") == left[1]


def test_consents_that_wait_for_their_owner() -> None:
    pending = [{"type": "Pending", "status": "True"}]
    answered = [{"type": "Pending", "status": "False"}]
    found = Scraped(
        an_object("ConsentRequest", "a", {"conditions": pending}),
        an_object("ConsentRequest", "b", {"conditions": answered}),
        an_object("ConsentRequest", "c"),
    )
    assert found.value("understudy_consents_open") == 1


def test_an_empty_farm_can_be_scraped() -> None:
    assert Scraped().value("understudy_consents_open") == 0


@pytest.mark.parametrize("spoiled", [{"leftSeconds": "many"}, {"leftSeconds": [1]}, {"leftItems": {}}])
def test_a_status_that_somebody_spoiled_hides_no_other(spoiled: dict[str, Any]) -> None:
    found = Scraped(an_object("License", "bad", spoiled), an_object("License", "good", {"leftSeconds": "5"}))
    assert found.value("understudy_license_seconds", license="acme/good", state="left") == 5
    assert found.value("understudy_license_seconds", license="acme/bad", state="left") is None


def test_ten_thousand_jobs_of_two_hundred_brands_stay_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_metrics, "MAX_BRANDS", 100)
    monkeypatch.setattr(state_metrics, "MAX_LICENSES", 50)
    items = {"phase": "Running", "items": {"total": 2}}
    jobs = [an_object("RenderJob", f"j{n}", items, None, f"brand-{n % 200}") for n in range(10_000)]
    licenses = [an_object("License", f"l{n}", {"leftSeconds": "1"}, None, "talent") for n in range(200)]
    found = Scraped(*jobs, *licenses)
    assert found.series() < 200
    assert found.value("understudy_items_left", brand=OTHER) == 10_000
    assert found.value("understudy_license_seconds", license=OTHER, state="left") == 150
