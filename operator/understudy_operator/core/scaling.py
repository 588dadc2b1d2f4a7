"""How many nodes each group of a pool has: as many as there is work for, drained before they go, never below the minimum."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from understudy_api.kuberay import WorkerGroup
from understudy_api.order import NodeLoad, Progress
from understudy_operator.core.cluster_view import ClusterView, PodView
from understudy_operator.core.pool_view import ENDED


@dataclass(frozen=True, kw_only=True)
class GroupPlan:
    """What becomes of one group now."""

    nodes: int
    """Replicas to ask for."""
    leaving: tuple[str, ...] = ()
    """Names of the pods that KubeRay removes, those it was told of before and still has among them."""
    draining: tuple[str, ...] = ()
    """Addresses of nodes that get no more work: those that are leaving, and those that will when they hold nothing."""
    idle_since: float | None = None
    """Unix seconds since which fewer nodes than there are were needed."""


def work_left(orders: Iterable[Progress]) -> int:
    """Items that a director's orders still want; an order that does not say how many has at least one."""
    return sum(
        max(order.items_total - order.items_done, 1 if order.items_total == 0 else 0)
        for order in orders
        if order.state not in ENDED and order.state != "Suspended"
    )


def wanted_nodes(groups: Iterable[WorkerGroup], items: int) -> dict[str, int]:
    """Nodes that each group should have for so many items, a performer for each: groups are filled in their order."""
    wanted = {}
    for group in groups:
        nodes = min(max(math.ceil(items / group.cpus), group.min_nodes), group.max_nodes)
        wanted[group.name] = nodes
        items = max(items - nodes * group.cpus, 0)
    return wanted


def plan_group(
    group: WorkerGroup,
    wanted: int,
    cluster: ClusterView,
    loads: Mapping[str, NodeLoad],
    idle_since: float | None,
    now: float,
) -> GroupPlan:
    """What becomes of a group that should have `wanted` nodes; `loads` is what the director says of nodes by address.

    More nodes come at once. Fewer: after `idle_seconds` the least busy ones are drained, and each goes when it holds nothing.
    """
    told = set(cluster.leaving.get(group.name, ()))
    pods = [pod for pod in cluster.pods if pod.group == group.name]
    going = [pod for pod in pods if pod.name in told]
    nodes = cluster.nodes.get(group.name, group.min_nodes)
    if wanted >= nodes:
        return _plan(wanted, going)
    since = now if idle_since is None else idle_since
    if now - since < group.idle_seconds:
        return _plan(nodes, going, idle_since=since)
    staying = [pod for pod in pods if not pod.terminating and pod.name not in told]
    unborn = min(max(nodes - len(staying), 0), nodes - wanted)
    chosen = sorted(staying, key=lambda pod: _rank(pod, loads))[: nodes - wanted - unborn]
    free = [pod for pod in chosen if _is_free(pod, loads)]
    busy = [pod for pod in chosen if pod not in free]
    return _plan(nodes - unborn - len(free), [*going, *free], busy, idle_since=since)


def _plan(
    nodes: int, going: list[PodView], emptying: Sequence[PodView] = (), *, idle_since: float | None = None
) -> GroupPlan:
    """Nodes that go are kept drained until they are gone: they would be handed work that is lost with them."""
    return GroupPlan(
        nodes=nodes,
        leaving=tuple(pod.name for pod in going),
        draining=tuple(pod.address for pod in (*going, *emptying) if pod.address),
        idle_since=idle_since,
    )


def _rank(pod: PodView, loads: Mapping[str, NodeLoad]) -> tuple[bool, int, str]:
    """Who goes first: a node that is drained already, so that the choice stands; then the least busy."""
    load = loads.get(pod.address)
    return not (load is not None and load.draining), load.busy if load else 0, pod.name


def _is_free(pod: PodView, loads: Mapping[str, NodeLoad]) -> bool:
    """Whether a node may go now: it holds nothing, and cannot be handed anything any more."""
    load = loads.get(pod.address)
    return load is None or (load.draining and load.busy == 0)
