"""Owner acts on real servers: what was recorded ends licenses and stops twins, whoever delivered it and whatever is deleted."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from operator_site import Admin, OperatorProcess, Site, Tenant, condition_of, resource, until

from understudy_api.acts import Act, Resume, Revocation, Stop, sign_act
from understudy_api.digest import digest_bytes
from understudy_api.genesis import PublicKey, twin_id
from understudy_api.keyring import KeyRecord, sign_key_record
from understudy_api.token import new_key, public_jwk
from understudy_operator.shell.key import Key

pytestmark = pytest.mark.farm
JTI = "lic-of-spring"


@pytest.fixture
def tenant(admin: Admin, operator_process: OperatorProcess, new_tenant: Callable[[], Tenant]) -> Tenant:
    """A tenant of its own for every test: what an owner says stays said."""
    made = new_tenant()
    admin.create(made.twin())
    admin.create(made.license(jti=JTI))
    admin.wait(Key("TwinModel", made.owner, "ada"), "Ready")
    admin.wait(Key("License", made.owner, "spring"), "Valid")
    return made


def deliver(admin: Admin, tenant: Tenant, name: str, token: str, status: str = "True") -> dict[str, Any]:
    """An OwnerAct, once the operator has said whether it takes it."""
    admin.create(resource("OwnerAct", tenant.owner, name, {"twinRef": {"name": "ada"}, "act": token}))
    return condition_of(admin.wait(Key("OwnerAct", tenant.owner, name), "Accepted", status), "Accepted")


def signed(tenant: Tenant, act: Act) -> str:
    return sign_act(tenant.root, act)


def running(admin: Admin, tenant: Tenant, peer: Any, name: str) -> str:
    """The uid of a job that the pool works on."""
    uid = str(admin.create(tenant.job(name))["metadata"]["uid"])
    until(lambda: peer.held(uid))
    return uid


def test_a_revocation_stops_a_running_job_for_good(
    admin: Admin, tenant: Tenant, operator_site: Site, operator_process: OperatorProcess
) -> None:
    peer = operator_site.peer
    uid = running(admin, tenant, peer, "mid-take")
    token = signed(tenant, Revocation(twin=twin_id(tenant.genesis), jti=JTI, iat=int(time.time()), reason="it is over"))
    began = time.monotonic()
    assert deliver(admin, tenant, "revoke", token)["reason"] == "Recorded"
    until(lambda: peer.held(uid), lambda order: order is None)
    assert time.monotonic() - began < 5
    refused = admin.wait(tenant.key("mid-take"), "Admitted", "False")
    assert condition_of(refused, "Admitted")["reason"] == "LicenseRevoked"
    assert condition_of(admin.wait(Key("License", tenant.owner, "spring"), "Valid", "False"), "Valid")["reason"] == (
        "LicenseRevoked"
    )
    admin.delete(Key("OwnerAct", tenant.owner, "revoke"))
    until(lambda: admin.get(Key("OwnerAct", tenant.owner, "revoke")), lambda body: body is None)
    operator_process.end()
    operator_process.start()
    admin.create(tenant.job("afterwards"))
    late = admin.wait(tenant.key("afterwards"), "Admitted", "False")
    assert condition_of(late, "Admitted")["reason"] == "LicenseRevoked"


def test_a_stop_halts_everything_until_it_is_lifted(admin: Admin, tenant: Tenant, operator_site: Site) -> None:
    peer = operator_site.peer
    uid = running(admin, tenant, peer, "campaign")
    stop = signed(tenant, Stop(iat=int(time.time())))  # written long before: it names no twin, only its signer
    deliver(admin, tenant, "stop", stop)
    until(lambda: peer.held(uid), lambda order: order is None)
    said = condition_of(admin.wait(Key("TwinModel", tenant.owner, "ada"), "Ready", "False"), "Ready")
    assert said["reason"] == "TwinStopped"
    lift = signed(tenant, Resume(twin=twin_id(tenant.genesis), stop=digest_bytes(stop.encode()), iat=int(time.time())))
    deliver(admin, tenant, "lift", lift)
    admin.wait(Key("TwinModel", tenant.owner, "ada"), "Ready")
    until(lambda: peer.held(uid))
    assert condition_of(deliver_again(admin, tenant, stop), "Accepted")["status"] == "True"
    admin.wait(Key("TwinModel", tenant.owner, "ada"), "Ready")


def deliver_again(admin: Admin, tenant: Tenant, token: str) -> dict[str, Any]:
    admin.create(resource("OwnerAct", tenant.owner, "again", {"twinRef": {"name": "ada"}, "act": token}))
    return admin.wait(Key("OwnerAct", tenant.owner, "again"), "Accepted")


def test_a_delegated_key_signs_once_its_record_is_taken(admin: Admin, tenant: Tenant) -> None:
    delegate, twin, now = new_key(), twin_id(tenant.genesis), int(time.time())
    revoke = sign_act(delegate, Revocation(twin=twin, jti=JTI, iat=now))
    assert deliver(admin, tenant, "too-early", revoke, "False")["reason"] == "SignerNotAllowed"
    public = PublicKey.model_validate(public_jwk(delegate))
    record = KeyRecord(twin=twin, number=1, previous=twin, act="delegate", role="stop", key=public, iat=now)
    deliver(admin, tenant, "record", sign_key_record(tenant.root, record))
    rival = KeyRecord(twin=twin, number=1, previous=twin, act="delegate", role="license", key=public, iat=now)
    fork = deliver(admin, tenant, "fork", sign_key_record(tenant.root, rival), "False")
    assert fork["reason"] == "KeyRecordBackwards"
    again = sign_act(delegate, Revocation(twin=twin, jti=JTI, iat=now, reason="now it counts"))
    deliver(admin, tenant, "in-time", again)
    admin.wait(Key("License", tenant.owner, "spring"), "Valid", "False")


def test_a_stranger_stops_nothing(admin: Admin, tenant: Tenant) -> None:
    token = sign_act(new_key(), Stop(twin=twin_id(tenant.genesis), iat=int(time.time())))
    assert deliver(admin, tenant, "stranger", token, "False")["reason"] == "SignerNotAllowed"
    admin.wait(Key("TwinModel", tenant.owner, "ada"), "Ready")
