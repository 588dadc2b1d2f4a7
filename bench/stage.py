"""A whole farm with a twin that is ready without having been trained: what benches of the control plane begin with."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.campaign import Owner
from bench.twin import bench_twin
from understudy_api import token
from understudy_api.genesis import twin_id
from understudy_api.model import API_VERSION
from understudy_api.receipt import TrainingResult, training_key
from understudy_api.terms import Assignee, Quota, Terms
from understudy_api.twinmodel import TwinModelSpec
from understudy_cli.kubectl import Kubectl
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Keys
from understudy_cli.local.part import Site
from understudy_cli.owner_vault import OwnerVault
from understudy_operator.core.state import Identity
from understudy_operator.core.training import training_order
from understudy_workers.objects import Objects
from understudy_workers.twins import publish

TALENT: Final = "talent-bench"
POLL_SECONDS: Final = 0.02
LIMIT_SECONDS: Final = 120.0


def ready_twin(site: Site, kubectl: Kubectl, objects: Objects, folder: Path) -> Owner:
    """TwinModel `ada` in TALENT, with a result but without training; returns its owner once it is Ready."""
    owner, keys = Owner(), Keys.at(site.home)
    pool_key = token.load_key(keys.pool.read_text())
    seal = OwnerVault.of(site).seal(owner.key, owner.genesis, adopt=True)
    pin = publish(objects, "understudy-twins", bench_twin(folder / "bundle", owner, pool_key), pool_key, seal)
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": TALENT}})
    spec = TwinModelSpec.model_validate(
        {"genesis": owner.genesis, "capture": {"s3": f"s3://understudy-outputs/{TALENT}/none.mp4"}}
    )
    identity = Identity(
        namespace=TALENT, name="ada", uid="00000000-bench", generation=1, resource_version="", created_at=0.0
    )
    order = training_order(identity, spec).digest
    result = TrainingResult(digest=order, twin_id=pin.id, state="Ready", version=pin.version, finished_at=time.time())
    objects.put("understudy-receipts", training_key(order), result.model_dump_json().encode())
    kubectl.apply(manifest("TwinModel", TALENT, "ada", spec.wire()))
    until(lambda: condition(kubectl.get("twinmodel", "ada", TALENT), "Ready") == "True")
    return owner


def terms(farm_home: Home, owner: Owner, brand: str, jti: str) -> Terms:
    """A license for the farm with these keys that allows a brand more than any bench makes."""
    farm = token.load_key(Keys.at(farm_home).farm_public.read_text())
    return Terms(
        iss=token.thumbprint(owner.key),
        aud=token.thumbprint(farm),
        jti=jti,
        iat=0,
        nbf=0,
        exp=4_102_444_800,
        assignee=Assignee(namespace=brand),
        twin=twin_id(owner.genesis),
        purposes=("advertising",),
        channels=("social",),
        territories=("GB",),
        languages=("en",),
        quota=Quota(seconds=10**8),
    )


def job(brand: str, name: str, license_: str, words: str, **spec: Any) -> dict[str, Any]:
    """A RenderJob that says the words in English, in one small video unless told otherwise."""
    known = {
        "twinRef": {"namespace": TALENT, "name": "ada"},
        "licenseRef": {"namespace": TALENT, "name": license_},
        "use": {"purpose": "advertising", "channels": ["social"], "territories": ["GB"]},
        "script": {"scenes": [{"say": words}]},
        "locales": ["en-GB"],
        "outputs": [{"name": "small", "width": 384, "height": 216}],
    }
    return manifest("RenderJob", brand, name, {**known, **spec})


def manifest(kind: str, namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """An object of one of our kinds."""
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": json.loads(json.dumps(spec)),
    }


def condition(document: dict[str, Any], kind: str) -> str:
    """Status of a condition; Unknown when it is not there."""
    found = [one for one in document.get("status", {}).get("conditions", []) if one["type"] == kind]
    return str(found[0]["status"]) if found else "Unknown"


def until(done: Callable[[], bool]) -> None:
    """Waits; TimeoutError after LIMIT_SECONDS."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"bench: not there after {LIMIT_SECONDS:.0f} s; look at the farm's logs")
        time.sleep(POLL_SECONDS)
