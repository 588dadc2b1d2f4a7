"""docs/backup-and-restore.md brings a farm back: its commands are followed from a farm at work to a new one on a new disk.

What a pod runs there, a process of this machine runs here: `kubectl exec` is left away before a command, and Helm and rollouts are
what `up` does. `tests/kind` follows those on a farm in pods.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from doc_commands import commands, holds, prints
from operator_site import Tenant, condition_of, until
from puppet import curtain_up
from puppet_farm import PuppetFarm, host

from understudy_api.acts import Erase, Revocation
from understudy_api.genesis import twin_id
from understudy_api.ledger.entry import Committed
from understudy_cli.errors import UserError
from understudy_cli.ledger_bucket import open_ledger
from understudy_cli.local import object_store, toolchain
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_operator.shell.key import Key

pytestmark = [pytest.mark.farm, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "backup-and-restore.md"
EXEC = re.compile(r"kubectl exec (-i )?-n understudy-system \S+ -- ")
BY_UP = ("kubectl rollout status", "kubectl create namespace", "kubectl label namespace")
REVOKED = "lic-of-autumn"
SECRET, VERSION, NAME = b"a likeness", "0" * 64, "d" * 64


def section(title: str) -> list[tuple[str, tuple[str, ...]]]:
    """The commands below a heading of the document."""
    _, found, rest = DOCUMENT.read_text().partition(f"\n## {title}\n")
    assert found, title
    return commands(rest.partition("\n## ")[0])


@dataclass(frozen=True)
class Desk:
    """Where somebody sits who follows the document: a folder with the farm's keys in it, and a place to copy to."""

    folder: Path
    farm: PuppetFarm
    safe: Any

    def follow(self, title: str) -> None:
        """Runs the commands of a section in their order; AssertionError when one fails or does not print what it should."""
        for command, wanted in section(title):
            if command.startswith("understudy chart secrets"):
                self.farm.farm.up(["apiserver"])  # the new cluster
            if command.startswith("helm install"):
                self.farm.farm.up(["minio", "vault"])
            elif command.startswith("kubectl rollout restart"):
                self.farm.stop("vault")
                self.farm.farm.up(["vault"])
            elif command.startswith("kubectl scale"):
                self.farm.perform()
            elif not command.startswith(BY_UP):
                self.run(command, wanted)

    def run(self, command: str, wanted: tuple[str, ...] = ()) -> str:
        """What a command prints."""
        places = {
            "/var/lib/understudy/vault/keys": str(self.farm.home.vault_keys),
            "/etc/understudy/settings/settings.json": str(self.farm.home.operator_settings),
        }
        here = EXEC.sub("", command)
        for there, place in places.items():
            here = here.replace(there, place)
        programs = [Path(sys.executable), toolchain.require("kubectl"), toolchain.require("mc")]
        path = ":".join([*(str(one.parent) for one in programs), "/usr/bin", "/bin"])
        environment = {**dict(self.farm.environment()), "MC_HOST_safe": host(self.safe), "PATH": path}
        self._trust()
        said = prints(here, self.folder, environment | {"MC_CONFIG_DIR": str(self.folder / "mc")}, 120)
        assert said.code == 0, f"{command}: {said}"
        assert holds(wanted, said), f"{command}: wanted {wanted}, got {said}"
        return said.text

    def _trust(self) -> None:
        """mc believes the authorities in a folder of its own."""
        folder = self.folder / "mc" / "certs" / "CAs"
        folder.mkdir(parents=True, exist_ok=True)
        for name, authority in (("farm", self.farm.home.pki / "ca.crt"), ("safe", self.safe.ca_file)):
            if authority.exists():
                shutil.copyfile(authority, folder / f"{name}.crt")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk, a farm that is not up yet, and somebody else's object store to copy to."""
    folder = tmp_path_factory.mktemp("desk")
    farm, elsewhere = PuppetFarm(Home(folder / "farm-keys")), Farm(Home(tmp_path_factory.mktemp("safe") / "home"))
    try:
        yield Desk(folder, farm, object_store.settings(elsewhere.up(["minio"]), "root"))
    finally:
        farm.farm.purge()
        elsewhere.purge()


@dataclass(frozen=True)
class Before:
    """The farm that was lost, as far as it is remembered."""

    ada: Tenant
    bob: Tenant
    sealed: bytes
    """Something that Ada's twin was sealed with."""
    segments: dict[str, bytes]
    """Receipts of the finished job."""
    videos: dict[str, bytes]
    half: dict[str, Any]
    """The job that was under way."""


@pytest.fixture(scope="module")
def before(desk: Desk) -> Before:
    """A farm at work is copied, with a keyset from before an erasure, and lost with its disk."""
    farm = desk.farm
    farm.perform()
    ada, bob = farm.owner("talent-ada", "acme"), farm.owner("talent-bob", "acme")
    admin = farm.admin
    for one in (ada.license("spring"), ada.license("autumn", jti=REVOKED), bob.license("spring")):
        admin.create(one)
    sealed = farm.vault.seal(ada.root, ada.genesis).close(SECRET, VERSION, NAME)
    desk.follow("A copy, while the farm works")
    (desk.folder / "saved" / "keyset.tar").rename(desk.folder / "yesterdays-keys.tar")
    farm.deliver(bob, "erase", Erase(twin=twin_id(bob.genesis), iat=int(time.time())))

    done = admin.create(ada.job("done"))["metadata"]["uid"]
    admin.wait(ada.key("done"), "Complete", seconds=60)
    rows = [{"id": "1", "name": "Ada"}, {"id": "2", "name": "[hold] Bob"}]
    admin.create(ada.job("half", data={"key": "id", "rows": rows}))
    half = until(lambda: admin.get(ada.key("half")), lambda one: items(one)["done"] == 1, 60)
    farm.deliver(ada, "revoke", Revocation(twin=twin_id(ada.genesis), jti=REVOKED, iat=int(time.time())))
    for owner, act in ((ada, "revoke"), (bob, "erase")):
        admin.wait(Key("OwnerAct", owner.owner, act), "Vaulted", seconds=90)

    desk.follow("A copy, while the farm works")
    (desk.folder / "yesterdays-keys.tar").rename(desk.folder / "saved" / "keyset.tar")
    segments, videos = farm.objects("understudy-receipts", f"{done}/"), farm.objects("understudy-outputs", "acme/done/")
    assert segments
    assert any(name.endswith(".mp4") for name in videos)
    farm.farm.purge()
    assert not farm.home.root.exists()
    return Before(ada, bob, sealed, segments, videos, half or {})


@pytest.fixture(scope="module")
def after(desk: Desk, before: Before) -> PuppetFarm:
    """The farm, brought back as the document says."""
    desk.follow("Into a new cluster")
    return desk.farm


def items(body: dict[str, Any] | None) -> dict[str, int]:
    """What a job's status counts."""
    return {"done": 0, **((body or {}).get("status", {}).get("items") or {})}


def finished(farm: PuppetFarm, key: Key, done: int) -> dict[str, Any]:
    """A job's status once so many items are done, and everything."""
    body = until(lambda: farm.admin.get(key), lambda one: items(one)["done"] == done and is_complete(one), 60)
    return dict((body or {})["status"])


def is_complete(body: dict[str, Any] | None) -> bool:
    return condition_of(body, "Complete").get("status") == "True"


def charged(farm: PuppetFarm) -> list[str]:
    """Every item that the ledger charges for, as often as it does."""
    chains = open_ledger(farm.home.operator_settings).chains()
    links = [link for chain in chains.values() for link in chain.links.values()]
    return [entry.item for link in links for entry in link.entries if isinstance(entry, Committed)]


def test_a_finished_job_is_finished_and_costs_nothing_again(after: PuppetFarm, before: Before) -> None:
    body = after.admin.get(before.ada.key("done"))
    assert body is not None
    assert (body["status"]["phase"], items(body)["done"]) == ("Complete", 2)
    assert float(body["status"]["meteredSeconds"]) == 2.0
    was = next(iter(before.segments)).split("/")[0]
    assert body["metadata"]["uid"] != was, "the API server gave it another"
    assert after.objects("understudy-receipts", f"{was}/") == before.segments
    assert after.objects("understudy-outputs", "acme/done/") == before.videos
    assert after.keys("understudy-receipts", body["metadata"]["uid"]) == []


def test_a_job_that_was_under_way_goes_on_and_pays_for_no_item_twice(after: PuppetFarm, before: Before) -> None:
    curtain_up(after.home.work)
    status = finished(after, before.ada.key("half"), 2)
    assert float(status["meteredSeconds"]) == 2.0
    uid = before.half["metadata"]["uid"]
    assert len(after.keys("understudy-receipts", f"{uid}/0")) == 2, "one from before, one from after"
    assert len([key for key in after.keys("understudy-outputs", "acme/half/") if key.endswith(".mp4")]) == 2
    found = charged(after)
    assert len(found) == len(set(found)) == 4


def test_a_changed_job_goes_on_from_its_receipts(after: PuppetFarm, before: Before) -> None:
    rows = [{"id": name, "name": name} for name in ("Cleo", "Dan")]
    known = (after.admin.get(before.ada.key("done")) or {})["spec"]["data"]["rows"]
    after.admin.patch(before.ada.key("done"), {"data": {"rows": [*known, *rows]}})
    status = finished(after, before.ada.key("done"), 4)
    assert float(status["meteredSeconds"]) == 4.0, "two items are new"
    assert len(set(charged(after))) == len(charged(after))


def test_a_new_job_renders_under_the_license_that_stands(after: PuppetFarm, before: Before) -> None:
    used = len(charged(after))
    after.admin.create(before.ada.job("new"))
    assert float(finished(after, before.ada.key("new"), 2)["meteredSeconds"]) == 2.0
    assert len(charged(after)) == used + 2, "in the same ledger"


def test_a_revoked_license_stays_revoked(after: PuppetFarm, before: Before) -> None:
    license_ = after.admin.wait(Key("License", before.ada.owner, "autumn"), "Valid", "False")
    assert condition_of(license_, "Valid")["reason"] == "LicenseRevoked"
    after.admin.create(before.ada.job("late", license_name="autumn"))
    refused = after.admin.wait(before.ada.key("late"), "Admitted", "False")
    assert condition_of(refused, "Admitted")["reason"] == "LicenseRevoked"


def test_a_twin_that_stands_can_be_opened(after: PuppetFarm, before: Before) -> None:
    seal = after.vault.seal(before.ada.root, before.ada.genesis)
    assert seal.open(before.sealed, VERSION, NAME) == SECRET


def test_an_erased_twin_stays_erased_although_the_keyset_was_older(
    after: PuppetFarm, before: Before, desk: Desk
) -> None:
    file = f"{twin_id(before.bob.genesis)}.json"
    assert "data_key" in desk.run(f"tar -xOf saved/keyset.tar ./{file}"), "it was in the copy"
    assert "data_key" not in (after.home.vault_keys / file).read_text()
    with pytest.raises(UserError, match="its owner had it erased; its key is destroyed"):
        after.vault.seal(before.bob.root, before.bob.genesis)
    twin = after.admin.wait(Key("TwinModel", before.bob.owner, "ada"), "Ready", "False")
    assert condition_of(twin, "Ready")["reason"] == "TwinErased"


def test_a_vault_that_was_set_back_is_told_everything_again(after: PuppetFarm, before: Before, desk: Desk) -> None:
    after.stop("operator")
    told = after.objects("understudy-ledger", "heard/")
    assert len(told) == 2
    desk.follow("When the parts are not of one time")
    assert after.keys("understudy-ledger", "heard/") == []
    after.farm.up()
    again = until(lambda: after.objects("understudy-ledger", "heard/"), lambda found: found.keys() == told.keys(), 60)
    assert again.keys() == told.keys()
