"""Nodes come at once and go late, drained; whatever happens, none goes that holds work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import NOW, a_progress
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.kuberay import WorkerGroup
from understudy_api.order import NodeLoad
from understudy_operator.core.cluster_view import ClusterView, PodView
from understudy_operator.core.scaling import GroupPlan, plan_group, wanted_nodes, work_left

GROUP = WorkerGroup(name="cpu", min_nodes=1, max_nodes=4, cpus=2, idle_seconds=60)


def pod(number: int, *, ready: bool = True, terminating: bool = False) -> PodView:
    return PodView(name=f"w{number}", group="cpu", address=f"10.0.0.{number}", ready=ready, terminating=terminating)


def load(number: int, busy: int = 0, *, draining: bool = False) -> tuple[str, NodeLoad]:
    address = f"10.0.0.{number}"
    return address, NodeLoad(address=address, performers=2, busy=busy, draining=draining)


def cluster(nodes: int, *pods: PodView, leaving: tuple[str, ...] = ()) -> ClusterView:
    return ClusterView(name="c", spec_digest="", owned=True, nodes={"cpu": nodes}, leaving={"cpu": leaving}, pods=pods)


@pytest.mark.parametrize(
    ("state", "total", "done", "left"),
    [
        ("Running", 10, 4, 6),
        ("WaitingForGrant", 10, 0, 10),
        ("Running", 0, 3, 1),
        ("Finishing", 10, 10, 0),
        ("Finished", 10, 4, 0),
        ("Stopped", 10, 4, 0),
        ("Suspended", 10, 4, 0),
    ],
)
def test_what_an_order_still_wants(state: str, total: int, done: int, left: int) -> None:
    assert work_left([a_progress("ab" * 32, state=state, items_total=total, items_done=done)]) == left


@pytest.mark.parametrize(
    ("items", "cheap", "dear"),
    [(0, 1, 0), (2, 1, 0), (3, 2, 0), (4, 2, 0), (5, 2, 1), (8, 2, 1), (1000, 2, 3)],
)
def test_groups_are_filled_in_their_order(items: int, cheap: int, dear: int) -> None:
    groups = (
        WorkerGroup(name="cheap", min_nodes=1, max_nodes=2, cpus=2),
        WorkerGroup(name="dear", min_nodes=0, max_nodes=3, cpus=4),
    )
    assert wanted_nodes(groups, items) == {"cheap": cheap, "dear": dear}


@given(st.integers(0, 5000), st.integers(0, 4), st.integers(1, 9), st.integers(1, 8))
def test_no_group_leaves_its_bounds(items: int, least: int, more: int, cpus: int) -> None:
    group = WorkerGroup(name="cpu", min_nodes=least, max_nodes=least + more, cpus=cpus)
    nodes = wanted_nodes([group], items)["cpu"]
    assert least <= nodes <= least + more
    assert nodes * cpus >= min(items, (least + more) * cpus)


def test_more_nodes_come_at_once_and_undo_a_drain() -> None:
    seen = cluster(2, pod(1), pod(2))
    assert plan_group(GROUP, 4, seen, dict([load(1, draining=True)]), NOW - 500, NOW) == GroupPlan(nodes=4)


def test_fewer_nodes_wait_until_the_group_was_idle_long_enough() -> None:
    seen, loads = cluster(2, pod(1), pod(2)), dict([load(1), load(2)])
    assert plan_group(GROUP, 1, seen, loads, None, NOW) == GroupPlan(nodes=2, idle_since=NOW)
    assert plan_group(GROUP, 1, seen, loads, NOW - 59, NOW) == GroupPlan(nodes=2, idle_since=NOW - 59)
    assert plan_group(GROUP, 1, seen, loads, NOW - 60, NOW).draining == ("10.0.0.1",)


def test_a_node_is_drained_before_it_goes_and_the_least_busy_one_is_chosen() -> None:
    seen, since = cluster(2, pod(1), pod(2)), NOW - 60
    first = plan_group(GROUP, 1, seen, dict([load(1, 2), load(2, 1)]), since, NOW)
    assert (first.nodes, first.leaving, first.draining) == (2, (), ("10.0.0.2",))
    # Drained, still at work; then free, but somebody else is less busy by now: the choice stands.
    busy = plan_group(GROUP, 1, seen, dict([load(1, 0), load(2, 1, draining=True)]), since, NOW)
    assert (busy.nodes, busy.leaving, busy.draining) == (2, (), ("10.0.0.2",))
    free = plan_group(GROUP, 1, seen, dict([load(1, 0), load(2, 0, draining=True)]), since, NOW)
    assert (free.nodes, free.leaving, free.draining) == (1, ("w2",), ("10.0.0.2",))


@pytest.mark.parametrize("terminating", [True, False])
@pytest.mark.parametrize(("wanted", "idle"), [(0, 0), (1, 0), (0, 60), (1, 60), (4, 60)])
def test_what_goes_is_named_and_kept_drained_until_it_is_gone(terminating: bool, wanted: int, idle: int) -> None:
    """Else KubeRay would choose a pod by itself, and the director would hand work to a node that is going."""
    group, loads = GROUP.model_copy(update={"min_nodes": 0}), dict([load(1, 2), load(2, draining=True)])
    going = cluster(1, pod(1), pod(2, terminating=terminating), leaving=("w2",))
    plan = plan_group(group, wanted, going, loads, NOW - idle, NOW)
    assert plan.leaving == ("w2",)
    assert set(plan.draining) == ({"10.0.0.1", "10.0.0.2"} if wanted == 0 and idle == 60 else {"10.0.0.2"})
    gone = plan_group(group, wanted, replace(going, pods=(pod(1),)), loads, NOW - idle, NOW)
    assert (gone.leaving, "10.0.0.2" in gone.draining) == ((), False)


def test_nodes_that_never_came_go_without_a_drain() -> None:
    plan = plan_group(GROUP, 1, cluster(4, pod(1), pod(2, ready=False)), dict([load(1, 2)]), NOW - 60, NOW)
    assert (plan.nodes, plan.leaving) == (1, ("w2",))


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans()), max_size=6),
    st.integers(0, 4),
    st.integers(0, 8),
    st.integers(0, 120),
)
def test_no_node_goes_that_may_hold_work(
    nodes: list[tuple[int, bool, bool]], wanted: int, replicas: int, idle: int
) -> None:
    pods = [pod(number, ready=ready) for number, (_, _, ready) in enumerate(nodes)]
    loads = dict(load(number, busy, draining=drained) for number, (busy, drained, _) in enumerate(nodes))
    plan = plan_group(GROUP, wanted, cluster(max(replicas, len(pods)), *pods), loads, NOW - idle, NOW)
    by_name = {one.name: loads[one.address] for one in pods}
    assert all(by_name[name].draining and by_name[name].busy == 0 for name in plan.leaving)
    assert plan.nodes >= len(pods) - len(plan.leaving) or plan.nodes >= wanted
    assert plan.nodes >= min(wanted, max(replicas, len(pods)))
    assert plan_group(GROUP, wanted, cluster(max(replicas, len(pods)), *pods), loads, NOW - idle, NOW) == plan
