"""Ground that gives way: a ledger that cannot be written or was written badly, a store without conditions, clocks apart.

Every time nothing is promised or made, the job says what to do, and it goes on by itself once that is done.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conditionless import without_conditions
from operator_site import Admin, OperatorProcess, Site, Tenant, condition_of, until

from understudy_api.ledger.account import account_id
from understudy_api.ledger.chain import link_key
from understudy_api.settings import OperatorSettings
from understudy_cli.local import buckets
from understudy_cli.local.keys import Account
from understudy_cli.local.plan import free_ports
from understudy_operator.shell.key import Key

pytestmark = pytest.mark.farm
LEDGER = "understudy-ledger"
SHIFTED = (
    "import sys, time; real, off = time.time, float(sys.argv.pop(1)); time.time = lambda: real() + off; "
    "from understudy_operator.__main__ import main; raise SystemExit(main())"
)
"""An operator whose clock is off by so many seconds."""


def tenant_of(admin: Admin, new_tenant: Callable[[], Tenant], ready: bool = True, **terms: Any) -> Tenant:
    tenant = new_tenant()
    admin.create(tenant.twin())
    admin.create(tenant.license(**terms))
    if ready:
        admin.wait(Key("TwinModel", tenant.owner, "ada"), "Ready")
        admin.wait(Key("License", tenant.owner, "spring"), "Valid")
    return tenant


def interrupted(admin: Admin, key: Key) -> dict[str, Any]:
    """The condition by which a job says that it cannot be looked after."""
    body = until(
        lambda: admin.get(key), lambda one: condition_of(one, "Interrupted").get("status") == "True", seconds=40
    )
    return condition_of(body, "Interrupted")


def complete(admin: Admin, peer: Any, tenant: Tenant, name: str) -> None:
    """The job goes on and is finished."""
    uid = admin.get(tenant.key(name))["metadata"]["uid"]  # type: ignore[index]
    until(lambda: peer.held(uid), seconds=60)
    peer.make_items(uid, 2)
    admin.wait(tenant.key(name), "Complete", seconds=60)


def test_a_ledger_that_is_read_only_promises_nothing(
    admin: Admin,
    operator_site: Site,
    operator_process: OperatorProcess,
    new_tenant: Callable[[], Tenant],
    object_store: Any,
) -> None:
    tenant = tenant_of(admin, new_tenant)
    account = Account(
        access_key=object_store.operator.access_key,
        secret_key=object_store.operator.secret_key.get_secret_value(),
    )
    whole = buckets.operator_policy()
    barred = {"Effect": "Deny", "Action": ["s3:PutObject"], "Resource": [f"arn:aws:s3:::{LEDGER}/*"]}
    buckets.make_account(object_store.root, account, "operator", {**whole, "Statement": [*whole["Statement"], barred]})
    try:
        body = admin.create(tenant.job("hello"))
        said = interrupted(admin, tenant.key("hello"))
        assert "AccessDenied" in said["message"]
        assert "check endpoint, credentials and what they may do there" in said["message"]
        assert operator_site.peer.held(body["metadata"]["uid"]) is None
    finally:
        buckets.make_account(object_store.root, account, "operator", whole)
    complete(admin, operator_site.peer, tenant, "hello")


def test_a_half_written_link_stops_its_license_until_it_is_looked_at(
    admin: Admin,
    operator_site: Site,
    operator_process: OperatorProcess,
    new_tenant: Callable[[], Tenant],
    object_store: Any,
) -> None:
    tenant = tenant_of(admin, new_tenant)
    token_text = admin.get(Key("License", tenant.owner, "spring"))["spec"]["token"]  # type: ignore[index]
    account, store = account_id(token_text), buckets.client(object_store.root)
    assert account is not None
    present = [one.object_name for one in store.list_objects(LEDGER, prefix=f"licenses/{account}/")]
    key, half = link_key(account, len(present)), b'{"sequence": 0, "previ'
    store.put_object(LEDGER, key, io.BytesIO(half), len(half))
    body = admin.create(tenant.job("hello"))
    said = interrupted(admin, tenant.key("hello"))
    assert key in said["message"]
    assert "run `understudy ledger verify`" in said["message"]
    assert operator_site.peer.held(body["metadata"]["uid"]) is None
    store.remove_object(LEDGER, key)
    complete(admin, operator_site.peer, tenant, "hello")


Start = Callable[..., None]


@pytest.fixture
def other_operator(operator_site: Site, operator_process: OperatorProcess, tmp_path: Any) -> Iterator[Start]:
    """Starts, in place of the module's operator, one whose clock is off or whose settings differ."""
    ports = free_ports(2)
    children: list[subprocess.Popen[bytes]] = []

    def start(clock_off_seconds: float = 0.0, **differing: Any) -> None:
        operator_process.end()
        for child in children:
            child.terminate()
            child.wait(20)
        children.clear()
        update = {"metrics_port": ports[0], "health_port": ports[1], **differing}
        path = tmp_path / "operator.json"
        path.write_text(OperatorSettings.load(operator_site.settings_file).model_copy(update=update).model_dump_json())
        environment = {**os.environ, "UNDERSTUDY_OPERATOR_SETTINGS": str(path)}
        with (tmp_path / "operator.log").open("ab") as log:
            command = [sys.executable, "-c", SHIFTED, str(clock_off_seconds)]
            children.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))

    yield start
    for child in children:
        child.terminate()
        child.wait(20)
    operator_process.start()


@pytest.mark.parametrize(("seconds", "said"), [(3600.0, "set the clocks"), (-3600.0, "grant: expired")])
def test_an_operator_whose_clock_is_an_hour_off_gets_nothing_made(
    admin: Admin,
    operator_site: Site,
    new_tenant: Callable[[], Tenant],
    pool: Any,
    other_operator: Start,
    seconds: float,
    said: str,
) -> None:
    other_operator(seconds)
    tenant = tenant_of(admin, new_tenant, ready=False, nbf=1, exp=4_000_000_000, iat=1)
    body = admin.create(tenant.job("hello"))

    def conditions() -> str:
        return json.dumps((admin.get(tenant.key("hello")) or {}).get("status", {}).get("conditions"))

    until(conditions, lambda conditions: said in conditions, seconds=60)
    assert operator_site.peer.held(body["metadata"]["uid"]) is None


def test_a_store_without_conditional_writes_gets_nothing_made_until_it_is_replaced(
    admin: Admin,
    operator_site: Site,
    operator_process: OperatorProcess,
    new_tenant: Callable[[], Tenant],
    pool: Any,
    object_store: Any,
    other_operator: Start,
) -> None:
    tenant = tenant_of(admin, new_tenant)
    with without_conditions(object_store.operator) as settings:
        other_operator(s3=settings)
        body = admin.create(tenant.job("hello"))
        assert "use an S3 service with conditional writes" in interrupted(admin, tenant.key("hello"))["message"]
        assert operator_site.peer.held(body["metadata"]["uid"]) is None
        admin.create(tenant.license("second"))
        key = Key("License", tenant.owner, "second")
        assert "use an S3 service with conditional writes" in interrupted(admin, key)["message"]
    other_operator()
    complete(admin, operator_site.peer, tenant, "hello")
    admin.wait(key, "Valid")
