"""A RenderPool that KubeRay runs, in real pods: nodes come for work, are lost, are drained, go; nothing is lost or made twice.

On a cluster that has KubeRay it is KubeRay that makes the pods (docs/verified.md), elsewhere a small controller in its place
(tests/support/ray_controller.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chart_site import NAMESPACE
from live_farm import BRAND
from operator_site import until
from pod_farm import PodFarm
from ray_controller import RayController

from understudy_operator.shell.apiserver import ApiServer

pytestmark = [pytest.mark.kind, pytest.mark.timeout(900)]
POOL = "rays"
CRD = Path(__file__).parents[1] / "support" / "raycluster-crd.yaml"
GROUP = {
    "name": "cpu",
    "maxNodes": 2,
    "cpus": 1,
    "idleSeconds": 10,
    "pricePerWorkerHour": {"amount": "0.60", "currency": "EUR"},
    "resources": {"requests": {"cpu": "200m", "memory": "512Mi"}, "limits": {"memory": "4Gi"}},
}


@pytest.fixture(scope="module")
def rays(licensed: PodFarm) -> Iterator[PodFarm]:
    """The farm with a pool of its own RayCluster, which the brand may use."""
    with kuberay(licensed):
        licensed.run("annotate", "namespace", BRAND, f"understudy.dev/pools=default,{POOL}", "--overwrite")
        spec = {"kuberay": {"groups": [GROUP]}}
        body = {"apiVersion": "understudy.dev/v1alpha1", "kind": "RenderPool", "metadata": {"name": POOL}, "spec": spec}
        licensed.kubectl.apply(body)
        yield licensed
        licensed.run("delete", "renderpool", POOL, "--timeout=100s")
        until(lambda: pods(licensed, "head") + pods(licensed, "worker"), lambda left: not left, 60)


@contextmanager
def kuberay(farm: PodFarm) -> Iterator[None]:
    """KubeRay where it is installed already, else the controller that stands in for it."""
    if farm.run("get", "crd", "rayclusters.ray.io", "--ignore-not-found"):
        yield
        return
    farm.run("apply", "-f", str(CRD))
    farm.run("wait", "--for=condition=Established", "crd/rayclusters.ray.io", "--timeout=60s")
    controller = RayController(ApiServer.connect(farm.kubeconfig), NAMESPACE)
    try:
        yield
    finally:
        controller.close()
        farm.run("delete", "-f", str(CRD), "--wait=false")


def pods(farm: PodFarm, kind: str) -> list[str]:
    """Names of the pods of this kind that are not on their way out."""
    selector = f"ray.io/cluster=understudy-{POOL},ray.io/node-type={kind}"
    found = farm.kubectl.every("pods", "-n", NAMESPACE, "-l", selector)
    return [one["metadata"]["name"] for one in found if "deletionTimestamp" not in one["metadata"]]


def pool(farm: PodFarm) -> dict[str, Any]:
    status: dict[str, Any] = farm.kubectl.get("renderpool", POOL)["status"]
    return status


def change(farm: PodFarm, group: dict[str, Any]) -> None:
    patch = json.dumps({"spec": {"kuberay": {"groups": [group]}}})
    farm.run("patch", "renderpool", POOL, "--type=merge", "-p", patch)


def test_without_work_it_has_a_head_and_no_nodes(rays: PodFarm) -> None:
    ready = until(
        lambda: {one["type"]: one for one in pool(rays).get("conditions", ())}.get("Ready", {}),
        lambda one: one.get("status") == "True",
        180,
    )
    assert ready["reason"] == "ScaledToZero"
    assert (len(pods(rays, "head")), pods(rays, "worker")) == (1, [])


def test_nodes_come_for_work_and_a_lost_one_loses_nothing(rays: PodFarm, campaign: dict[str, Any]) -> None:
    done = rays.finish_whole(campaign, "nodes", lambda: rays.kill(pods(rays, "worker")[0]), POOL)
    assert done["status"]["takes"]["rendered"] > 0
    assert set(done["status"]["workerSecondsByGroup"]) == {"cpu"}
    assert float(done["status"]["cost"]["amount"]) > 0, "at the price of the group: the pool has none"


def test_idle_nodes_are_drained_and_go(rays: PodFarm) -> None:
    until(lambda: pods(rays, "worker"), lambda left: not left, 120)
    (group,) = until(lambda: pool(rays)["groups"], lambda groups: groups[0]["ready"] == 0, 30)
    assert group["nodes"] == 0


def test_a_lost_head_loses_nothing(rays: PodFarm, campaign: dict[str, Any]) -> None:
    rays.finish_whole(campaign, "head", lambda: rays.kill(pods(rays, "head")[0]), POOL)


def test_an_image_that_cannot_be_pulled_is_named(rays: PodFarm) -> None:
    until(lambda: pods(rays, "worker"), lambda left: not left, 120)  # so that one has to start
    broken = {**GROUP, "minNodes": 1, "image": "understudy/no-such-image:0"}
    change(rays, broken)
    try:
        said = until(lambda: pool(rays)["conditions"][0], lambda one: one["reason"] == "PodsNotStarting", 120)
        assert said["status"] == "False"
        assert "check the image's name" in said["message"]
    finally:
        change(rays, GROUP)
