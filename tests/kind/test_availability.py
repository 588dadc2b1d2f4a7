"""What a farm in pods survives: its leader gone or frozen, the API server or the object store away for a minute, a node drained or lost."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from chart_site import NAMESPACE
from live_farm import BRAND
from operator_site import until
from pod_farm import CLUSTER, PodFarm, engine

from understudy_cli.campaign import manifests
from understudy_cli.errors import UserError

pytestmark = [pytest.mark.kind, pytest.mark.timeout(900)]
CONTROL_PLANE = f"{CLUSTER}-control-plane"
AWAY_SECONDS = 60
STANDBY_SECONDS = 15
"""What the standby may take to act once the leader is gone."""


def answers(farm: PodFarm) -> bool:
    """Whether the API server does."""
    with contextlib.suppress(UserError, AssertionError):
        return bool(farm.run("get", "--raw", "/readyz"))
    return False


def test_what_was_installed_at_once_waited_for_each_other_and_nothing_was_started_twice(farm: PodFarm) -> None:
    """Before anything here was killed."""
    pods = farm.kubectl.every("pods", "-n", NAMESPACE)
    starts = {pod["metadata"]["name"]: pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods}
    assert len(starts) >= 6
    assert set(starts.values()) == {0}, starts


def test_a_standby_acts_soon_after_the_leader_was_killed(licensed: PodFarm, campaign: dict[str, Any]) -> None:
    until(lambda: len(licensed.pods("operator")), lambda count: count == 2, 60)
    job = manifests.refused(campaign)
    job["metadata"]["name"] = "while-nobody-leads"
    killed = licensed.leader()
    licensed.signal(killed, "KILL")
    began = time.monotonic()
    licensed.kubectl.apply(job)
    where = ("renderjob", job["metadata"]["name"], BRAND)
    until(lambda: licensed.kubectl.get(*where).get("status", {}).get("conditions"), seconds=STANDBY_SECONDS)
    assert time.monotonic() - began <= STANDBY_SECONDS
    assert licensed.leader() != killed


def test_a_leader_frozen_past_its_lease_does_nothing_twice(licensed: PodFarm, campaign: dict[str, Any]) -> None:
    """Two operators are alive for a while, and both believe that they lead."""

    def freeze() -> None:
        frozen = licensed.leader()
        licensed.signal(frozen, "STOP")
        try:
            until(licensed.leader, lambda leader: leader != frozen, 40)
        finally:
            licensed.signal(frozen, "CONT")

    licensed.finish_whole(campaign, "frozen", freeze)


def test_the_farm_waits_for_an_api_server_that_is_away(licensed: PodFarm, campaign: dict[str, Any]) -> None:
    def pause() -> None:
        engine("docker", "pause", CONTROL_PLANE)
        try:
            time.sleep(AWAY_SECONDS)
        finally:
            engine("docker", "unpause", CONTROL_PLANE)
        until(lambda: answers(licensed), seconds=120)

    licensed.finish_whole(campaign, "headless", pause)


def test_the_farm_waits_for_an_object_store_that_is_away(licensed: PodFarm, campaign: dict[str, Any]) -> None:
    scale = ("scale", "statefulset/understudy-minio", "-n", NAMESPACE)

    def take_away() -> None:
        licensed.run(*scale, "--replicas=0")
        until(lambda: licensed.pods("minio"), lambda pods: not pods, 60)
        time.sleep(AWAY_SECONDS)
        licensed.run(*scale, "--replicas=1")
        licensed.run("rollout", "status", "statefulset/understudy-minio", "-n", NAMESPACE, "--timeout=100s")

    licensed.finish_whole(campaign, "storeless", take_away)


@pytest.fixture
def spare(licensed: PodFarm) -> str:
    """The node without volumes, with a worker of Ray on it."""
    (store,) = licensed.pods("minio")
    keeper = licensed.node(store)
    licensed.run("cordon", keeper)
    try:
        for pod in licensed.pods("ray-worker"):
            licensed.kill(pod)
        elsewhere = until(
            lambda: {licensed.node(pod) for pod in licensed.pods("ray-worker")} - {"", keeper}, seconds=100
        )
    finally:
        licensed.run("uncordon", keeper)
    licensed.run("rollout", "status", "deployment/understudy-ray-worker", "-n", NAMESPACE, "--timeout=100s")
    (found,) = elsewhere
    return found


def test_a_node_that_is_drained_loses_nothing(licensed: PodFarm, campaign: dict[str, Any], spare: str) -> None:
    def drain() -> None:
        patience = ("--ignore-daemonsets", "--delete-emptydir-data", "--timeout=200s")
        try:
            licensed.run("drain", spare, *patience, limit_seconds=240)
        finally:
            licensed.run("uncordon", spare)

    licensed.finish_whole(campaign, "drained", drain)


def test_a_machine_that_is_lost_for_good_loses_nothing(licensed: PodFarm, campaign: dict[str, Any], spare: str) -> None:
    """Its power goes, and its node is removed, as a cloud's controller does it; the job ends before it is back."""

    def lose() -> None:
        engine("docker", "kill", spare)
        licensed.run("delete", "node", spare)

    try:
        licensed.finish_whole(campaign, "powerless", lose)
    finally:
        engine("docker", "start", spare)
        until(lambda: ready(licensed, spare), seconds=120)
    licensed.run("rollout", "status", "deployment/understudy-operator", "-n", NAMESPACE, "--timeout=100s")


def ready(farm: PodFarm, node: str) -> bool:
    """Whether a node is there and may be given pods."""
    shown = farm.run("get", "node", node, "--ignore-not-found", "-o", "jsonpath={.status.conditions}")
    return '"status":"True","type":"Ready"' in shown
