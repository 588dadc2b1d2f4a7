"""Operator and director together, both real, on a real Ray: started, spoken to, told apart by release, let go.

The twin of these jobs has a training result and the vault keeps no key of it, so performers have nothing to perform with:
the job waits, says why, and nothing is rendered. What is rendered when there is one is tested with the whole farm.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
from operator_site import Admin, Tenant, condition_of, resource, until

from understudy_api import token
from understudy_api.genesis import sign_genesis
from understudy_api.receipt import TrainingResult, training_key
from understudy_api.settings import OperatorSettings
from understudy_api.twinmodel import TwinModelSpec
from understudy_cli.local import process
from understudy_operator.core.training import training_order
from understudy_operator.shell import views
from understudy_operator.shell.key import Key
from understudy_operator.shell.objects import Objects

pytestmark = pytest.mark.farm
POOL = Key("RenderPool", "", "default")


@pytest.fixture(scope="module")
def whole_farm(farm: Any, admin: Admin, control_plane: Any, object_store: Any) -> Iterator[OperatorSettings]:
    """The farm with Ray and its own operator process."""
    site = farm.up(["ray", "vault", "operator"])
    if admin.get(POOL) is None:
        admin.create(resource("RenderPool", "", "default", {"embedded": {}}))
    yield OperatorSettings.load(site.home.operator_settings)
    if (known := process.recall(site.home.record("operator"))) is not None:
        process.stop(known.identity, grace_seconds=10)


def of_this_release(pool: dict[str, Any] | None) -> bool:
    """Ready, and not since a test before, whose pools are of no release."""
    return condition_of(pool, "Ready").get("status") == "True" and len(pool["status"].get("release", "")) == 64  # type: ignore[index]


def waits_for_a_key(job: dict[str, Any] | None) -> bool:
    said = condition_of(job, "Dispatched")
    keyless = "the vault keeps no key of it; train or import it here" in said.get("message", "")
    return said.get("reason") == "PoolWaiting" and keyless


def test_a_director_is_started_and_takes_orders(admin: Admin, whole_farm: OperatorSettings, object_store: Any) -> None:
    until(lambda: admin.get(POOL), of_this_release, seconds=120)
    tenant = _tenant(admin, whole_farm)
    twin = admin.create(tenant.twin())
    spec = views.spec(TwinModelSpec, twin)
    assert isinstance(spec, TwinModelSpec)
    order = training_order(views.identity(twin), spec)
    result = TrainingResult(
        digest=order.digest, twin_id=order.twin_id, state="Ready", version="0" * 64, finished_at=time.time()
    )
    pool = Objects(object_store.pool)
    pool.put("understudy-receipts", training_key(order.digest), result.model_dump_json().encode())
    admin.create(tenant.license())
    admin.create(tenant.job("keyless"))

    body = until(lambda: admin.get(tenant.key("keyless")), waits_for_a_key, seconds=120)
    assert body is not None
    assert body["status"]["items"] == {"total": 2, "done": 0, "failed": 0, "rejected": 0}
    assert body["status"]["takes"]["rendered"] == 0
    admin.delete(tenant.key("keyless"))
    until(lambda: admin.get(tenant.key("keyless")), lambda found: found is None, 60)


def _tenant(admin: Admin, settings: OperatorSettings) -> Tenant:
    root = token.new_key()
    genesis = sign_genesis(root, "Ada", int(time.time()), secrets.token_hex(16))
    thumbprint = token.thumbprint(token.load_key(settings.farm_key_file.read_text()))
    return Tenant(admin, admin.namespace("talent"), admin.namespace("brand"), root, genesis, thumbprint)
