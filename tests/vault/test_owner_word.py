"""Operator and vault as processes of a real farm: what an owner has delivered holds in the vault itself, whoever is away then."""

from __future__ import annotations

import os
import re
import secrets
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from operator_site import Admin, condition_of, resource, until
from vault_site import Running

from understudy_api import token
from understudy_api.acts import Act, Erase, Revocation, Stop, sign_act
from understudy_api.digest import digest_bytes
from understudy_api.genesis import PublicKey
from understudy_api.keyring import KeyRecord, sign_key_record
from understudy_api.owner_word import Heard, heard_key
from understudy_api.release import ERASURE_TYPE, Erasure, Released
from understudy_api.settings import BucketNames, OperatorSettings
from understudy_cli.local import object_store, process
from understudy_cli.local.farm import Farm
from understudy_cli.local.keys import Keys
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.key import Key
from understudy_operator.shell.objects import Objects

pytestmark = pytest.mark.farm


@dataclass(frozen=True)
class Desk:
    """An owner of one twin, and the farm that trains it."""

    farm: Farm
    admin: Admin
    vault: Running
    namespace: str

    def deliver(self, name: str, text: str) -> Key:
        spec = {"twinRef": {"name": "ada"}, "act": text}
        self.admin.create(resource("OwnerAct", self.namespace, name, spec))
        return Key("OwnerAct", self.namespace, name)

    def signed(self, act: Act) -> str:
        return sign_act(self.vault.cast.owner, act)

    def release(self, **license_: Any) -> str:
        """What comes of a question that the farm's own key grants: ok, or the vault's reason."""
        cast = self.vault.cast
        claim = cast.rendering(cast.making(license=cast.license(**license_)))
        status, answer, _ = self.vault.ask(claim, self.vault.performer, iat=int(time.time()))
        return "ok" if status == 200 else str(answer["refusals"][0]["reason"])


@pytest.fixture(scope="module")
def operator(farm: Farm, running: Running) -> Iterator[OperatorSettings]:
    farm.up(["vault", "operator"])
    yield OperatorSettings.load(running.site.home.operator_settings)
    end(farm, "operator", signal.SIGTERM)


@pytest.fixture
def desk(farm: Farm, running: Running, operator: OperatorSettings, control_plane: Any) -> Desk:
    """An owner whose twin the vault keeps a key of, with nothing said yet."""
    admin = Admin(ApiServer.connect(control_plane.kubeconfig))
    theirs = replace(running.cast, owner=token.new_key(), now=int(time.time()), version=secrets.token_hex(32))
    vault = replace(running, cast=theirs)
    status, answer, _ = vault.ask(theirs.training(), vault.performer)
    assert (status, bool(answer["sealed_key"])) == (200, True)
    released = Released.model_validate(answer)
    assert released.twin == theirs.twin
    vault.leave(released.lease)
    namespace = admin.namespace("talent")
    spec = {"genesis": theirs.genesis, "capture": {"s3": f"s3://understudy-outputs/{namespace}/capture.mp4"}}
    admin.create(resource("TwinModel", namespace, "ada", spec))
    return Desk(farm, admin, vault, namespace)


def end(farm: Farm, part: str, number: signal.Signals = signal.SIGKILL) -> None:
    known = process.recall(farm.home.record(part))
    if known is not None and process.is_alive(known.identity):
        os.kill(known.identity.pid, number)
        until(lambda: process.is_alive(known.identity), lambda alive: not alive)


def test_a_stolen_farm_key_gets_nothing_for_a_license_its_owner_revoked(desk: Desk) -> None:
    """The grant is real, the caller is the performers' account, and the license was good: the vault knows better."""
    cast = desk.vault.cast
    assert desk.release() == "ok"
    act = desk.deliver("revoke", desk.signed(Revocation(twin=cast.twin, jti="acme-spring-1", iat=cast.now)))
    desk.admin.wait(act, "Vaulted")
    assert desk.release() == "LicenseRevoked"
    assert desk.release(jti="acme-summer-1") == "ok"


def test_a_vault_that_was_away_is_told_later_though_the_object_is_gone(desk: Desk) -> None:
    cast = desk.vault.cast
    end(desk.farm, "vault")
    try:
        act = desk.deliver("stop", desk.signed(Stop(twin=cast.twin, iat=cast.now)))
        body = until(
            lambda: desk.admin.get(act),
            lambda found: condition_of(found, "Vaulted").get("reason") == "VaultUnavailable",
        )
        assert condition_of(body, "Accepted")["status"] == "True"
        assert re.search(r"(does|did) not answer", condition_of(body, "Vaulted")["message"]), "asked once or again"
        desk.admin.delete(act)
        end(desk.farm, "operator")
        desk.admin.let_lease_go()
    finally:
        desk.farm.up(["vault", "operator"])
    until(desk.release, lambda said: said == "TwinStopped", seconds=90)


def test_key_records_reach_the_vault_and_the_old_root_counts_no_more(desk: Desk) -> None:
    cast, new = desk.vault.cast, token.new_key()
    public = PublicKey.model_validate(token.public_jwk(new))
    record = KeyRecord(twin=cast.twin, number=1, previous=cast.twin, act="rotate", key=public, iat=cast.now)
    act = desk.deliver("rotate", sign_key_record(cast.owner, record))
    desk.admin.wait(act, "Vaulted")
    assert desk.release() == "KeyRecordBackwards", "who leaves the record out gets nothing"
    stop = desk.deliver("stop", sign_act(new, Stop(twin=cast.twin, iat=cast.now)))
    desk.admin.wait(stop, "Vaulted")


def test_an_erasure_delivered_as_an_object_destroys_the_key_and_leaves_the_receipt(
    desk: Desk, operator: OperatorSettings
) -> None:
    cast = desk.vault.cast
    text = desk.signed(Erase(twin=cast.twin, iat=cast.now, reason="enough"))
    body = desk.admin.wait(desk.deliver("erase", text), "Vaulted", seconds=120)
    assert desk.release() == "TwinErased"
    objects = Objects(object_store.settings(desk.vault.site, "operator"))
    stored = objects.get(BucketNames().ledger, heard_key(cast.twin, digest_bytes(text.encode())))
    objects.close()
    heard = Heard.model_validate_json(stored or b"")
    assert heard.receipt is not None
    assert body["status"]["receiptDigest"] == digest_bytes(heard.receipt.encode())
    public = token.load_key(Keys.at(desk.farm.home).vault_public.read_text())
    claims = token.verify(heard.receipt, public, ERASURE_TYPE)
    assert Erasure.model_validate(claims).twin == cast.twin


def test_a_farm_that_is_brought_up_trains_no_twin_without_consent_to_its_capture(desk: Desk) -> None:
    body = desk.admin.wait(Key("TwinModel", desk.namespace, "ada"), "Ready", "False")
    assert condition_of(body, "Ready")["reason"] == "CaptureConsentMissing"
    cast = desk.vault.cast
    bare = cast.training(cast.training_order(capture_consent=None))
    status, answer, _ = desk.vault.ask(bare, desk.vault.performer)
    assert (status, answer["refusals"][0]["reason"]) == (403, "CaptureConsentMissing"), "nor does the vault help"
