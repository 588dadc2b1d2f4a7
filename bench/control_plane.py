"""How soon the farm answers, how long it takes to come up, and what it weighs: a whole farm with an untrained twin."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.measure import Measurement, median
from bench.stage import TALENT, condition, job, ready_twin, terms, until
from understudy_api.receipt import Segment, segment_key
from understudy_api.terms import sign_license
from understudy_cli.kubectl import Kubectl
from understudy_cli.license import license_manifest
from understudy_cli.local import toolchain
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.object_store import settings as store_settings
from understudy_cli.local.part import Site
from understudy_workers.objects import Objects

RUNS: Final = 7
BRAND, LICENSE = "acme", "bench-license"


def run() -> list[Measurement]:
    """Start-up, memory, and the latencies of a warm pool."""
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        farm = Farm(Home(Path(folder) / "farm"))
        try:
            site = farm.up()
            kubectl = Kubectl(toolchain.require("kubectl"), site.kubeconfig)
            objects = Objects(store_settings(site, "root"))
            _prepare(site, kubectl, objects, Path(folder))
            _started(kubectl, objects, "warm")
            first = [_started(kubectl, objects, f"job-{number}") for number in range(RUNS)]
            status = [_answered(kubectl, "warm", number) for number in range(RUNS)]
            weights = {part.name: part.memory_bytes / 2**20 for part in farm.status()}
            farm.down()
            began = time.perf_counter()
            farm.up()
            warm = time.perf_counter() - began
        finally:
            farm.purge()
    return [
        median("applied -> first item started", first, "s", bar=2.0, better="lower"),
        median("spec change -> status", status, "s", bar=1.0, better="lower"),
        Measurement("operator's memory", weights["operator"], "MiB", 200, "lower"),
        Measurement("whole farm's memory, pool warm", sum(weights.values()) / 1024, "GiB", 6, "lower"),
        Measurement("understudy up, warm", warm, "s", 15, "lower"),
    ]


def _prepare(site: Site, kubectl: Kubectl, objects: Objects, folder: Path) -> None:
    """Namespaces, the twin and its license."""
    owner = ready_twin(site, kubectl, objects, folder)
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": BRAND}})
    allowed = terms(site.home, owner, BRAND, LICENSE)
    kubectl.apply(license_manifest(allowed, sign_license(owner.key, allowed), {"namespace": TALENT, "name": "ada"}))


def _started(kubectl: Kubectl, objects: Objects, name: str) -> float:
    """Seconds from a job's apply to its first item's start, the job then run to its end."""
    began = time.time()
    kubectl.apply(job(BRAND, name, LICENSE, f"Hello from {name}."))
    until(lambda: condition(kubectl.get("renderjob", name, BRAND), "Complete") == "True")
    uid = kubectl.get("renderjob", name, BRAND)["metadata"]["uid"]
    segment = Segment.model_validate_json(objects.get("understudy-receipts", segment_key(uid, 0)))
    return (segment.totals.started_at or time.time()) - began


def _answered(kubectl: Kubectl, name: str, number: int) -> float:
    """Seconds from the moment a spec change was accepted until the status speaks of it."""
    kubectl.apply(job(BRAND, name, LICENSE, f"Hello again, number {number}."))
    began = time.perf_counter()
    until(lambda: _current(kubectl.get("renderjob", name, BRAND)))
    return time.perf_counter() - began


def _current(document: dict[str, Any]) -> bool:
    return bool(document.get("status", {}).get("observedGeneration") == document["metadata"]["generation"])
