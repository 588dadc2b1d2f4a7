"""A pool that KubeRay runs, from nothing to scaled away: what is applied, what is drained, what its condition says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import NOW, RELEASE, a_pool, a_progress
from ray_words import GROUPS, PODS

from understudy_api.order import NodeLoad
from understudy_api.renderpool import RenderPoolSpec, RenderPoolStatus
from understudy_operator.core.cluster_view import ClusterView, PodView
from understudy_operator.core.conditions import find
from understudy_operator.core.decide import decide_pool
from understudy_operator.core.pool_actions import ApplyRayCluster, DrainNodes, StartDirector
from understudy_operator.core.ray_cluster import digest_of
from understudy_operator.core.state import DirectorView, PoolState

HEAD = PodView(name="head", group="", address="10.0.0.9", ready=True)
WORKER = PodView(name="w1", group="cpu", address="10.0.0.1", ready=True)


def a_kuberay_pool(spec: dict[str, Any] | None = None, **changed: Any) -> PoolState:
    known = {
        "spec": RenderPoolSpec.model_validate({"kuberay": spec or GROUPS}),
        "ray_pods": PODS,
        "farm_namespace": "understudy-system",
    }
    return a_pool(**{**known, **changed})


def director(*orders: Any, nodes: tuple[NodeLoad, ...] = (), trainings: int = 0) -> DirectorView:
    workers = sum(node.performers for node in nodes)
    return DirectorView(
        id="d-1", release=RELEASE, workers=workers, busy=0, orders=orders, nodes=nodes, trainings=trainings
    )


def node(number: int, busy: int = 0, *, draining: bool = False) -> NodeLoad:
    return NodeLoad(address=f"10.0.0.{number}", performers=2, busy=busy, draining=draining)


def applied(state: PoolState, now: float = NOW) -> dict[str, Any] | None:
    found = [one.manifest for one in decide_pool(state, now).actions if isinstance(one, ApplyRayCluster)]
    assert len(found) < 2
    return dict(found[0]) if found else None


def after(state: PoolState, manifest: dict[str, Any]) -> PoolState:
    """The state once a manifest is applied and pods are as they were."""
    groups = manifest["spec"]["workerGroupSpecs"]
    seen = ClusterView(
        name=manifest["metadata"]["name"],
        spec_digest=digest_of(manifest),
        owned=True,
        nodes={one["groupName"]: one["replicas"] for one in groups},
        leaving={one["groupName"]: tuple(one["scaleStrategy"]["workersToDelete"]) for one in groups},
        pods=state.cluster.pods if state.cluster else (),
    )
    return replace(state, cluster=seen)


def replicas(manifest: dict[str, Any]) -> dict[str, int]:
    return {one["groupName"]: one["replicas"] for one in manifest["spec"]["workerGroupSpecs"]}


def ready(state: PoolState) -> tuple[str, str]:
    status = decide_pool(state, NOW).status or state.status
    found = find(status.conditions, "Ready")
    assert found is not None
    return found.status, found.reason


def test_a_pool_makes_its_cluster_once() -> None:
    state = a_kuberay_pool(director=None, ray_reachable=False, problem="nobody answers")
    manifest = applied(state)
    assert manifest is not None
    assert replicas(manifest) == {"cpu": 0, "gpu": 0}
    assert ready(state) == ("False", "ClusterStarting")
    assert applied(after(state, manifest)) is None


def test_its_director_is_started_once_its_head_answers() -> None:
    state = a_kuberay_pool(director=None, problem="connection refused")
    state = replace(after(state, applied(state) or {}))
    up = replace(state, cluster=replace(state.cluster, pods=(HEAD,)))  # type: ignore[type-var]
    assert any(isinstance(one, StartDirector) for one in decide_pool(up, NOW).actions)
    assert ready(up) == ("False", "Starting")


def test_nodes_come_for_work_and_go_drained() -> None:
    empty = a_kuberay_pool(director=director())
    state = after(empty, applied(empty) or {})
    assert ready(state) == ("True", "ScaledToZero")
    # Work: three nodes of the first group, one of the second.
    order = a_progress("ab" * 32, items_total=100)
    busy = replace(state, director=director(order))
    manifest = applied(busy)
    assert manifest is not None
    assert replicas(manifest) == {"cpu": 3, "gpu": 1}
    # Done: nothing happens for five minutes, then a node is drained, then it goes.
    idle = replace(
        after(state, manifest), director=director(nodes=(node(1),)), status=RenderPoolStatus.model_validate({})
    )
    idle = replace(idle, cluster=replace(idle.cluster, pods=(HEAD, WORKER)))  # type: ignore[type-var]
    status = decide_pool(idle, NOW).status
    assert status is not None
    assert {one.name: one.idle_since is not None for one in status.groups} == {"cpu": True, "gpu": True}
    assert applied(idle) is None
    late = replace(idle, status=status)
    drains = [one for one in decide_pool(late, NOW + 301).actions if isinstance(one, DrainNodes)]
    assert drains == [DrainNodes(pool="default", addresses=("10.0.0.1",))]
    first = applied(late, NOW + 301)
    assert first is not None
    assert replicas(first) == {"cpu": 1, "gpu": 0}, "what never came goes at once"
    drained = replace(after(late, first), director=director(nodes=(node(1, draining=True),)))
    last = applied(drained, NOW + 302)
    assert last is not None
    assert replicas(last)["cpu"] == 0
    assert last["spec"]["workerGroupSpecs"][0]["scaleStrategy"] == {"workersToDelete": ["w1"]}
    # Gone: nothing is drained any more, and nobody has to be named.
    gone = replace(after(drained, last), director=director())
    gone = replace(gone, cluster=replace(gone.cluster, pods=(HEAD,)))  # type: ignore[type-var]
    named = applied(gone, NOW + 303)
    assert named is not None
    assert named["spec"]["workerGroupSpecs"][0]["scaleStrategy"] == {"workersToDelete": []}
    assert applied(after(gone, named), NOW + 304) is None


def test_nothing_goes_while_a_twin_is_trained() -> None:
    state = a_kuberay_pool(director=director(nodes=(node(1),), trainings=1))
    seen = ClusterView(name="c", spec_digest="x", owned=True, nodes={"cpu": 2, "gpu": 0}, pods=(HEAD, WORKER))
    late = replace(state, cluster=seen, status=RenderPoolStatus.model_validate({"groups": []}))
    manifest = applied(late, NOW + 10_000)
    assert manifest is not None
    assert replicas(manifest)["cpu"] == 2


def test_nothing_goes_while_the_director_is_silent() -> None:
    seen = ClusterView(
        name="c", spec_digest="x", owned=True, nodes={"cpu": 2, "gpu": 1}, leaving={"cpu": ("w2",)}, pods=(HEAD, WORKER)
    )
    manifest = applied(a_kuberay_pool(director=None, problem="away", cluster=seen))
    assert manifest is not None
    assert replicas(manifest) == {"cpu": 2, "gpu": 1}
    assert manifest["spec"]["workerGroupSpecs"][0]["scaleStrategy"] == {"workersToDelete": ["w2"]}


FULL = replace(WORKER, ready=False, problem="ImagePullBackOff: no such image; check the image's name")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"cluster_problem": "knows no RayCluster"}, "KubeRayUnavailable"),
        ({"ray_pods": None}, "NoPodTemplates"),
        ({"cluster": ClusterView(name="c", spec_digest="", owned=False)}, "ClusterNotOurs"),
        ({"cluster": ClusterView(name="c", spec_digest="", owned=True, pods=(HEAD, FULL))}, "PodsNotStarting"),
        ({"cluster": ClusterView(name="c", spec_digest="", owned=True, pods=())}, "ClusterStarting"),
    ],
)
def test_what_keeps_it_from_rendering_is_named(changed: dict[str, Any], reason: str) -> None:
    state = a_kuberay_pool(director=None, problem="away", ray_reachable=False, **changed)
    assert ready(state) == ("False", reason)
    if reason not in {"PodsNotStarting", "ClusterStarting"}:
        assert applied(state) is None


def test_a_node_that_does_not_start_is_told_beside_those_that_work() -> None:
    seen = ClusterView(name="c", spec_digest="", owned=True, pods=(HEAD, WORKER, replace(FULL, name="w2")))
    state = a_kuberay_pool(director=director(nodes=(node(1),)), cluster=seen)
    assert ready(state) == ("True", "Ready")
    status = decide_pool(state, NOW).status
    assert status is not None
    assert "w2: ImagePullBackOff" in status.conditions[0].message


def test_an_adopted_cluster_is_looked_at_and_left_alone() -> None:
    state = a_kuberay_pool({"cluster": "mine"}, director=None, problem="away", ray_reachable=False)
    assert ready(state) == ("False", "NoSuchCluster")
    assert applied(state) is None
    seen = ClusterView(name="mine", spec_digest="", owned=False, nodes={"cpu": 5}, pods=(HEAD,))
    up = replace(state, cluster=seen, director=director(nodes=(node(1),)))
    assert ready(up) == ("True", "Ready")
    assert not [one for one in decide_pool(up, NOW).actions if isinstance(one, ApplyRayCluster | DrainNodes)]
