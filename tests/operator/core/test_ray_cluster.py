"""The RayCluster of a pool: the chart's templates, with what a group says on top."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from builders import an_identity
from ray_words import GROUPS, PODS

from understudy_api.kuberay import KubeRayPool
from understudy_operator.core.ray_cluster import address_of, cluster_name, digest_of, ray_cluster


def made(spec: dict[str, Any] | None = None, nodes: int = 1, leaving: tuple[str, ...] = ()) -> dict[str, Any]:
    pool = an_identity(namespace="", name="default")
    wanted = {"cpu": nodes, "gpu": 0}
    given = KubeRayPool.model_validate(spec or GROUPS)
    return ray_cluster(pool, given, PODS, "understudy-system", wanted, {"cpu": leaving})


def group(manifest: dict[str, Any], number: int) -> dict[str, Any]:
    found: dict[str, Any] = manifest["spec"]["workerGroupSpecs"][number]
    return found


def container(manifest: dict[str, Any], number: int) -> dict[str, Any]:
    found: dict[str, Any] = group(manifest, number)["template"]["spec"]["containers"][0]
    return found


def test_it_belongs_to_its_pool_and_keeps_our_commands() -> None:
    manifest = made()
    (owner,) = manifest["metadata"]["ownerReferences"]
    assert (manifest["metadata"]["name"], owner["kind"], owner["controller"]) == (
        "understudy-default",
        "RenderPool",
        True,
    )
    assert manifest["metadata"]["annotations"]["ray.io/overwrite-container-cmd"] == "true"
    assert manifest["spec"]["headGroupSpec"]["template"] == PODS.head


def test_a_worker_is_told_its_head_its_size_and_its_group_once() -> None:
    env = container(made(), 1)["env"]
    assert {one["name"]: one.get("value") for one in env} == {
        "RAY_HEAD": "understudy-default-head-svc.understudy-system.svc",
        "RAY_CPUS": "4",
        "RAY_GPUS": "1",
        "UNDERSTUDY_WORKER_GROUP": "gpu",
        "RAY_OVERRIDE_LABELS": '{"understudy.dev/worker-group": "gpu"}',
        "HOME": None,
    }
    assert len(env) == 6


def test_the_head_belongs_to_no_group_and_a_price_changes_no_node() -> None:
    assert "UNDERSTUDY_WORKER_GROUP" not in str(made()["spec"]["headGroupSpec"])
    priced = [{**one, "pricePerWorkerHour": {"amount": "0.60", "currency": "EUR"}} for one in GROUPS["groups"]]
    assert digest_of(made({"groups": priced})) == digest_of(made())


def test_groups_say_how_many_nodes_there_are_and_which_go() -> None:
    told = group(made(nodes=2, leaving=("w1",)), 0)
    assert (told["groupName"], told["replicas"], told["minReplicas"], told["maxReplicas"]) == ("cpu", 2, 0, 3)
    assert told["scaleStrategy"] == {"workersToDelete": ["w1"]}


def test_a_group_chooses_its_machines() -> None:
    spec = {
        "groups": [
            {
                "name": "cpu",
                "gpus": 2,
                "image": "other:2",
                "resources": {"requests": {"cpu": "4"}, "limits": {"memory": "8Gi"}},
                "nodeSelector": {"gpu": "l4"},
                "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
            }
        ]
    }
    pod = group(made(spec), 0)["template"]["spec"]
    assert pod["nodeSelector"] == {"gpu": "l4"}
    assert pod["tolerations"] == [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert pod["containers"][0]["image"] == "other:2"
    assert pod["containers"][0]["resources"] == {
        "requests": {"cpu": "4"},
        "limits": {"memory": "8Gi", "nvidia.com/gpu": "2"},
    }


@pytest.mark.parametrize(
    ("redis", "wanted"),
    [
        ({"address": "redis:6379"}, {"redisAddress": "redis:6379"}),
        (
            {"address": "redis:6379", "passwordSecret": "redis"},
            {
                "redisAddress": "redis:6379",
                "redisPassword": {"valueFrom": {"secretKeyRef": {"name": "redis", "key": "password"}}},
            },
        ),
    ],
)
def test_a_redis_keeps_the_heads_state(redis: dict[str, str], wanted: dict[str, Any]) -> None:
    assert made({**GROUPS, "redis": redis})["spec"]["gcsFaultToleranceOptions"] == wanted
    assert "gcsFaultToleranceOptions" not in made()["spec"]


@pytest.mark.parametrize(
    ("redis", "told"),
    [
        (None, []),
        ({"address": "redis:6379"}, []),
        ({"address": "redis:6379", "passwordSecret": "redis"}, ["--redis-password=$(REDIS_PASSWORD)"]),
    ],
)
def test_ray_is_told_the_password_by_its_command_line(redis: dict[str, str] | None, told: list[str]) -> None:
    """KubeRay puts it into the environment, and leaves commands that are the farm's own as they are."""
    spec = made({**GROUPS, "redis": redis} if redis else GROUPS)["spec"]
    command = spec["headGroupSpec"]["template"]["spec"]["containers"][0]["command"]
    assert command == [*PODS.head["spec"]["containers"][0]["command"], *told]


def test_its_digest_changes_with_its_spec_alone() -> None:
    assert digest_of(made()) == digest_of(made())
    assert len({digest_of(made()), digest_of(made(nodes=2)), digest_of(made(leaving=("w1",)))}) == 3
    assert digest_of({"metadata": {}}) == ""


def test_templates_are_left_as_they_are() -> None:
    before = copy.deepcopy(PODS)
    made({"groups": [{"name": "cpu", "image": "other:2", "nodeSelector": {"a": "b"}}]})
    assert before == PODS


@pytest.mark.parametrize("pool", ["default", "a", "x" * 24, "x" * 25, "with.dots", "x" * 253])
def test_kuberay_can_name_a_service_after_it(pool: str) -> None:
    name = cluster_name(pool)
    assert len(f"{name}-head-svc") <= 50
    assert "." not in name
    assert cluster_name(pool) == name


def test_pools_have_clusters_of_their_own() -> None:
    assert len({cluster_name(pool) for pool in ("a", "b", "x" * 25, "x" * 26, "a.b")}) == 5


def test_director_and_ray_answer_at_the_heads_service() -> None:
    assert address_of("mine", "default", "ns") == (
        "https://mine-head-svc.ns.svc:8443",
        "http://mine-head-svc.ns.svc:8265",
    )
    assert address_of(None, "default", "ns")[0] == "https://understudy-default-head-svc.ns.svc:8443"
