"""A farm in pods with RenderPools that KubeRay runs: by KubeRay itself where a cluster has it, else by the tests' own controller."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chart_site import NAMESPACE
from live_farm import BRAND
from operator_site import until
from pod_farm import PodFarm
from ray_controller import RayController

from understudy_operator.shell.apiserver import ApiServer

CRD = Path(__file__).with_name("raycluster-crd.yaml")
GROUP = {
    "name": "cpu",
    "maxNodes": 2,
    "cpus": 1,
    "idleSeconds": 10,
    "pricePerWorkerHour": {"amount": "0.60", "currency": "EUR"},
    "resources": {"requests": {"cpu": "200m", "memory": "512Mi"}, "limits": {"memory": "4Gi"}},
}


@dataclass(frozen=True)
class RayPool:
    """A RenderPool with a RayCluster of its own."""

    farm: PodFarm
    name: str

    def pods(self, kind: str) -> list[str]:
        """Names of the pods of this kind, head or worker, that are not on their way out."""
        selector = f"ray.io/cluster=understudy-{self.name},ray.io/node-type={kind}"
        found = self.farm.kubectl.every("pods", "-n", NAMESPACE, "-l", selector)
        return [one["metadata"]["name"] for one in found if "deletionTimestamp" not in one["metadata"]]

    @property
    def status(self) -> dict[str, Any]:
        """Of the RenderPool; empty before there is one."""
        found: dict[str, Any] = self.farm.kubectl.get("renderpool", self.name).get("status", {})
        return found

    def ready(self) -> dict[str, Any]:
        """The condition Ready, once it is true."""
        return until(
            lambda: {one["type"]: one for one in self.status.get("conditions", ())}.get("Ready", {}),
            lambda one: one.get("status") == "True",
            180,
        )

    def change(self, group: dict[str, Any]) -> None:
        """Gives it another group."""
        patch = json.dumps({"spec": {"kuberay": {"groups": [group]}}})
        self.farm.run("patch", "renderpool", self.name, "--type=merge", "-p", patch)


@contextmanager
def ray_pool(farm: PodFarm, name: str, kuberay: dict[str, Any]) -> Iterator[RayPool]:
    """A RenderPool that the brand may use; it and its pods are gone afterwards."""
    with _kuberay(farm):
        farm.run("annotate", "namespace", BRAND, f"understudy.dev/pools=default,{name}", "--overwrite")
        head = {"apiVersion": "understudy.dev/v1alpha1", "kind": "RenderPool", "metadata": {"name": name}}
        body = {**head, "spec": {"kuberay": kuberay}}
        farm.kubectl.apply(body)
        pool = RayPool(farm, name)
        yield pool
        farm.run("delete", "renderpool", name, "--timeout=100s")
        until(lambda: pool.pods("head") + pool.pods("worker"), lambda left: not left, 60)


@contextmanager
def _kuberay(farm: PodFarm) -> Iterator[None]:
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
