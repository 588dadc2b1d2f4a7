"""Templates and groups of a RayCluster, small."""

from __future__ import annotations

from typing import Any

from understudy_api.settings import RayPods

PODS = RayPods(
    ray_version="2.60.0",
    head={
        "metadata": {"labels": {"a": "head"}},
        "spec": {"containers": [{"name": "ray", "image": "render:1", "command": ["ray", "start", "--head"]}]},
    },
    worker={
        "metadata": {"labels": {"a": "worker"}},
        "spec": {
            "containers": [
                {"name": "ray", "image": "render:1", "env": [{"name": "RAY_CPUS", "value": "9"}, {"name": "HOME"}]}
            ]
        },
    },
)
GROUPS: dict[str, Any] = {"groups": [{"name": "cpu", "maxNodes": 3}, {"name": "gpu", "gpus": 1, "cpus": 4}]}
