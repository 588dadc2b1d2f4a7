"""How long Prometheus waits for the operator's numbers: while it keeps 1,000 jobs, and for a whole farm's at their bounds."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from bench.measure import Measurement, median
from bench.stage import condition, job, until
from understudy_api.exposition import serve
from understudy_api.receipt import Receipt, Segment
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import toolchain
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.part import Site
from understudy_cli.local.plan import LOOPBACK, free_ports
from understudy_operator.shell.metrics import Metrics
from understudy_operator.shell.state_metrics import StateMetrics
from understudy_operator.shell.store import Store
from understudy_workers.direction.pool_metrics import PoolMetrics

JOBS, BRANDS, SCRAPES = 1_000, 20, 50
BAR_SECONDS: Final = 0.05
NAMES: Final = 1_100
"""More than any label tells apart."""
FULL_SERIES: Final = 20_000
"""What docs/monitoring.md lets a farm have."""
FULL_BAR_SECONDS: Final = 0.2
ASKED: Final = {
    "Accept": "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    "Accept-Encoding": "gzip",
}
"""As Prometheus asks."""


def run() -> list[Measurement]:
    """The median scrape, and the slowest of all."""
    return [*_of_a_farm(), *_of_a_full_one()]


def _of_a_farm() -> list[Measurement]:
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        farm = Farm(Home(Path(folder) / "farm"))
        try:
            site = farm.up(["operator"])
            _apply(Kubectl(toolchain.require("kubectl"), site.kubeconfig))
            took, kilobytes = _scraped(site)
        finally:
            farm.purge()
    return [
        median(f"scrape of the operator, {JOBS:,} jobs", took, "s", bar=BAR_SECONDS, better="lower"),
        Measurement("the slowest of them", max(took), "s", BAR_SECONDS, "lower", f"{kilobytes:.0f} kB each"),
    ]


def _of_a_full_one() -> list[Measurement]:
    """The operator with every label at its bound, and directors until there are 20,000 series: each scraped over HTTP."""
    farm = _Farm([_full_operator().registry])
    while _series(farm) < FULL_SERIES:
        farm.targets.append(_full_director().registry)
    words = f"one scrape of all {_series(farm):,} series of a farm"
    return [
        *_compared(words, farm),
        *_compared(f"  of the operator's, {_series(farm.targets[0]):,} series", farm.targets[0]),
    ]


@dataclass(frozen=True)
class _Farm(Collector):
    """All targets of a farm, as if they were one."""

    targets: list[CollectorRegistry]

    def collect(self) -> Iterator[Metric]:
        for target in self.targets:
            yield from target.collect()


def _series(target: Collector) -> int:
    return sum(len(family.samples) for family in target.collect())


def _compared(words: str, target: Collector) -> list[Measurement]:
    """Our scrape, and the same by prometheus_client's own server in turns with it."""
    port = free_ports(1)[0]
    took: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(SCRAPES // 2):
        end = serve(LOOPBACK, port, target)
        took["ours"].append(_get(port))
        end()
        server, thread = start_http_server(port, LOOPBACK, target)  # type: ignore[arg-type]
        took["theirs"].append(_get(port))
        server.shutdown()
        server.server_close()
        thread.join()
    ours = median(words, took["ours"], "s", bar=FULL_BAR_SECONDS, better="lower")
    ratios = [a / b for a, b in zip(took["ours"], took["theirs"], strict=True)]
    return [ours, median("    by prometheus_client's", ratios, "", better="lower")]


def _get(port: int) -> float:
    """Seconds that a scrape keeps Prometheus waiting, asked as Prometheus asks."""
    with httpx.Client(base_url=f"http://{LOOPBACK}:{port}", headers=ASKED, trust_env=False) as http:
        began = time.perf_counter()
        http.get("/metrics").raise_for_status()
        return time.perf_counter() - began


def _full_operator() -> Metrics:
    metrics, store = Metrics(), Store()
    metrics.watch(StateMetrics(store, dict, lambda _: True))
    for number in range(NAMES):
        name, pool = f"brand-{number:04d}", f"pool-{number:04d}"
        refused = {"type": "Admitted", "status": "False", "reason": f"Reason{number}"}
        cost = {"amount": "0.50", "currency": "EUR"}
        status = {"phase": "Running", "conditions": [refused], "items": {"total": 9, "done": 1}}
        spent = {"meteredSeconds": "12.5", "workerSeconds": "3.75", "cost": cost}
        body = {
            "kind": "RenderJob",
            "metadata": {**_metadata(name, "spring", number), "generation": 1},
            "spec": {
                "licenseRef": {"namespace": "talent", "name": f"license-{number:04d}"},
                "poolRef": {"name": pool},
                "activeDeadlineSeconds": 60,
            },
            "status": status,
        }
        metrics.changed(body, {}, {**status, **spent}, 1.0)
        store.put(body)
        left = {"usedSeconds": "1", "reservedSeconds": "2", "leftSeconds": "3", "leftItems": 4}
        license_ = {"kind": "License", "metadata": _metadata("talent", f"license-{number:04d}", number), "spec": {}}
        store.put({**license_, "status": left})
    return metrics


def _metadata(namespace: str, name: str, number: int) -> dict[str, Any]:
    created = {"creationTimestamp": "2026-01-01T00:00:00Z", "resourceVersion": str(number + 1)}
    return {"namespace": namespace, "name": name, "uid": f"{name}-{number}", **created}


def _full_director() -> PoolMetrics:
    metrics = PoolMetrics()
    for number in range(NAMES):
        brand, locale = f"brand-{number:04d}", f"l{number:04d}"
        metrics.batch(brand, {"rendered": 1, "reused": 1}, {"speak": 0.5}, 0, 25, 0.5)
        metrics.worked("default", {locale: 0.5})
        outcomes = ("done", "failed", "rejected")
        receipts = tuple(
            Receipt.model_construct(outcome=one, locale=locale, reason=f"Reason{number}", metered_seconds=1.0)
            for one in outcomes
        )
        segment = Segment.model_construct(receipts=receipts)
        metrics.segment(brand, segment, 1, 1)
        metrics.spoke("default", segment)
    return metrics


def _apply(kubectl: Kubectl) -> None:
    """Jobs of many brands, each answered by the operator: without a twin they are refused."""
    brands = [f"brand-{number}" for number in range(BRANDS)]
    kubectl.apply(_list([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in brands]))
    for name in brands:
        jobs = [job(name, f"job-{n}", "none", f"Hello {n}.") for n in range(JOBS // BRANDS)]
        kubectl.apply(_list(jobs))
    until(lambda: all(condition(one, "Admitted") != "Unknown" for one in kubectl.every("renderjobs", "-A")))


def _list(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _scraped(site: Site) -> tuple[list[float], float]:
    took, size = [], 0
    with httpx.Client(base_url=f"http://127.0.0.1:{site.plan.ports.operator_metrics}") as http:
        for _ in range(SCRAPES):
            began = time.perf_counter()
            size = len(http.get("/metrics").raise_for_status().content)
            took.append(time.perf_counter() - began)
    return took, size / 1000
