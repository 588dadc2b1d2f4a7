"""A licensed campaign in pods: a twin from elsewhere, real videos, pods killed and an upgrade on the way, nothing twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import pytest
from chart_site import NAMESPACE
from live_farm import BRAND, BUCKET, QUIET, finish
from pod_farm import PodFarm

from understudy_cli.campaign import manifests, storage, watch
from understudy_cli.local.home import Home
from understudy_workers.media.credentials import verify

pytestmark = [pytest.mark.kind, pytest.mark.timeout(900)]
CHANGES = (
    "vault.leaseSeconds=40",
    "ray.worker.cpus=1",
    "ray.head.resources.requests.cpu=110m",
    "operator.resources.requests.cpu=60m",
)
CHANGED = tuple(word for change in CHANGES for word in ("--set", change))
"""An upgrade that replaces vault, workers, director and operators."""


@pytest.fixture(scope="module")
def finished(licensed: PodFarm, campaign: dict[str, Any]) -> dict[str, Any]:
    """The campaign, rendered while the leading operator, a worker of Ray and the vault were killed."""

    def kill() -> None:
        for pod in (licensed.leader(), *licensed.pods("ray-worker"), *licensed.pods("vault")):
            licensed.kill(pod)

    return finish(licensed.kubectl, campaign, during=kill)


def test_a_twin_from_another_farm_is_ready(licensed: PodFarm) -> None:
    where = ("twinmodel", manifests.TWIN, manifests.OWNER_NAMESPACE)
    found = watch.wait(licensed.kubectl, QUIET, "import", where, watch.twin_look, 120)
    assert found["status"]["stage"] == "Deploy"


def test_nothing_is_lost_or_charged_twice_when_pods_are_killed(licensed: PodFarm, finished: dict[str, Any]) -> None:
    assert finished["status"]["items"] == {"total": 8, "done": 8, "failed": 0, "rejected": 0}
    lines = licensed.index("acme/spring/")
    assert len({line["item"] for line in lines}) == 8
    assert sum(line["seconds"] for line in lines) == pytest.approx(
        float(finished["status"]["meteredSeconds"]), abs=0.01
    )


def test_every_item_is_a_real_signed_video(licensed: PodFarm, finished: dict[str, Any], tmp_path: Path) -> None:
    with licensed.store() as store:
        storage.download(store, BUCKET, "acme/spring/", tmp_path / "out", lambda name: None)
    root = (Home(licensed.keys).c2pa / "root.pem").read_bytes()
    for line in licensed.index("acme/spring/"):
        video = tmp_path / "out" / line["video"]
        with av.open(str(video)) as container:
            pictures = sum(1 for _ in container.decode(video=0))
        assert pictures == pytest.approx(line["seconds"] * 25, abs=0.01)
        assert verify(video, root).is_ours


def test_a_job_outside_its_license_renders_nothing(licensed: PodFarm, campaign: dict[str, Any]) -> None:
    job = manifests.refused(campaign)
    licensed.kubectl.apply(job)
    refusal = watch.wait_refused(licensed.kubectl, ("renderjob", job["metadata"]["name"], BRAND), 60)
    assert refusal["reason"] in {"LanguageNotCovered", "TerritoryNotCovered"}


@pytest.mark.parametrize(
    "url", ["https://understudy-ray-head.{}:8443/v1/orders", "http://understudy-ray-head.{}:8265/api/jobs/"]
)
def test_a_brands_pod_is_turned_away(licensed: PodFarm, url: str) -> None:
    """By authentication: this cluster enforces no NetworkPolicy."""
    asks = "import httpx, sys; print(httpx.get(sys.argv[1], verify=False).status_code)"
    operator = licensed.kubectl.get("deployment", "understudy-operator", NAMESPACE)
    image = operator["spec"]["template"]["spec"]["containers"][0]["image"]
    overrides = {"spec": {"automountServiceAccountToken": False}}
    where = ("-n", BRAND)
    try:
        pod = ("run", "stranger", *where, "--restart=Never", "--overrides", json.dumps(overrides))
        licensed.run(*pod, f"--image={image}", "--", "python", "-c", asks, url.format(NAMESPACE))
        licensed.run("wait", "pod/stranger", *where, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=100s")
        said = licensed.run("logs", "stranger", *where)
    finally:
        licensed.run("delete", "pod", "stranger", *where, "--ignore-not-found")
    assert said.strip() in {"401", "403"}


def test_an_upgrade_under_load_loses_nothing(
    licensed: PodFarm, campaign: dict[str, Any], finished: dict[str, Any]
) -> None:
    job = manifests.changed(campaign)
    rows = job["spec"]["data"]["rows"]
    job["spec"]["data"]["rows"] = [{**row, "name": f"{row['name']} again"} for row in rows]
    parts = ("operator", "vault", "ray-head", "ray-worker")
    before = licensed.uids(*parts)
    again = finish(licensed.kubectl, job, during=lambda: licensed.deploy("upgrade", *CHANGED))
    assert not before & licensed.uids(*parts)
    assert again["status"]["items"] == {"total": 8, "done": 8, "failed": 0, "rejected": 0}
    assert len({line["item"] for line in licensed.index("acme/spring-reworded/")}) == 8
