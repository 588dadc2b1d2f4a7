"""Revocations with the operator as a process: what was kept goes into quarantine and the ledger says so, killed or not."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from operator_site import Admin, OperatorProcess, Site, Tenant, condition_of, resource, until

from understudy_api.acts import ConsentAnswer, Revocation, sign_act
from understudy_api.consent import ConsentSubject
from understudy_api.genesis import PublicKey, twin_id
from understudy_api.keyring import KeyRecord, sign_key_record
from understudy_api.ledger import entry as written
from understudy_api.ledger.account import account_id
from understudy_api.ledger.chain import Chain, link_key, verify_chain
from understudy_api.quarantine import file_key, folder
from understudy_api.receipt import Segment, segment_key
from understudy_api.token import new_key, public_jwk
from understudy_operator.shell.key import Key
from understudy_operator.shell.objects import Objects

pytestmark = pytest.mark.farm
JTI = "lic-of-spring"
LEDGER, STAGING, RECEIPTS = "understudy-ledger", "understudy-staging", "understudy-receipts"


@dataclass(frozen=True)
class World:
    """A tenant of its own, its license's account, and the buckets as their administrator sees them."""

    admin: Admin
    tenant: Tenant
    account: str
    root: Objects
    peer: Any

    @property
    def license(self) -> Key:
        return Key("License", self.tenant.owner, "spring")

    def running(self, name: str, **spec: Any) -> str:
        """The uid of a job that the pool works on."""
        uid = str(self.admin.create(self.tenant.job(name, **spec))["metadata"]["uid"])
        until(lambda: self.peer.held(uid))
        return uid

    def keep(self, uid: str) -> dict[str, bytes]:
        """What performers leave behind: a take, a clip, an item's files."""
        found = {f"takes/{self.account}/{uid}": b"sound", f"clips/{self.account}/{uid}": b"pictures"}
        found |= {f"orders/{uid}/items/{uid}/item{suffix}": b"film" for suffix in (".mp4", ".srt", ".jpg")}
        for key, data in found.items():
            self.peer.objects.put(STAGING, key, data)
        return found

    def deliver(self, name: str, act: str) -> Key:
        body = self.admin.create(
            resource("OwnerAct", self.tenant.owner, name, {"twinRef": {"name": "ada"}, "act": act})
        )
        return Key.of(body)

    def revoke(self) -> Key:
        act = Revocation(twin=twin_id(self.tenant.genesis), jti=JTI, iat=int(time.time()), reason="it is over")
        return self.deliver("revoke", sign_act(self.tenant.root, act))

    def chain(self) -> Chain:
        keys = self.root.keys(LEDGER, f"licenses/{self.account}/")
        objects = {number: self.root.get(LEDGER, key) or b"" for number, key in enumerate(keys)}
        assert keys == [link_key(self.account, number) for number in objects]
        return verify_chain(self.account, objects)

    def entries(self) -> list[written.Entry]:
        chain = self.chain()
        assert chain.findings == ()
        return [one for sequence in sorted(chain.links) for one in chain.links[sequence].entries]

    def all_of(self, kind: type[Any]) -> list[Any]:
        return [one for one in self.entries() if isinstance(one, kind)]

    def settled(self, files: dict[str, bytes], items: list[str]) -> None:
        """The license's files are put away, its delivered items listed, all of it once."""
        body = self.admin.wait(self.license, "Quarantined", seconds=60)
        assert (body["status"]["quarantinedFiles"], body["status"]["deliveredItems"]) == (len(files), len(items))
        assert condition_of(body, "Valid")["reason"] == "LicenseRevoked"
        assert {key: self.root.get(STAGING, key) for key in files} == dict.fromkeys(files)
        assert {key: self.root.get(STAGING, file_key(self.account, key)) for key in files} == files
        (quarantined,) = self.all_of(written.Quarantined)
        assert quarantined.files == len(files)
        assert sorted(item for one in self.all_of(written.Delivered) for item in one.items) == sorted(items)
        assert len(self.all_of(written.Revoked)) == 1
        kinds = [type(one) for one in self.entries()]
        assert written.Reserved not in kinds[kinds.index(written.Revoked) :]


@pytest.fixture
def world(
    admin: Admin,
    operator_process: OperatorProcess,
    operator_site: Site,
    object_store: Any,
    new_tenant: Callable[[], Tenant],
) -> World:
    tenant = new_tenant()
    admin.create(tenant.twin())
    license_ = admin.create(tenant.license(jti=JTI))
    admin.wait(Key("TwinModel", tenant.owner, "ada"), "Ready")
    admin.wait(Key("License", tenant.owner, "spring"), "Valid")
    account = account_id(license_["spec"]["token"])
    assert account is not None
    return World(admin, tenant, account, Objects(object_store.root), operator_site.peer)


def made(world: World, uid: str, count: int) -> list[str]:
    """Items that the pool made, once the ledger counts them."""
    world.peer.make_items(uid, count)
    until(lambda: [one for one in world.all_of(written.Counted) if one.uid == uid])
    data = world.root.get(RECEIPTS, segment_key(uid, 0))
    assert data is not None
    return [one.item for one in Segment.model_validate_json(data).receipts]


def test_what_was_kept_is_put_away_and_what_was_delivered_is_listed(world: World) -> None:
    uid, other = world.running("first"), world.running("second")
    items = made(world, uid, 1)
    files = world.keep(uid) | world.keep(other)
    act = world.revoke()
    world.admin.wait(act, "Accepted")
    world.admin.delete(act)
    world.settled(files, items)
    assert world.peer.held(uid) is None
    refused = world.admin.wait(world.tenant.key("first"), "Admitted", "False")
    assert condition_of(refused, "Admitted")["reason"] == "LicenseRevoked"


def test_nothing_is_moved_before_the_pool_has_stopped(world: World) -> None:
    uid = world.running("slow")
    files = world.keep(uid)
    world.peer.lingering = True
    try:
        world.revoke()
        body = world.admin.wait(world.license, "Quarantined", "False")
        assert condition_of(body, "Quarantined")["reason"] == "WorkStopping"
        until(lambda: ("DELETE", f"/v1/orders/{uid}") in world.peer.requests)
        assert world.root.keys(STAGING, folder(world.account)) == []
        assert all(world.root.get(STAGING, key) for key in files)
    finally:
        world.peer.lingering = False
    world.settled(files, [])


def test_an_operator_killed_at_every_step_goes_on_where_it_was(world: World, operator_process: OperatorProcess) -> None:
    """Killed as soon as each step's mark is there: the act, the entry, the list, the move."""
    uid = world.running("killed")
    items = made(world, uid, 1)
    files = world.keep(uid)
    files |= {f"takes/{world.account}/{number:064x}": b"%d" % number for number in range(40)}
    for key, data in files.items():
        world.peer.objects.put(STAGING, key, data)
    world.revoke()
    twin, account = twin_id(world.tenant.genesis), world.account
    for bucket, prefix in (
        (LEDGER, f"acts/{twin}/"),
        (LEDGER, f"facts/{account}/"),
        (LEDGER, f"closings/{account}/{uid}/"),
        (STAGING, f"{folder(account)}manifest/"),
        (STAGING, f"{folder(account)}files/"),
    ):
        until(lambda bucket=bucket, prefix=prefix: world.root.keys(bucket, prefix), seconds=60)
        operator_process.end(signal.SIGKILL)
        world.admin.let_lease_go()
        operator_process.start(wait=False)
    world.settled(files, items)


def test_deleting_the_license_leaves_nothing_behind(world: World) -> None:
    uid = world.running("deleted")
    files = world.keep(uid)
    world.peer.lingering = True
    try:
        world.revoke()
        world.admin.wait(world.license, "Quarantined", "False")
        world.admin.delete(world.license)
    finally:
        world.peer.lingering = False
    until(lambda: world.admin.get(world.license), lambda body: body is None, seconds=40)
    assert {key: world.root.get(STAGING, file_key(world.account, key)) for key in files} == files


def test_a_license_that_was_never_used_ends_in_its_ledger_too(world: World) -> None:
    world.revoke()
    world.settled({}, [])
    assert [type(one) for one in world.entries()] == [written.Licensed, written.Revoked, written.Quarantined]


def test_key_records_and_consents_stand_in_the_ledger_once(world: World, operator_process: OperatorProcess) -> None:
    world.running("plain")
    twin, now = twin_id(world.tenant.genesis), int(time.time())
    public = PublicKey.model_validate(public_jwk(new_key()))
    record = KeyRecord(twin=twin, number=1, previous=twin, act="delegate", role="stop", key=public, iat=now)
    world.deliver("record", sign_key_record(world.tenant.root, record))
    until(lambda: world.all_of(written.KeyRecorded))
    casino = {"scenes": [{"say": "Hello {name}, our casino is open."}]}
    uid = str(world.admin.create(world.tenant.job("casino", script=casino))["metadata"]["uid"])
    (asked,) = until(lambda: world.all_of(written.ConsentAsked))
    assert asked.uid == uid
    job = world.admin.get(world.tenant.key("casino"))
    assert job is not None
    namespace, _, name = job["status"]["consentRequest"].partition("/")
    request = world.admin.get(Key("ConsentRequest", namespace, name))
    assert request is not None
    subject = ConsentSubject.model_validate_json(request["spec"]["subject"])
    for answer in ("approve", "deny"):
        claims = ConsentAnswer(
            twin=twin, request=subject.digest, license=JTI, answer=answer, iat=int(time.time()), exp=now + 3600
        )
        world.deliver(answer, sign_act(world.tenant.root, claims))
        until(lambda answer=answer: [one for one in world.all_of(written.ConsentAnswered) if one.answer == answer])
    operator_process.end()
    operator_process.start()
    world.running("afterwards")
    assert [
        len(world.all_of(kind)) for kind in (written.KeyRecorded, written.ConsentAsked, written.ConsentAnswered)
    ] == [
        1,
        1,
        2,
    ]
