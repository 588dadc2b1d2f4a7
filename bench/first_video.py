"""How long a platform team waits: from `helm install` to the first video in pods, and from an operator's start to its first word.

It needs the cluster of `make kind-up`, without a farm on it, and leaves it so.
"""

from __future__ import annotations

import json
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyrage
import yaml

from bench.campaign import Owner
from bench.cluster import NAMESPACE, Cluster, understudy
from bench.measure import Measurement, median
from bench.stage import TALENT, condition, job, ready_twin, terms, until
from understudy_api.terms import sign_license
from understudy_cli.campaign import manifests
from understudy_cli.kubectl import Kubectl
from understudy_cli.license import license_manifest
from understudy_cli.local import toolchain
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.object_store import settings as store_settings
from understudy_workers.objects import Objects

INSTALLS, STARTS = 3, 5
VIDEO_SECONDS: Final = 180.0
WORD_SECONDS: Final = 5.0
BRAND: Final = "acme"
LICENSE: Final = "bench-license"
OPERATOR: Final = ("deployment/understudy-operator", "-n", NAMESPACE)


def run() -> list[Measurement]:
    """Medians over several installations and starts."""
    videos: list[float] = []
    words: list[float] = []
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as name:
        folder = Path(name)
        cluster = Cluster.find(folder)
        owner = _owner(folder)
        for _ in range(INSTALLS):
            try:
                cluster.give_secrets(folder / "keys")
                videos.append(_first_video(cluster, folder, owner))
                words = words or [_first_word(cluster, number) for number in range(STARTS)]
            finally:
                cluster.clear(TALENT, BRAND)
    return [
        median("helm install to the first video", videos, "s", bar=VIDEO_SECONDS, better="lower"),
        median("an operator's start to its first word", words, "s", bar=WORD_SECONDS, better="lower"),
    ]


def _owner(folder: Path) -> Owner:
    """An owner whose twin came out of a farm without pods: `owner.jwk`, `age.txt` and `ada.age` in `folder`."""
    farm = Farm(Home(folder / "farm"))
    try:
        site = farm.up()
        kubectl = Kubectl(toolchain.require("kubectl"), site.kubeconfig)
        owner = ready_twin(site, kubectl, Objects(store_settings(site, "root")), folder)
        identity = pyrage.x25519.Identity.generate()
        (folder / "age.txt").write_text(f"{identity}\n")
        (folder / "owner.jwk").write_text(json.dumps(owner.key.as_dict(private=True)))
        where = ("ada", "-n", TALENT, "--key", "owner.jwk", "--to", str(identity.to_public()), "--out", "ada.age")
        understudy("twin", "export", *where, folder=folder, UNDERSTUDY_HOME=str(farm.home.root))
    finally:
        farm.purge()
    return owner


def _first_video(cluster: Cluster, folder: Path, owner: Owner) -> float:
    """Seconds until the first job of a farm that is being installed has delivered its one video."""
    began = time.monotonic()
    cluster.install()
    for name in (TALENT, BRAND):
        cluster.kubectl.apply(manifests.namespace(name))
    where = ("--key", "owner.jwk", "--identity", "age.txt", "--farm-keys", "keys")
    model = understudy("twin", "import", "ada.age", *where, folder=folder, KUBECONFIG=str(cluster.kubectl.kubeconfig))
    cluster.kubectl.apply(yaml.safe_load(model))
    license_ = terms(Home(folder / "keys"), owner, BRAND, LICENSE)
    signed = license_manifest(license_, sign_license(owner.key, license_), {"namespace": TALENT, "name": "ada"})
    cluster.kubectl.apply(signed)
    cluster.kubectl.apply(job(BRAND, "first", LICENSE, "Hello, and welcome to our shop."))
    until(lambda: condition(cluster.kubectl.get("renderjob", "first", BRAND), "Complete") == "True")
    return time.monotonic() - began


def _first_word(cluster: Cluster, number: int) -> float:
    """Seconds from the start of a lone operator's container, as its node dates it (whole seconds), to its word on a new job."""
    cluster.run("scale", *OPERATOR, "--replicas=0")
    until(lambda: not _operators(cluster))
    name = f"word-{number}"
    cluster.kubectl.apply(job(BRAND, name, "none", "Hello."))
    cluster.run("scale", *OPERATOR, "--replicas=1")
    until(lambda: condition(cluster.kubectl.get("renderjob", name, BRAND), "Admitted") != "Unknown")
    said = time.time()
    (pod,) = _operators(cluster)
    started = pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
    return said - datetime.fromisoformat(started).timestamp()


def _operators(cluster: Cluster) -> list[dict[str, Any]]:
    return cluster.kubectl.every("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=operator")
