"""The RayCluster (ray.io/v1) that a RenderPool of its own groups wants, from the pod templates that the chart wrote."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from understudy_api.digest import digest
from understudy_api.kuberay import GROUP_LABEL, GROUP_VARIABLE, KubeRayPool, WorkerGroup
from understudy_api.model import API_VERSION as UNDERSTUDY
from understudy_api.settings import RayPods
from understudy_operator.core.state import Identity

API_VERSION: Final = "ray.io/v1"
DIGEST_ANNOTATION: Final = "understudy.dev/spec-digest"
"""Digest of the spec as it was written last: KubeRay fills in fields, so specs themselves cannot be compared."""
DIRECTOR_PORT, DASHBOARD_PORT = 8443, 8265
_OURS: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,22}[a-z0-9])?")
_GPU: Final = "nvidia.com/gpu"


def cluster_name(pool: str, adopted: str | None = None) -> str:
    """Name of a RenderPool's RayCluster: the one it adopted, or its own, short enough for KubeRay to name a Service after it."""
    return adopted or f"understudy-{pool if _OURS.fullmatch(pool) else digest(pool)[:16]}"


def head_service(cluster: str, namespace: str) -> str:
    """Where the head of a RayCluster answers, as KubeRay names it."""
    return f"{cluster}-head-svc.{namespace}.svc"


def address_of(adopted: str | None, pool: str, namespace: str) -> tuple[str, str]:
    """URLs of the director and of Ray's dashboard: of the RayCluster that is adopted, or of the pool's own."""
    host = head_service(cluster_name(pool, adopted), namespace)
    return f"https://{host}:{DIRECTOR_PORT}", f"http://{host}:{DASHBOARD_PORT}"


def ray_cluster(
    pool: Identity,
    spec: KubeRayPool,
    pods: RayPods,
    namespace: str,
    nodes: Mapping[str, int],
    leaving: Mapping[str, tuple[str, ...]],
) -> dict[str, Any]:
    """The whole object. `nodes`: how many nodes each group has; `leaving`: names of the pods that go when it has fewer."""
    name = cluster_name(pool.name)
    wanted: dict[str, Any] = {
        "rayVersion": pods.ray_version,
        "headGroupSpec": {"rayStartParams": {}, "template": _head(spec, pods)},
        "workerGroupSpecs": [
            {
                "groupName": group.name,
                "replicas": nodes[group.name],
                "minReplicas": 0,  # how many there are is decided here, from the work there is
                "maxReplicas": group.max_nodes,
                "rayStartParams": {},
                "scaleStrategy": {"workersToDelete": list(leaving.get(group.name, ()))},
                "template": _worker(group, pods, head_service(name, namespace)),
            }
            for group in spec.groups
        ],
    }
    if spec.redis is not None:
        wanted["gcsFaultToleranceOptions"] = {"redisAddress": spec.redis.address}
        if spec.redis.password_secret is not None:
            key = {"name": spec.redis.password_secret, "key": "password"}
            wanted["gcsFaultToleranceOptions"]["redisPassword"] = {"valueFrom": {"secretKeyRef": key}}
    return {
        "apiVersion": API_VERSION,
        "kind": "RayCluster",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/part-of": "understudy", "understudy.dev/pool": pool.name[:63]},
            # The templates hold the whole command: Ray's ports, tokens and limits are the farm's to choose.
            "annotations": {"ray.io/overwrite-container-cmd": "true", DIGEST_ANNOTATION: digest(wanted)},
            "ownerReferences": [
                {
                    "apiVersion": UNDERSTUDY,
                    "kind": "RenderPool",
                    "name": pool.name,
                    "uid": pool.uid,
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": wanted,
    }


def digest_of(manifest: Mapping[str, Any]) -> str:
    """The digest that a RayCluster's spec was written under; empty when it was not written by us."""
    return str(manifest["metadata"].get("annotations", {}).get(DIGEST_ANNOTATION, ""))


def _head(spec: KubeRayPool, pods: RayPods) -> dict[str, Any]:
    template = copy.deepcopy(pods.head)
    if spec.redis is not None and spec.redis.password_secret is not None:
        # KubeRay sets the variable; Ray takes a password from its command line alone.
        template["spec"]["containers"][0]["command"].append("--redis-password=$(REDIS_PASSWORD)")
    return template


def _worker(group: WorkerGroup, pods: RayPods, head: str) -> dict[str, Any]:
    template = copy.deepcopy(pods.worker)
    spec = template["spec"]
    container = spec["containers"][0]
    told = {
        "RAY_HEAD": head,
        "RAY_CPUS": str(group.cpus),
        "RAY_GPUS": str(group.gpus),
        GROUP_VARIABLE: group.name,
        # As Ray takes labels from the environment: a Ray that knows none of it starts all the same, as it would not with --labels.
        "RAY_OVERRIDE_LABELS": json.dumps({GROUP_LABEL: group.name}),
    }
    container["env"] = [
        *({"name": name, "value": value} for name, value in told.items()),
        *(one for one in container.get("env", ()) if one["name"] not in told),
    ]
    if group.image is not None:
        container["image"] = group.image
    resources = group.resources.wire()
    if group.gpus:
        resources["limits"] = {**resources["limits"], _GPU: str(group.gpus)}
    container["resources"] = resources
    if group.node_selector:
        spec["nodeSelector"] = dict(group.node_selector)
    if group.tolerations:
        spec["tolerations"] = [one.wire() for one in group.tolerations]
    return template
