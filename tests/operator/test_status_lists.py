"""Status lists on real servers: a job goes on while its list is fresh, pauses when it is not, stops when it says so."""

from __future__ import annotations

import dataclasses
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from list_host import a_list
from operator_site import Admin, OperatorProcess, Site, Tenant, condition_of, resource, until

from understudy_api.genesis import twin_id
from understudy_api.grant import Grant, read_grant
from understudy_api.status_source import StatusSettings
from understudy_cli.local.certificates import Authority
from understudy_cli.local.plan import free_ports
from understudy_operator.shell.key import Key

pytestmark = pytest.mark.farm
TTL = 8


@pytest.fixture
def tenant(admin: Admin, operator_process: OperatorProcess, new_tenant: Callable[[], Tenant]) -> Tenant:
    """A tenant of its own for every test: what a list revoked stays revoked."""
    made = new_tenant()
    admin.create(made.twin())
    admin.wait(Key("TwinModel", made.owner, "ada"), "Ready")
    return made


def listed(tenant: Tenant, **entry: Any) -> dict[str, Any]:
    return tenant.license(status={"index": 3, "ttl_seconds": TTL, **entry})


def deliver(admin: Admin, tenant: Tenant, name: str, status: str = "True", **changes: Any) -> dict[str, Any]:
    """A list as an OwnerAct, once the operator has said whether it takes it."""
    text = a_list(tenant.root, twin_id(tenant.genesis), ttl=TTL, **changes)
    admin.create(resource("OwnerAct", tenant.owner, name, {"twinRef": {"name": "ada"}, "act": text}))
    return condition_of(admin.wait(Key("OwnerAct", tenant.owner, name), "Accepted", status), "Accepted")


def refused(admin: Admin, tenant: Tenant, name: str, reason: str) -> None:
    """Waits until a job says that it may not go on, and why."""

    def says(body: dict[str, Any] | None) -> bool:
        said = condition_of(body, "Admitted")
        return (said.get("status"), said.get("reason")) == ("False", reason)

    until(lambda: admin.get(tenant.key(name)), says)


def fresh(admin: Admin, tenant: Tenant, reason: str) -> dict[str, Any]:
    """Waits until the License says so of its list."""
    key = Key("License", tenant.owner, "spring")
    return condition_of(
        until(lambda: admin.get(key), lambda body: condition_of(body, "StatusFresh").get("reason") == reason),
        "StatusFresh",
    )


def granted(site: Site, uid: str) -> Grant:
    held = site.peer.held(uid)
    assert held is not None
    found = read_grant(held.order.grant, site.farm_key, time.time())
    assert isinstance(found, Grant), found
    return found


def test_a_job_pauses_when_the_list_goes_stale_and_goes_on_when_a_new_one_comes(
    admin: Admin, tenant: Tenant, operator_site: Site
) -> None:
    peer = operator_site.peer
    admin.create(listed(tenant))
    uid = str(admin.create(tenant.job("campaign"))["metadata"]["uid"])
    refused(admin, tenant, "campaign", "StatusUnknown")
    assert "OwnerAct" in fresh(admin, tenant, "StatusUnknown")["message"]
    began = int(time.time())
    assert deliver(admin, tenant, "first", iat=began)["reason"] == "Recorded"
    until(lambda: peer.held(uid))
    grant = granted(operator_site, uid)
    assert (grant.status_iat, grant.exp) == (began, began + TTL), "a grant never outlives the list"
    assert "publish a newer one" in fresh(admin, tenant, "StatusDue")["message"]
    refused(admin, tenant, "campaign", "StatusStale")
    until(lambda: peer.held(uid), lambda order: order is None)
    assert began + TTL <= time.time() < began + TTL + 10, "at its end, and soon after"
    fresh(admin, tenant, "StatusStale")
    deliver(admin, tenant, "second", marks={3: "suspended"})
    refused(admin, tenant, "campaign", "LicenseSuspended")
    deliver(admin, tenant, "third", iat=int(time.time()) + 1)
    until(lambda: peer.held(uid))


def test_a_list_revokes_for_good_whatever_comes_after_and_whoever_restarts(
    admin: Admin, tenant: Tenant, operator_site: Site, operator_process: OperatorProcess
) -> None:
    admin.create(listed(tenant))
    now = int(time.time())
    deliver(admin, tenant, "first", iat=now)
    uid = str(admin.create(tenant.job("mid-take"))["metadata"]["uid"])
    until(lambda: operator_site.peer.held(uid))
    began = time.monotonic()
    deliver(admin, tenant, "revoked", iat=now + 1, marks={3: "revoked"})
    until(lambda: operator_site.peer.held(uid), lambda order: order is None)
    assert time.monotonic() - began < 5
    refused(admin, tenant, "mid-take", "LicenseRevoked")
    assert deliver(admin, tenant, "undone", "False", iat=now + 2)["reason"] == "RevocationUndone"
    assert deliver(admin, tenant, "older", "False", iat=now - 1)["reason"] == "StatusListOlder"
    admin.delete(Key("OwnerAct", tenant.owner, "revoked"))
    operator_process.end()
    operator_process.start()
    again = max(now + 3, int(time.time()))  # starting took its time: not stale yet
    assert deliver(admin, tenant, "undone-again", "False", iat=again)["reason"] == "RevocationUndone"
    valid = condition_of(admin.wait(Key("License", tenant.owner, "spring"), "Valid", "False"), "Valid")
    assert valid["reason"] == "LicenseRevoked"


def test_the_farms_list_is_served_to_whoever_asks(admin: Admin, tenant: Tenant, operator_site: Site) -> None:
    url = f"http://127.0.0.1:{operator_site.settings.status_lists.port}/v1/status/{twin_id(tenant.genesis)}"
    assert httpx.get(url, trust_env=False).status_code == 404
    deliver(admin, tenant, "first")
    answer = httpx.get(url, trust_env=False)
    assert answer.status_code == 200
    spec = (admin.get(Key("OwnerAct", tenant.owner, "first")) or {})["spec"]
    assert answer.text == spec["act"]


def test_who_waits_for_the_lease_serves_the_list_over_tls(
    admin: Admin, tenant: Tenant, operator_site: Site, tmp_path: Path
) -> None:
    """A second operator, as in a pod: it reads what the leader recorded."""
    act = deliver(admin, tenant, "first")
    assert act["reason"] == "Recorded"
    authority = Authority.open(tmp_path, "farm")
    pair = authority.server(tmp_path, "status")
    metrics, health, port = free_ports(3)
    told = {"host": "0.0.0.0", "port": port, "tls_cert": pair.certificate, "tls_key": pair.key}
    lists = StatusSettings.model_validate(told)
    ports = {"metrics_port": metrics, "health_port": health, "status_lists": lists}
    second = dataclasses.replace(operator_site, settings_file=tmp_path / "operator.json")
    second.settings_file.write_text(operator_site.settings.model_copy(update=ports).model_dump_json())
    trust = ssl.create_default_context(cafile=str(authority.certificate_file))
    url = f"https://127.0.0.1:{port}/v1/status/{twin_id(tenant.genesis)}"

    def answer() -> httpx.Response | None:
        try:
            return httpx.get(url, verify=trust, trust_env=False)
        except httpx.ConnectError:
            return None

    waiting = OperatorProcess(second)
    waiting.start(wait=False)
    try:
        found = until(answer, seconds=30)
        spec = (admin.get(Key("OwnerAct", tenant.owner, "first")) or {})["spec"]
        assert (found.status_code, found.text) == (200, spec["act"])
        until(lambda: "waiting for the lease" in waiting.log.read_text())
        assert '"leading"' not in waiting.log.read_text()
    finally:
        assert waiting.end() == 0


def test_a_hosted_list_is_polled_and_a_host_that_is_down_stops_everything(
    admin: Admin, tenant: Tenant, operator_site: Site
) -> None:
    host, peer = operator_site.lists, operator_site.peer
    twin = twin_id(tenant.genesis)
    host.text = a_list(tenant.root, twin, ttl=TTL)
    admin.create(listed(tenant, uri=host.uri))
    uid = str(admin.create(tenant.job("hosted"))["metadata"]["uid"])
    until(lambda: peer.held(uid))
    host.text = a_list(tenant.root, twin, ttl=TTL, iat=int(time.time()) + 1)
    until(lambda: granted(operator_site, uid).status_iat, lambda iat: iat is not None and iat > time.time() - 6)
    serves, host.answer = host.answer, lambda handler: handler.send_error(503)
    try:
        refused(admin, tenant, "hosted", "StatusStale")
        until(lambda: peer.held(uid), lambda order: order is None)
        assert "wanted status 200, got 503" in fresh(admin, tenant, "StatusStale")["message"]
    finally:
        host.answer = serves
    host.text = a_list(tenant.root, twin, ttl=TTL)
    until(lambda: peer.held(uid))
    host.text = a_list(tenant.root, twin, ttl=TTL, iat=int(time.time()) + 1, marks={3: "revoked"})
    refused(admin, tenant, "hosted", "LicenseRevoked")
