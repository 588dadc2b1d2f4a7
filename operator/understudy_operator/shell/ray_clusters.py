"""RayClusters of the operator's own namespace, with their pods: read for a pool's reconcile, applied as a pool wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from understudy_api.kuberay import KubeRayPool
from understudy_api.settings import RayPods
from understudy_operator.core.cluster_view import ClusterView, PodView
from understudy_operator.core.ray_cluster import API_VERSION, cluster_name, digest_of
from understudy_operator.shell.apiserver import APPLY_PATCH, ApiServer
from understudy_operator.shell.cluster import FIELD_MANAGER
from understudy_operator.shell.errors import DeniedError
from understudy_operator.shell.store import Body

CLUSTER_LABEL: Final = "ray.io/cluster"
GROUP_LABEL: Final = "ray.io/group"
TYPE_LABEL: Final = "ray.io/node-type"
_UNKNOWN_KIND: Final = (
    "this Kubernetes knows no RayCluster; install KubeRay: `helm install kuberay-operator kuberay/kuberay-operator`"
)
_CURES: Final = {
    "ErrImagePull": "check the image's name and the nodes' right to pull it",
    "ImagePullBackOff": "check the image's name and the nodes' right to pull it",
    "InvalidImageName": "name the image as registry/repository:tag",
    "CreateContainerConfigError": "check that the Secrets the chart asks for are there",
    "CreateContainerError": "see `kubectl describe pod`",
    "CrashLoopBackOff": "see `kubectl logs --previous`",
}
"""Reasons for which a container waits in vain, and what helps."""


class RayClusters:
    """What KubeRay is told, and what became of it. `pods` are the templates of the operator's settings."""

    def __init__(self, server: ApiServer, namespace: str, pods: RayPods | None) -> None:
        self._server = server
        self.namespace = namespace
        self.pods = pods

    def look(self, spec: KubeRayPool, pool: Body) -> tuple[ClusterView | None, str]:
        """The RayCluster of a RenderPool, None when there is none; or why none can be read. Raises OutageError."""
        name = cluster_name(str(pool["metadata"]["name"]), spec.cluster)
        try:
            found = self._server.request("GET", f"{self._collection}/{name}")
            if found is None:
                known = self._server.request("GET", f"/apis/{API_VERSION}") is not None
                return None, "" if known else _UNKNOWN_KIND
            pods = self._server.request("GET", self._pods, query={"labelSelector": f"{CLUSTER_LABEL}={name}"})
        except DeniedError as denied:
            return None, f"{denied}; upgrade the chart, which gives the operator this right"
        return _view(found, (pods or {}).get("items", ()), str(pool["metadata"]["uid"])), ""

    def apply(self, manifest: Mapping[str, Any]) -> None:
        """Makes a RayCluster exactly as it is given. Raises DeniedError, OutageError."""
        path = f"{self._collection}/{manifest['metadata']['name']}"
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        self._server.request("PATCH", path, manifest, query=query, content_type=APPLY_PATCH)

    @property
    def _collection(self) -> str:
        return f"/apis/{API_VERSION}/namespaces/{self.namespace}/rayclusters"

    @property
    def _pods(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/pods"


def _view(body: Mapping[str, Any], pods: Any, owner: str) -> ClusterView:
    groups = body.get("spec", {}).get("workerGroupSpecs") or ()
    return ClusterView(
        name=str(body["metadata"]["name"]),
        spec_digest=digest_of(body),
        owned=any(one.get("uid") == owner for one in body["metadata"].get("ownerReferences", ())),
        nodes={str(one["groupName"]): int(one.get("replicas") or 0) for one in groups},
        leaving={
            str(one["groupName"]): tuple((one.get("scaleStrategy") or {}).get("workersToDelete") or ())
            for one in groups
        },
        pods=tuple(sorted((_pod(pod) for pod in pods), key=lambda pod: pod.name)),
    )


def _pod(body: Mapping[str, Any]) -> PodView:
    labels, status = body["metadata"].get("labels", {}), body.get("status", {})
    conditions = {one["type"]: one for one in status.get("conditions", ())}
    return PodView(
        name=str(body["metadata"]["name"]),
        group="" if labels.get(TYPE_LABEL) == "head" else str(labels.get(GROUP_LABEL, "")),
        address=str(status.get("podIP", "")),
        ready=conditions.get("Ready", {}).get("status") == "True",
        terminating="deletionTimestamp" in body["metadata"] or status.get("phase") in {"Failed", "Succeeded"},
        problem=_problem(status, conditions.get("PodScheduled", {})),
    )


def _problem(status: Mapping[str, Any], scheduled: Mapping[str, Any]) -> str:
    for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        waiting = container.get("state", {}).get("waiting") or {}
        if (reason := waiting.get("reason")) in _CURES:
            return f"{reason}: {_line(waiting.get('message', ''))}; {_CURES[reason]}"
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        return f"no machine has room: {_line(scheduled.get('message', ''))}; add one, or ask for less in the group's resources"
    return ""


def _line(text: object) -> str:
    return " ".join(str(text).split())[:240]
