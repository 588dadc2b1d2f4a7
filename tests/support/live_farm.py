"""A whole farm with a twin that was trained from the ready capture, and what tests do with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minio import Minio
from rich.console import Console

from understudy_api import token
from understudy_cli.campaign import manifests, storage, watch
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import buckets, object_store, toolchain
from understudy_cli.local.farm import Farm
from understudy_cli.local.keys import Keys
from understudy_cli.local.part import Site
from understudy_cli.owner_vault import OwnerVault

LIMIT_SECONDS = 600
QUIET = Console(quiet=True)
BUCKET = buckets.BUCKETS.outputs
BRAND = manifests.BRAND_NAMESPACE


def small_campaign() -> dict[str, Any]:
    """The demo's job cut down to two rows, two locales and two small formats."""
    job = manifests.Examples.find().campaign("renderjob.yaml")
    job["spec"]["locales"] = ["en-GB", "ja-JP"]
    job["spec"]["use"]["territories"] = ["GB", "JP"]
    job["spec"]["data"]["rows"] = job["spec"]["data"]["rows"][:2]
    job["spec"]["outputs"] = [
        {"name": "wide", "width": 384, "height": 216},
        {"name": "tall", "width": 216, "height": 384},
    ]
    return job


def finish(kubectl: Kubectl, job: dict[str, Any], during: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Applies a brand's job and waits until it is complete; `during` is called once after its first item started."""
    kubectl.apply(job)
    name, called = job["metadata"]["name"], []

    def look(document: dict[str, Any]) -> watch.Look:
        if document.get("status", {}).get("startedAt") and not called:
            called.append(True)
            during()
        return watch.job_look(document)

    return watch.wait(kubectl, QUIET, name, ("renderjob", name, BRAND), look, LIMIT_SECONDS)


def index_of(store: Minio, prefix: str) -> list[dict[str, Any]]:
    """The lines of a delivery's index."""
    answer = store.get_object(BUCKET, f"{prefix}index.jsonl")
    try:
        return [json.loads(line) for line in answer.read().splitlines()]
    finally:
        answer.close()
        answer.release_conn()


@dataclass(frozen=True)
class Live:
    """A farm with a validated twin and a license."""

    farm: Farm
    site: Site
    kubectl: Kubectl
    store: Minio
    folder: Path

    def finish(self, job: dict[str, Any], during: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Apply a job and wait until it is complete; `during` is called once after its first item started."""
        return finish(self.kubectl, job, during)

    def until(
        self, where: tuple[str, str, str], wanted: Callable[[dict[str, Any]], object], what: str
    ) -> dict[str, Any]:
        """The object (kind, name, namespace) once it is as wanted."""

        def look(document: dict[str, Any]) -> watch.Look:
            return watch.Look(what, finished=bool(wanted(document)))

        return watch.wait(self.kubectl, QUIET, what, where, look, 120)

    @property
    def thumbprint(self) -> str:
        """Names the farm."""
        return token.thumbprint(token.load_key(Keys.at(self.farm.home).farm_public.read_text()))

    def index(self, prefix: str) -> list[dict[str, Any]]:
        """The lines of a delivery's index."""
        return index_of(self.store, prefix)

    def keys(self, prefix: str) -> list[str]:
        """What is delivered below a prefix."""
        return [str(entry.object_name) for entry in self.store.list_objects(BUCKET, prefix=prefix, recursive=True)]


def with_twin(farm: Farm, folder: Path) -> Live:
    """Starts a farm, trains its twin and licenses it; the owner's keys lie in `folder`."""
    site = farm.up()
    kubectl = Kubectl(toolchain.require("kubectl"), site.kubeconfig)
    store = buckets.client(object_store.settings(site, "root"))
    examples = manifests.Examples.find()
    for name in (manifests.OWNER_NAMESPACE, BRAND):
        kubectl.apply(manifests.namespace(name))
    storage.upload_once(store, examples.capture, BUCKET, manifests.CAPTURE_KEY)
    model = manifests.twin(folder, BUCKET, "Quick")
    kubectl.apply(manifests.consented(folder, model, examples.capture, OwnerVault.of(site)))
    where = ("twinmodel", manifests.TWIN, manifests.OWNER_NAMESPACE)
    watch.wait(kubectl, QUIET, "training", where, watch.twin_look, LIMIT_SECONDS)
    live = Live(farm, site, kubectl, store, folder)
    for terms in ("license.yaml", "license-europe.yaml"):
        kubectl.apply(manifests.signed_license(folder, examples.campaign(terms), live.thumbprint))
    return live
