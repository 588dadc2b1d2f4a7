"""RayClusters and their pods on a real API server, with the rights that the operator really has."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import an_identity
from operator_site import Admin, until
from ray_words import GROUPS, PODS

from understudy_api.kuberay import KubeRayPool
from understudy_operator.core.ray_cluster import API_VERSION, digest_of, ray_cluster
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.ray_clusters import RayClusters

NAMESPACE = "understudy-system"
OWNED = KubeRayPool.model_validate(GROUPS)
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
DEFINITION = yaml.safe_load((Path(__file__).parents[2] / "support" / "raycluster-crd.yaml").read_text())


def pool(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": f"uid-of-{name}"}}


def manifest(name: str, nodes: int = 1) -> dict[str, Any]:
    identity = an_identity(namespace="", name=name, uid=f"uid-of-{name}")
    return ray_cluster(identity, OWNED, PODS, NAMESPACE, {"cpu": nodes, "gpu": 0}, {"cpu": ("w9",)})


@pytest.fixture(scope="module")
def clusters(control_plane: Any) -> RayClusters:
    return RayClusters(ApiServer.connect(control_plane.operator_kubeconfig), NAMESPACE, PODS)


def test_a_cluster_without_kuberay_is_told_with_the_cure(clusters: RayClusters) -> None:
    seen, problem = clusters.look(OWNED, pool("nobody"))
    assert seen is None
    assert "install KubeRay: `helm install kuberay-operator" in problem


def serves(admin: Admin) -> bool:
    try:
        return admin.server.request("GET", f"/apis/{API_VERSION}/rayclusters") is not None
    except OutageError:  # 429: its storage is being opened
        return False


@pytest.fixture(scope="module")
def kuberay(admin: Admin) -> Iterator[None]:
    """RayClusters are known, and nobody makes pods of them."""
    admin.server.request("POST", CRDS, DEFINITION)
    until(lambda: serves(admin))
    yield
    admin.server.request("DELETE", f"{CRDS}/rayclusters.ray.io")


@pytest.mark.usefixtures("kuberay")
def test_what_is_applied_is_read_again(clusters: RayClusters) -> None:
    assert clusters.look(OWNED, pool("one")) == (None, "")
    wanted = manifest("one")
    clusters.apply(wanted)
    seen, problem = clusters.look(OWNED, pool("one"))
    assert (problem, seen is not None) == ("", True)
    assert seen is not None
    assert (seen.name, seen.owned, seen.spec_digest) == ("understudy-one", True, digest_of(wanted))
    assert (seen.nodes, seen.leaving, seen.pods) == ({"cpu": 1, "gpu": 0}, {"cpu": ("w9",), "gpu": ()}, ())
    clusters.apply(manifest("one", nodes=3))
    again, _ = clusters.look(OWNED, pool("one"))
    assert again is not None
    assert again.nodes == {"cpu": 3, "gpu": 0}


@pytest.mark.usefixtures("kuberay")
def test_what_others_wrote_into_it_is_taken_back(clusters: RayClusters, admin: Admin) -> None:
    clusters.apply(manifest("two"))
    path = f"/apis/{API_VERSION}/namespaces/{NAMESPACE}/rayclusters/understudy-two"
    groups = copy.deepcopy(manifest("two", nodes=7)["spec"]["workerGroupSpecs"])
    change = {"spec": {"workerGroupSpecs": groups}}
    admin.server.request("PATCH", path, change, content_type="application/merge-patch+json")
    clusters.apply(manifest("two"))
    seen, _ = clusters.look(OWNED, pool("two"))
    assert seen is not None
    assert seen.nodes["cpu"] == 1


@pytest.mark.usefixtures("kuberay")
def test_one_of_another_pool_is_not_ours(clusters: RayClusters) -> None:
    clusters.apply(manifest("three"))
    seen, _ = clusters.look(KubeRayPool(cluster="understudy-three"), pool("four"))
    assert seen is not None
    assert not seen.owned


STATUSES = {
    "head": {"podIP": "10.0.0.9", "conditions": [{"type": "Ready", "status": "True"}]},
    "w1": {"podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "False"}]},
    "w2": {"containerStatuses": [{"reason": "ImagePullBackOff", "message": "Back-off pulling\n image"}]},
    "w3": {
        "conditions": [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": "0/3 nodes: Insufficient cpu",
            }
        ]
    },
    "w4": {"phase": "Failed"},
}


def status_of(told: dict[str, Any]) -> dict[str, Any]:
    """A pod's status of these facts; a container that waits, for a reason, is spelled out."""
    status = {"phase": "Pending", **told}
    if waiting := told.get("containerStatuses"):
        status["containerStatuses"] = [
            {"name": "ray", "image": "x", "imageID": "", "ready": False, "restartCount": 0, "state": {"waiting": one}}
            for one in waiting
        ]
    return status


@pytest.mark.usefixtures("kuberay")
def test_pods_are_seen_with_what_keeps_them_from_starting(clusters: RayClusters, admin: Admin) -> None:
    clusters.apply(manifest("five"))
    core = f"/api/v1/namespaces/{NAMESPACE}"
    if admin.server.request("GET", f"{core}/serviceaccounts/default") is None:
        admin.server.request("POST", f"{core}/serviceaccounts", {"metadata": {"name": "default"}})
    for name, told in STATUSES.items():
        kind = "head" if name == "head" else "worker"
        labels = {"ray.io/cluster": "understudy-five", "ray.io/node-type": kind, "ray.io/group": f"{kind}-group"}
        spec = {"automountServiceAccountToken": False, "containers": [{"name": "ray", "image": "x"}]}
        admin.server.request("POST", f"{core}/pods", {"metadata": {"name": name, "labels": labels}, "spec": spec})
        change = {"status": status_of(told)}
        path = f"{core}/pods/{name}/status"
        admin.server.request("PATCH", path, change, content_type="application/merge-patch+json")
    seen, _ = clusters.look(OWNED, pool("five"))
    for name in STATUSES:
        admin.server.request("DELETE", f"{core}/pods/{name}", {"gracePeriodSeconds": 0})
    assert seen is not None
    assert seen.head is not None
    assert (seen.head.address, seen.head.ready, seen.head.group) == ("10.0.0.9", True, "")
    found = {pod.name: pod for pod in seen.pods}
    assert (found["w1"].group, found["w1"].ready, found["w1"].problem) == ("worker-group", False, "")
    assert found["w2"].problem.startswith("ImagePullBackOff: Back-off pulling image; check the image's name")
    assert found["w3"].problem.startswith("no machine has room: 0/3 nodes: Insufficient cpu; add one")
    assert found["w4"].terminating
    assert seen.problem.startswith("w2: ")
