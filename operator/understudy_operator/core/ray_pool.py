"""A RenderPool that KubeRay runs: its RayCluster is written, scaled and drained; one that is adopted is only looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from understudy_api.kuberay import GroupStatus, KubeRayPool
from understudy_operator.core.actions import Action
from understudy_operator.core.conditions import Said
from understudy_operator.core.pool_actions import ApplyRayCluster, DrainNodes
from understudy_operator.core.ray_cluster import cluster_name, digest_of, ray_cluster
from understudy_operator.core.scaling import GroupPlan, plan_group, wanted_nodes, work_left
from understudy_operator.core.state import PoolState, SpecProblem
from understudy_operator.core.times import rfc3339, unix_seconds

LOOK_SECONDS: Final = 2.0
"""How often a pool that may grow or shrink is looked at."""


def kuberay_of(state: PoolState) -> KubeRayPool | None:
    """What the pool says of KubeRay; None when it is reached in another way."""
    return None if isinstance(state.spec, SpecProblem) else state.spec.kuberay


def scaled(state: PoolState, now: float) -> dict[str, GroupPlan]:
    """What becomes of each group of the pool's own RayCluster; empty for every other pool."""
    spec = kuberay_of(state)
    if spec is None or not spec.groups:
        return {}
    director, cluster = state.director, state.cluster
    if cluster is None:
        return {group.name: GroupPlan(nodes=group.min_nodes) for group in spec.groups}
    if director is None:  # nobody says what is busy: nothing goes, and what was told to go may go on
        return {
            group.name: GroupPlan(
                nodes=min(max(cluster.nodes.get(group.name, 0), group.min_nodes), group.max_nodes),
                leaving=cluster.leaving.get(group.name, ()),
            )
            for group in spec.groups
        }
    wanted = wanted_nodes(spec.groups, work_left(director.orders) + director.trainings)
    if director.trainings:  # nobody knows on which node
        wanted = {name: max(nodes, cluster.nodes.get(name, 0)) for name, nodes in wanted.items()}
    loads = {node.address: node for node in director.nodes}
    idle = {one.name: unix_seconds(one.idle_since) for one in state.status.groups}
    return {
        group.name: plan_group(group, wanted[group.name], cluster, loads, idle.get(group.name), now)
        for group in spec.groups
    }


def ray_actions(state: PoolState, plans: Mapping[str, GroupPlan]) -> tuple[Action, ...]:
    """Drains first, so that nothing is handed to a node that goes; then the RayCluster as it should stand."""
    spec = kuberay_of(state)
    if spec is None or not spec.groups or state.ray_pods is None or state.cluster_problem:
        return ()
    if state.cluster is not None and not state.cluster.owned:
        return ()
    actions: list[Action] = []
    if state.director is not None:
        draining = tuple(sorted(address for plan in plans.values() for address in plan.draining))
        if draining != tuple(sorted(node.address for node in state.director.nodes if node.draining)):
            actions.append(DrainNodes(pool=state.identity.name, addresses=draining))
    nodes = {name: plan.nodes for name, plan in plans.items()}
    leaving = {name: plan.leaving for name, plan in plans.items()}
    wanted = ray_cluster(state.identity, spec, state.ray_pods, state.farm_namespace, nodes, leaving)
    if state.cluster is None or state.cluster.spec_digest != digest_of(wanted):
        actions.append(ApplyRayCluster(manifest=wanted))
    return tuple(actions)


def group_statuses(state: PoolState, plans: Mapping[str, GroupPlan]) -> tuple[GroupStatus, ...]:
    """How many nodes each group has."""
    pods = state.cluster.pods if state.cluster else ()
    return tuple(
        GroupStatus(
            name=name,
            nodes=plan.nodes,
            ready=sum(pod.ready and not pod.terminating for pod in pods if pod.group == name),
            draining=len(plan.draining),
            idle_since=rfc3339(plan.idle_since) if plan.idle_since is not None else None,
        )
        for name, plan in plans.items()
    )


def cluster_said(state: PoolState) -> Said | None:
    """Why a pool of KubeRay cannot render, or what it waits for; None when its director tells the rest."""
    spec = kuberay_of(state)
    if spec is None:
        return None
    cluster, name = state.cluster, cluster_name(state.identity.name, spec.cluster)
    if state.cluster_problem:
        return Said("Ready", "False", "KubeRayUnavailable", state.cluster_problem)
    if spec.cluster is not None and cluster is None:
        cure = "create it, or name another one"
        return Said("Ready", "False", "NoSuchCluster", f"no RayCluster {name} in {state.farm_namespace}; {cure}")
    if spec.groups and state.ray_pods is None:
        cure = "install the farm with its Helm chart, which writes them"
        return Said("Ready", "False", "NoPodTemplates", f"the operator's settings hold no ray_pods; {cure}")
    if cluster is not None and spec.groups and not cluster.owned:
        cure = "delete it, or adopt it with kuberay.cluster"
        return Said(
            "Ready", "False", "ClusterNotOurs", f"RayCluster {name} is there and belongs to somebody else; {cure}"
        )
    if cluster is not None and cluster.problem and not (state.director is not None and state.director.workers):
        return Said("Ready", "False", "PodsNotStarting", cluster.problem[:500])
    if state.director is None and (cluster is None or cluster.head is None or not cluster.head.ready):
        return Said("Ready", "False", "ClusterStarting", f"RayCluster {name} has no head yet that is ready")
    if state.director is not None and state.director.workers == 0 and spec.groups:
        return Said("Ready", "True", "ScaledToZero", "no performers now; nodes start when there is work")
    return None
