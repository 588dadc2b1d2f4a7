"""How soon the farm answers, how long it takes to come up, and what it weighs: a whole farm with an untrained twin."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.campaign import Owner
from bench.measure import Measurement, median
from bench.twin import bench_twin
from understudy_api import token
from understudy_api.model import API_VERSION
from understudy_api.receipt import Segment, TrainingResult, segment_key, training_key
from understudy_api.terms import Assignee, Quota, Terms, sign_license
from understudy_api.twinmodel import TwinModelSpec
from understudy_cli.kubectl import Kubectl
from understudy_cli.license import license_manifest
from understudy_cli.local import toolchain
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Keys
from understudy_cli.local.object_store import settings as store_settings
from understudy_cli.local.part import Site
from understudy_cli.owner_vault import OwnerVault
from understudy_operator.core.state import Identity
from understudy_operator.core.training import training_order
from understudy_workers.objects import Objects
from understudy_workers.twins import publish

RUNS: Final = 7
POLL_SECONDS: Final = 0.02
LIMIT_SECONDS: Final = 120.0
TALENT, BRAND = "talent-bench", "acme"


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
    """Namespaces, a twin with a result but without training, and its license."""
    owner, keys = Owner(), Keys.at(site.home)
    pool_key = token.load_key(keys.pool.read_text())
    seal = OwnerVault.of(site).seal(owner.key, owner.genesis, adopt=True)
    pin = publish(objects, "understudy-twins", bench_twin(folder / "bundle", owner, pool_key), pool_key, seal)
    for name in (TALENT, BRAND):
        kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    spec = TwinModelSpec.model_validate(
        {"genesis": owner.genesis, "capture": {"s3": f"s3://understudy-outputs/{TALENT}/none.mp4"}}
    )
    identity = Identity(
        namespace=TALENT, name="ada", uid="00000000-bench", generation=1, resource_version="", created_at=0.0
    )
    order = training_order(identity, spec).digest
    result = TrainingResult(digest=order, twin_id=pin.id, state="Ready", version=pin.version, finished_at=time.time())
    objects.put("understudy-receipts", training_key(order), result.model_dump_json().encode())
    kubectl.apply(_object("TwinModel", TALENT, "ada", spec.wire()))
    farm = token.thumbprint(token.load_key(keys.farm_public.read_text()))
    terms = _terms(owner, farm, pin.id)
    kubectl.apply(license_manifest(terms, sign_license(owner.key, terms), {"namespace": TALENT, "name": "ada"}))
    _until(lambda: _condition(kubectl.get("twinmodel", "ada", TALENT), "Ready") == "True")


def _terms(owner: Owner, farm: str, twin: str) -> Terms:
    return Terms(
        iss=token.thumbprint(owner.key),
        aud=farm,
        jti="bench-license",
        iat=0,
        nbf=0,
        exp=4_102_444_800,
        assignee=Assignee(namespace=BRAND),
        twin=twin,
        purposes=("advertising",),
        channels=("social",),
        territories=("GB",),
        languages=("en",),
        quota=Quota(seconds=10**8),
    )


def _job(name: str, words: str) -> dict[str, Any]:
    return _object(
        "RenderJob",
        BRAND,
        name,
        {
            "twinRef": {"namespace": TALENT, "name": "ada"},
            "licenseRef": {"namespace": TALENT, "name": "bench-license"},
            "use": {"purpose": "advertising", "channels": ["social"], "territories": ["GB"]},
            "script": {"scenes": [{"say": words}]},
            "locales": ["en-GB"],
            "outputs": [{"name": "small", "width": 384, "height": 216}],
        },
    )


def _object(kind: str, namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": json.loads(json.dumps(spec)),
    }


def _started(kubectl: Kubectl, objects: Objects, name: str) -> float:
    """Seconds from a job's apply to its first item's start, the job then run to its end."""
    began = time.time()
    kubectl.apply(_job(name, f"Hello from {name}."))
    _until(lambda: _condition(kubectl.get("renderjob", name, BRAND), "Complete") == "True")
    uid = kubectl.get("renderjob", name, BRAND)["metadata"]["uid"]
    segment = Segment.model_validate_json(objects.get("understudy-receipts", segment_key(uid, 0)))
    return (segment.totals.started_at or time.time()) - began


def _answered(kubectl: Kubectl, name: str, number: int) -> float:
    """Seconds from the moment a spec change was accepted until the status speaks of it."""
    kubectl.apply(_job(name, f"Hello again, number {number}."))
    began = time.perf_counter()
    _until(lambda: _current(kubectl.get("renderjob", name, BRAND)))
    return time.perf_counter() - began


def _current(document: dict[str, Any]) -> bool:
    return bool(document.get("status", {}).get("observedGeneration") == document["metadata"]["generation"])


def _condition(document: dict[str, Any], kind: str) -> str:
    found = [one for one in document.get("status", {}).get("conditions", []) if one["type"] == kind]
    return str(found[0]["status"]) if found else "Unknown"


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"bench: not there after {LIMIT_SECONDS:.0f} s; look at the farm's logs")
        time.sleep(POLL_SECONDS)
