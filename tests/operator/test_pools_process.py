"""Two RenderPools with the operator as a process: a job renders where it says, and a pool goes only when nothing runs there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cuttable import Relay
from operator_site import Admin, OperatorProcess, Site, Tenant, condition_of, resource, until

from understudy_operator.shell.key import Key

pytestmark = pytest.mark.farm
FAR = Key("RenderPool", "", "far")


@pytest.fixture
def far(admin: Admin, operator_site: Site, operator_process: OperatorProcess) -> Iterator[Relay]:
    """A second pool: the same director by another address."""
    relay = Relay("127.0.0.1", operator_site.peer.port)
    address = {"director": f"https://127.0.0.1:{relay.port}", "ray": operator_site.settings.ray.address}
    admin.create(resource("RenderPool", "", "far", {"address": address}))
    yield relay
    if admin.get(FAR) is not None:
        admin.delete(FAR)
    until(lambda: admin.get(FAR), lambda found: found is None, seconds=40)
    relay.close()


@pytest.fixture
def tenant(admin: Admin, new_tenant: Callable[[], Tenant]) -> Tenant:
    """A twin and its license."""
    made = new_tenant()
    admin.create(made.twin())
    admin.create(made.license())
    return made


def test_a_job_renders_where_it_says_and_its_pool_stays_while_it_does(
    admin: Admin, operator_site: Site, tenant: Tenant, far: Relay
) -> None:
    admin.wait(FAR, "Ready")
    body = admin.create(tenant.job("hello", poolRef={"name": "far"}))
    uid = body["metadata"]["uid"]
    assert until(lambda: operator_site.peer.held(uid)).order.pool == "far"
    operator_site.peer.lingering = True  # what is stopped takes its time
    admin.delete(FAR)
    leaving = until(lambda: admin.get(tenant.key("hello")), _has_no_pool)
    assert "no RenderPool far" in condition_of(leaving, "Dispatched")["message"]
    assert admin.get(FAR) is not None, "an order of it still runs"
    operator_site.peer.lingering = False
    until(lambda: admin.get(FAR), lambda found: found is None, seconds=40)
    until(lambda: operator_site.peer.held(uid), lambda held: held is None)


def _has_no_pool(job: Any) -> bool:
    return condition_of(job, "Dispatched").get("reason") == "PoolNotFound"


def test_a_pool_that_is_away_leaves_the_other_alone(
    admin: Admin, operator_site: Site, tenant: Tenant, far: Relay
) -> None:
    admin.wait(FAR, "Ready")
    far.cut()
    admin.wait(FAR, "Ready", "False", seconds=40)
    waiting = admin.create(tenant.job("there", poolRef={"name": "far"}))
    here = admin.create(tenant.job("here"))
    until(lambda: operator_site.peer.held(here["metadata"]["uid"]))
    assert operator_site.peer.held(waiting["metadata"]["uid"]) is None
    far.mend()
    until(lambda: operator_site.peer.held(waiting["metadata"]["uid"]), seconds=40)
