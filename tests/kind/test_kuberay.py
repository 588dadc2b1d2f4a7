"""A RenderPool that KubeRay runs, in real pods: nodes come for work, are lost, are drained, go; nothing is lost or made twice.

On a cluster that has KubeRay it is KubeRay that makes the pods (docs/verified.md), elsewhere a small controller in its place
(tests/support/ray_controller.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kuberay_site import GROUP, RayPool, ray_pool
from operator_site import until
from pod_farm import PodFarm

pytestmark = [pytest.mark.kind, pytest.mark.timeout(900)]
POOL = "rays"


@pytest.fixture(scope="module")
def rays(licensed: PodFarm) -> Iterator[RayPool]:
    """A pool of its own RayCluster, which the brand may use."""
    with ray_pool(licensed, POOL, {"groups": [GROUP]}) as pool:
        yield pool


def test_without_work_it_has_a_head_and_no_nodes(rays: RayPool) -> None:
    assert rays.ready()["reason"] == "ScaledToZero"
    assert (len(rays.pods("head")), rays.pods("worker")) == (1, [])


def test_nodes_come_for_work_and_a_lost_one_loses_nothing(rays: RayPool, campaign: dict[str, Any]) -> None:
    done = rays.farm.finish_whole(campaign, "nodes", lambda: rays.farm.kill(rays.pods("worker")[0]), POOL)
    assert done["status"]["takes"]["rendered"] > 0
    assert set(done["status"]["workerSecondsByGroup"]) == {"cpu"}
    assert float(done["status"]["cost"]["amount"]) > 0, "at the price of the group: the pool has none"


def test_idle_nodes_are_drained_and_go(rays: RayPool) -> None:
    until(lambda: rays.pods("worker"), lambda left: not left, 120)
    (group,) = until(lambda: rays.status["groups"], lambda groups: groups[0]["ready"] == 0, 30)
    assert group["nodes"] == 0


def test_a_lost_head_loses_nothing(rays: RayPool, campaign: dict[str, Any]) -> None:
    rays.farm.finish_whole(campaign, "head", lambda: rays.farm.kill(rays.pods("head")[0]), POOL)


def test_an_image_that_cannot_be_pulled_is_named(rays: RayPool) -> None:
    until(lambda: rays.pods("worker"), lambda left: not left, 120)  # so that one has to start
    broken = {**GROUP, "minNodes": 1, "image": "understudy/no-such-image:0"}
    rays.change(broken)
    try:
        said = until(lambda: rays.status["conditions"][0], lambda one: one["reason"] == "PodsNotStarting", 120)
        assert said["status"] == "False"
        assert "check the image's name" in said["message"]
    finally:
        rays.change(GROUP)
