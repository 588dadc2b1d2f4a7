"""A Ray whose head keeps its state in a Redis: the head is lost, its workers stay, and nothing is lost or made twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from chart_site import NAMESPACE
from kuberay_site import GROUP, RayPool, ray_pool
from pod_farm import CLUSTER, PodFarm, load_built

pytestmark = [pytest.mark.kind, pytest.mark.timeout(900)]
POOL = "durable"
IMAGE = "understudy/redis:test"
LABELS = {"app": "redis"}


@pytest.fixture(scope="module")
def redis(licensed: PodFarm) -> Iterator[dict[str, Any]]:
    """A Redis in the farm's namespace, as `spec.kuberay.redis` names it."""
    load_built(CLUSTER, IMAGE, "redis")
    secret = {"kind": "Secret", "stringData": {"password": "tried-and-true"}}
    service = {"kind": "Service", "spec": {"selector": LABELS, "ports": [{"port": 6379}]}}
    objects = [secret, {"kind": "Pod", "spec": _pod()}, service]
    for one in objects:
        licensed.kubectl.apply(
            {**one, "apiVersion": "v1", "metadata": {"name": "redis", "namespace": NAMESPACE, "labels": LABELS}}
        )
    licensed.run("wait", "pod/redis", "-n", NAMESPACE, "--for=condition=Ready", "--timeout=60s")
    yield {"address": f"redis.{NAMESPACE}.svc:6379", "passwordSecret": "redis"}
    licensed.run("delete", "pod/redis", "service/redis", "secret/redis", "-n", NAMESPACE, "--grace-period=0", "--force")


def _pod() -> dict[str, Any]:
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    password = {"secretKeyRef": {"name": "redis", "key": "password"}}
    container = {
        "name": "redis",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": "REDIS_PASSWORD", "valueFrom": password}],
        "readinessProbe": {"tcpSocket": {"port": 6379}, "periodSeconds": 1},
        "securityContext": security,
    }
    whole = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"automountServiceAccountToken": False, "securityContext": whole, "containers": [container]}


@pytest.fixture(scope="module")
def rays(licensed: PodFarm, redis: dict[str, Any]) -> Iterator[RayPool]:
    """A pool whose head keeps its state there, with one node that stays."""
    with ray_pool(licensed, POOL, {"groups": [{**GROUP, "minNodes": 1}], "redis": redis}) as pool:
        pool.ready()
        yield pool


def test_workers_outlive_their_head_and_nothing_is_lost(rays: RayPool, campaign: dict[str, Any]) -> None:
    kept: list[str] = []

    def kill() -> None:
        kept.extend(rays.pods("worker"))
        rays.farm.kill(rays.pods("head")[0])

    rays.farm.finish_whole(campaign, "durable", kill, POOL)
    assert kept
    assert set(kept) <= set(rays.pods("worker"))
    restarts = [_restarts(rays.farm, pod) for pod in kept]
    assert restarts == [0] * len(kept), "nodes wait for the head that comes again"


def test_a_second_loss_finds_the_same_state(rays: RayPool, campaign: dict[str, Any]) -> None:
    rays.farm.kill(rays.pods("head")[0])
    rays.farm.finish_whole(campaign, "durable-again", lambda: None, POOL)


def _restarts(farm: PodFarm, pod: str) -> int:
    return int(farm.kubectl.get("pod", pod, NAMESPACE)["status"]["containerStatuses"][0]["restartCount"])
