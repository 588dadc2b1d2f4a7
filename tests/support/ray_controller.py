"""A small controller for tests alone: makes real pods of RayClusters, as far as Understudy relies on KubeRay doing it.

A head with its Service, as many workers a group as it is asked for, those named in `workersToDelete` first to go, lost
ones made anew. It serves nobody but the tests: no autoscaler, no status, no upgrades.
"""

from __future__ import annotations

import copy
import secrets
import threading
from typing import Any

import structlog

from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.errors import ConflictError, OutageError

API = "/apis/ray.io/v1/rayclusters"
PAUSE_SECONDS = 0.5

log = structlog.get_logger("ray-controller")


class RayController:
    """Runs in a thread until `close`."""

    def __init__(self, server: ApiServer, namespace: str) -> None:
        self._server = server
        self._core = f"/api/v1/namespaces/{namespace}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ray-controller", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops; pods stay, and go with their RayCluster."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            try:
                for cluster in (self._server.request("GET", API) or {"items": []})["items"]:
                    if "deletionTimestamp" not in cluster["metadata"]:
                        self._reconcile(cluster)
            except (OutageError, ConflictError) as error:
                log.info("again", error=str(error))

    def _reconcile(self, cluster: dict[str, Any]) -> None:
        name, spec = cluster["metadata"]["name"], cluster["spec"]
        query = {"labelSelector": f"ray.io/cluster={name}"}
        found = (self._server.request("GET", f"{self._core}/pods", query=query) or {"items": []})["items"]
        gone = [pod for pod in found if pod["status"].get("phase") in {"Failed", "Succeeded"}]
        for pod in gone:
            self._delete(pod)
        pods = [pod for pod in found if pod not in gone and "deletionTimestamp" not in pod["metadata"]]
        self._service(cluster)
        if not [pod for pod in pods if pod["metadata"]["labels"]["ray.io/node-type"] == "head"]:
            self._create(cluster, spec["headGroupSpec"]["template"], "head", "headgroup")
        for group in spec["workerGroupSpecs"]:
            self._scale(
                cluster, group, [p for p in pods if p["metadata"]["labels"]["ray.io/group"] == group["groupName"]]
            )

    def _scale(self, cluster: dict[str, Any], group: dict[str, Any], pods: list[dict[str, Any]]) -> None:
        named = set(group["scaleStrategy"]["workersToDelete"])
        for pod in [pod for pod in pods if pod["metadata"]["name"] in named]:
            self._delete(pod)
            pods.remove(pod)
        for _ in range(group["replicas"] - len(pods)):
            self._create(cluster, group["template"], "worker", group["groupName"])
        for pod in pods[group["replicas"] :] if len(pods) > group["replicas"] else ():
            self._delete(pod)

    def _create(self, cluster: dict[str, Any], template: dict[str, Any], kind: str, group: str) -> None:
        name = cluster["metadata"]["name"]
        pod = copy.deepcopy(template)
        labels = {"ray.io/cluster": name, "ray.io/node-type": kind, "ray.io/group": group}
        metadata = pod.setdefault("metadata", {})
        metadata["name"] = f"{name}-{group}-{kind}-{secrets.token_hex(3)}"[-63:].lstrip("-")
        metadata["labels"] = {**metadata.get("labels", {}), **labels}
        metadata["ownerReferences"] = [_owner(cluster)]
        container = pod["spec"]["containers"][0]
        container["env"] = [*container.get("env", ()), *_memory(cluster, kind)]
        self._server.request("POST", f"{self._core}/pods", pod)

    def _service(self, cluster: dict[str, Any]) -> None:
        name = f"{cluster['metadata']['name']}-head-svc"
        if self._server.request("GET", f"{self._core}/services/{name}") is not None:
            return
        ports = cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["ports"]
        selector = {"ray.io/cluster": cluster["metadata"]["name"], "ray.io/node-type": "head"}
        told = [{"name": one["name"], "port": one["containerPort"]} for one in ports]
        # As KubeRay makes it: without an address of its own, so that its name is the head's pod.
        spec = {"clusterIP": "None", "selector": selector, "ports": told, "publishNotReadyAddresses": True}
        body = {"metadata": {"name": name, "ownerReferences": [_owner(cluster)]}, "spec": spec}
        self._server.request("POST", f"{self._core}/services", body)

    def _delete(self, pod: dict[str, Any]) -> None:
        self._server.request("DELETE", f"{self._core}/pods/{pod['metadata']['name']}")


def _memory(cluster: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """What Ray is told of the Redis that keeps its state, as KubeRay tells it."""
    options = cluster["spec"].get("gcsFaultToleranceOptions")
    if options is None:
        return []
    if kind == "worker":  # it waits so long for a head that comes again
        return [{"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "value": "600"}]
    told = {"RAY_REDIS_ADDRESS": options["redisAddress"], "RAY_external_storage_namespace": cluster["metadata"]["uid"]}
    password = [{"name": "REDIS_PASSWORD", **options["redisPassword"]}] if "redisPassword" in options else []
    return [*({"name": name, "value": value} for name, value in told.items()), *password]


def _owner(cluster: dict[str, Any]) -> dict[str, Any]:
    meta = cluster["metadata"]
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
    }
