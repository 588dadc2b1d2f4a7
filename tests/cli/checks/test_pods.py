"""Pods of a farm: what a kubelet or scheduler would say of them, and the cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kubectl_site import administrator, service_account

from understudy_cli.checks.pods import CURES, judged, pods


def a_pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "operator-1"}, "status": status}


def waiting(reason: str, message: str = "", last: str = "") -> dict[str, Any]:
    """A pod whose one container waits, after it ended for `last`."""
    ended = {"lastState": {"terminated": {"reason": last, "exitCode": 1}}} if last else {}
    container = {"name": "main", "state": {"waiting": {"reason": reason, "message": message}}, **ended}
    return a_pod(phase="Pending", containerStatuses=[container])


@pytest.mark.parametrize("reason", [one for one in CURES if one not in {"Unschedulable", "OOMKilled"}])
def test_a_container_that_cannot_start_is_named_with_its_cure(reason: str) -> None:
    found = judged(waiting(reason, "because"))
    assert found is not None
    assert (found.name, found.result, found.message) == ("pod operator-1", "fail", f"{reason}: because")
    assert found.cure == CURES[reason]


def test_a_full_node_is_a_matter_of_room() -> None:
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: cpu"}
    found = judged(a_pod(phase="Pending", conditions=[scheduled]))
    assert found is not None
    assert found.message == "Unschedulable: 0/1 nodes: cpu"
    assert "node" in found.cure


def test_lack_of_memory_says_more_than_the_crash_loop_that_follows() -> None:
    found = judged(waiting("CrashLoopBackOff", last="OOMKilled"))
    assert found is not None
    assert "more memory" in found.cure
    crashed = judged(waiting("CrashLoopBackOff", "back-off 10s", last="Error"))
    assert crashed is not None
    assert "--previous" in crashed.cure


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing"])
def test_a_pod_that_starts_is_no_trouble(reason: str) -> None:
    assert judged(waiting(reason)) is None


def test_a_pod_that_runs_again_after_a_crash_is_no_trouble() -> None:
    ended = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
    running = {"name": "main", "state": {"running": {}}, "lastState": ended}
    assert judged(a_pod(phase="Running", containerStatuses=[running])) is None


@pytest.mark.farm
def test_a_real_pod_is_found(control_plane: Any, tmp_path: Path) -> None:
    kubectl, namespace = administrator(control_plane), "doctor-pods"
    nobody = service_account(control_plane, namespace, "nobody", tmp_path)
    assert [one.result for one in pods(nobody, namespace)] == ["skip"]
    assert "none in namespace" in pods(kubectl, namespace)[0].message
    spec = {
        "serviceAccountName": "nobody",
        "automountServiceAccountToken": False,
        "containers": [{"name": "main", "image": "understudy/operator:missing"}],
    }
    kubectl.apply(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "namespace": namespace}, "spec": spec}
    )
    assert [one.result for one in pods(kubectl, namespace)] == ["pass"]
    kubectl.patch_status("pod", "one", namespace, waiting("ImagePullBackOff", "not found")["status"])
    (found,) = pods(kubectl, namespace)
    assert (found.name, found.message) == ("pod one", "ImagePullBackOff: not found")
