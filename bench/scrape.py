"""How long Prometheus waits for the operator's numbers while it keeps 1,000 jobs."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any, Final

import httpx

from bench.measure import Measurement, median
from bench.stage import condition, job, until
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import toolchain
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.part import Site

JOBS, BRANDS, SCRAPES = 1_000, 20, 50
BAR_SECONDS: Final = 0.05


def run() -> list[Measurement]:
    """The median scrape, and the slowest of all."""
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
