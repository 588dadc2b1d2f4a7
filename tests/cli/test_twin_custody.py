"""A twin out of one farm, into another, and erased: real vaults, real buckets, a bundle whose files are any bytes."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage
import pytest
import yaml
from typer.testing import CliRunner

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.genesis import PublicKey, sign_genesis, twin_id
from understudy_api.keyring import KeyRecord, sign_key_record
from understudy_api.order import TwinPin
from understudy_api.owner_word import Recorded, key_record_key
from understudy_api.receipt import TrainingResult, training_key
from understudy_api.release import ERASURE_TYPE, Erasure
from understudy_api.settings import BucketNames
from understudy_api.twinmodel import TwinModelSpec
from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import buckets, object_store, toolchain
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Keys
from understudy_cli.owner_vault import OwnerVault
from understudy_cli.twin import app
from understudy_cli.twin_archive import unpack
from understudy_operator.core.state import Identity
from understudy_operator.core.training import training_order
from understudy_workers.models import bundle
from understudy_workers.objects import Objects
from understudy_workers.sealing import SealError
from understudy_workers.twins import bundle_key, publish

pytestmark = pytest.mark.farm
NAMESPACE, NAME = "talent-ada", "ada-export"
TWINS = BucketNames().twins


@dataclass(frozen=True)
class Owner:
    """An owner's keys on disk, and the twin they founded."""

    folder: Path
    key: Any
    genesis: str
    identity: Any

    @property
    def root(self) -> str:
        return str(self.folder / "root.jwk")

    @property
    def age(self) -> str:
        return str(self.folder / "age.txt")


@dataclass(frozen=True)
class Place:
    """A farm with a vault, where the owner's twin lies."""

    farm: Farm
    owner: Owner
    pin: TwinPin
    files: dict[str, bytes]

    def call(self, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
        return call(self.farm, monkeypatch, *words)


def call(farm: Farm, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(farm.home.root))
    return CliRunner().invoke(app, list(words))


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Owner:
    return an_owner(tmp_path_factory.mktemp("owner"))


def an_owner(folder: Path) -> Owner:
    key, identity = token.new_key(), pyrage.x25519.Identity.generate()
    (folder / "root.jwk").write_text(json.dumps(key.as_dict(private=True)))
    (folder / "age.txt").write_text(f"# created: today\n{identity}\n")
    return Owner(folder, key, sign_genesis(key, "Ada", 1_780_000_000, secrets.token_hex(16)), identity)


def objects_of(farm: Farm) -> Objects:
    return Objects(object_store.settings(farm.site(), "root"))


@pytest.fixture(scope="module")
def place(farm: Farm, control_plane: Any, object_store: Any, owner: Owner, tmp_path_factory: Any) -> Place:
    return settled(farm, owner, NAME, tmp_path_factory.mktemp("bundle") / "bundle")


def settled(farm: Farm, owner: Owner, name: str, folder: Path) -> Place:
    """The owner's twin, sealed and known as trained in a farm with a vault."""
    site = farm.up(["vault"])
    keys = Keys.at(site.home)
    files = {name: secrets.token_bytes(70_000) for name in bundle.FILES}
    manifest = bundle.Manifest(
        twin_id=twin_id(owner.genesis),
        genesis=owner.genesis,
        files=bundle.describe(files),
        inputs={"voice_variant": "f2"},
        scores={"network": {"psnr": 31.0}},
        ready=True,
        created=1_780_000_000,
    )
    bundle.write(folder, manifest, files, token.load_key(keys.pool.read_text()))
    objects = objects_of(farm)
    seal = OwnerVault.of(site).seal(owner.key, owner.genesis, adopt=True)
    pin = publish(objects, TWINS, folder, token.load_key(keys.pool_public.read_text()), seal)
    objects.close()
    kubectl = Kubectl(toolchain.require("kubectl"), site.kubeconfig)
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    document = {
        "apiVersion": "understudy.dev/v1alpha1",
        "kind": "TwinModel",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"genesis": owner.genesis, "capture": {"s3": f"s3://understudy-outputs/{NAMESPACE}/capture.mp4"}},
    }
    kubectl.apply(document)
    operator = Kubectl(kubectl.binary, farm.home.operator_kubeconfig)
    operator.patch_status("twinmodel", name, NAMESPACE, {"version": pin.version, "twinId": pin.id})
    return Place(farm, owner, pin, files)


@pytest.fixture(scope="module")
def archive(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "ada.age"
    with pytest.MonkeyPatch.context() as patch:
        recipient = str(place.owner.identity.to_public())
        words = ("export", NAME, "-n", NAMESPACE, "--key", place.owner.root, "--to", recipient, "--out", str(out))
        done = place.call(patch, *words)
    assert done.exit_code == 0, done.exception
    return out


def test_an_export_is_for_its_recipient_alone_and_private(archive: Path, place: Place) -> None:
    data = archive.read_bytes()
    assert data.startswith(b"age-encryption.org/v1")
    assert archive.stat().st_mode & 0o077 == 0
    packing, files = unpack(data, str(place.owner.identity))
    assert (packing.twin, packing.version) == (place.pin.id, place.pin.version)
    assert {name: files[name] for name in bundle.FILES} == place.files
    with pytest.raises(UserError, match="does not open with this identity"):
        unpack(data, str(pyrage.x25519.Identity.generate()))


def test_an_altered_archive_is_refused(archive: Path, place: Place) -> None:
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1
    with pytest.raises(UserError):
        unpack(bytes(data), str(place.owner.identity))


def test_an_archive_somebody_else_signed_is_refused(archive: Path, place: Place) -> None:
    from understudy_cli.twin_archive import pack

    packing, files = unpack(archive.read_bytes(), str(place.owner.identity))
    forged = pack(packing, files, token.new_key(), [str(place.owner.identity.to_public())])
    with pytest.raises(UserError, match="not signed by the twin's owner"):
        unpack(forged, str(place.owner.identity))
    swapped = pack(packing, {**files, "face.onnx": b"x"}, place.owner.key, [str(place.owner.identity.to_public())])
    with pytest.raises(UserError, match="not those its manifest names"):
        unpack(swapped, str(place.owner.identity))


def test_only_the_owner_takes_a_twin_out(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.jwk").write_text(json.dumps(token.new_key().as_dict(private=True)))
    recipient = str(place.owner.identity.to_public())
    for key in (str(tmp_path / "other.jwk"), str(Keys.at(place.farm.home).farm), str(Keys.at(place.farm.home).vault)):
        words = ("export", NAME, "-n", NAMESPACE, "--key", key, "--to", recipient, "--out", str(tmp_path / "x"))
        done = place.call(monkeypatch, *words)
        assert isinstance(done.exception, UserError)
        assert "the vault refuses" in str(done.exception)
    assert not (tmp_path / "x").exists()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """Another farm, with keys of its own."""
    farm = Farm(Home(tmp_path_factory.mktemp("elsewhere")))
    farm.up(["vault"])
    yield farm
    farm.purge()


def test_an_imported_twin_is_the_same_to_the_byte(
    archive: Path, place: Place, elsewhere: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("import", str(archive), "--key", place.owner.root, "--identity", place.owner.age)
    done = call(elsewhere, monkeypatch, *words)
    assert done.exit_code == 0, done.exception
    document = yaml.safe_load(done.stdout)
    spec = TwinModelSpec.model_validate(document["spec"])
    assert spec.genesis == place.owner.genesis
    site, objects = elsewhere.site(), objects_of(elsewhere)
    ours, theirs = (OwnerVault.of(one.site()) for one in (place.farm, elsewhere))
    seal = theirs.seal(place.owner.key, place.owner.genesis)
    for name, plain in place.files.items():
        sealed = objects.get(TWINS, bundle_key(place.pin, name))
        assert seal.open(sealed, place.pin.version, digest_bytes(plain)) == plain
        with pytest.raises(SealError):
            ours.seal(place.owner.key, place.owner.genesis).open(sealed, place.pin.version, digest_bytes(plain))
    stored = objects.get(TWINS, bundle_key(place.pin, bundle.MANIFEST))
    assert digest_bytes(stored) == place.pin.version
    order = training_order(
        Identity(namespace=NAMESPACE, name=NAME, uid="some-uid-1", generation=1, resource_version="", created_at=0.0),
        spec,
    )
    result = TrainingResult.model_validate_json(objects.get(BucketNames().receipts, training_key(order.digest)))
    assert (result.state, result.version) == ("Ready", place.pin.version)
    assert Keys.at(site.home).pool.read_text() != Keys.at(place.farm.home).pool.read_text()
    objects.close()


def rotated(farm: Farm, owner: Owner) -> str:
    """The owner's key record that hands the twin to next.jwk, recorded as the operator does; also kept by the owner."""
    new, twin = token.new_key(), twin_id(owner.genesis)
    (owner.folder / "next.jwk").write_text(json.dumps(new.as_dict(private=True)))
    public = PublicKey.model_validate(token.public_jwk(new))
    claims = KeyRecord(twin=twin, number=1, previous=twin, act="rotate", key=public, iat=1_780_000_500)
    record = sign_key_record(owner.key, claims)
    recorded = Recorded(act=record, accepted_at=1_780_000_501)
    objects = objects_of(farm)
    objects.put(BucketNames().ledger, key_record_key(twin, 1), recorded.model_dump_json().encode())
    objects.close()
    manifest = {"kind": "OwnerAct", "spec": {"twinRef": {"name": "ada-rotated"}, "act": record}}
    (owner.folder / "record.yaml").write_text(yaml.safe_dump(manifest))
    return record


def test_after_a_rotation_the_new_root_does_it_all_and_the_old_one_nothing(
    farm: Farm, place: Place, elsewhere: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = settled(farm, an_owner(tmp_path), "ada-rotated", tmp_path / "bundle")
    record = rotated(farm, there.owner)
    old, new, kept = there.owner.root, str(tmp_path / "next.jwk"), str(tmp_path / "record.yaml")

    def export(key: str, out: str) -> Any:
        recipient = str(there.owner.identity.to_public())
        words = (
            "export",
            "ada-rotated",
            "-n",
            NAMESPACE,
            "--key",
            key,
            "--to",
            recipient,
            "--out",
            str(tmp_path / out),
        )
        return there.call(monkeypatch, *words)

    assert "the vault refuses" in str(export(old, "old.age").exception)
    assert export(new, "new.age").exit_code == 0
    packing, _ = unpack((tmp_path / "new.age").read_bytes(), str(there.owner.identity))
    assert packing.key_records == (record,)

    def bring(key: str) -> Any:
        words = ("import", str(tmp_path / "new.age"), "--key", key, "--identity", there.owner.age)
        return call(elsewhere, monkeypatch, *words)

    assert "the vault refuses" in str(bring(old).exception)
    model, act = yaml.safe_load_all(bring(new).stdout)
    assert (model["kind"], act["kind"], act["spec"]["act"]) == ("TwinModel", "OwnerAct", record)

    def erase(key: str, *more: str) -> Any:
        words = ("erase", "ada-rotated", "-n", NAMESPACE, "--key", key, "--receipt", str(tmp_path / "receipt.jws"))
        return there.call(monkeypatch, *words, "--yes", *more)

    for more in ((), ("--records", kept)):
        assert "the vault refuses" in str(erase(old, *more).exception)
    assert not (tmp_path / "receipt.jws").exists()
    done = erase(new, "--records", kept)
    assert done.exit_code == 0, done.exception
    assert "is destroyed" in done.stdout


def test_after_erasure_full_copies_and_all_accounts_open_nothing(
    archive: Path, place: Place, elsewhere: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = place.farm.site()
    store = buckets.client(object_store.settings(site, "root"))
    copies = {
        (name, str(entry.object_name)): store.get_object(name, str(entry.object_name)).read()
        for name in BucketNames().model_dump().values()
        for entry in store.list_objects(name, recursive=True)
    }
    for plain in place.files.values():
        assert not any(plain[:64] in data for data in copies.values())
    began = time.monotonic()
    receipt = tmp_path / "receipt.jws"
    words = ("erase", NAME, "-n", NAMESPACE, "--key", place.owner.root, "--receipt", str(receipt), "--yes")
    done = place.call(monkeypatch, *words)
    assert done.exit_code == 0, done.exception
    assert time.monotonic() - began < 100
    public = token.load_key(Keys.at(site.home).vault_public.read_text())
    claims = token.verify(receipt.read_text().strip(), public, ERASURE_TYPE)
    assert isinstance(claims, dict)
    assert Erasure.model_validate(claims).twin == place.pin.id
    for word in ("backups", "exports", "delivered", "memory images"):
        assert word in done.stdout
    keyset = site.home.vault_keys / f"{place.pin.id}.json"
    assert "data_key" not in json.loads(keyset.read_text())
    with pytest.raises(UserError, match="its key is destroyed"):
        OwnerVault.of(site).seal(place.owner.key, place.owner.genesis)
    with pytest.raises(UserError, match="its key is destroyed"):
        OwnerVault.of(site).seal(place.owner.key, place.owner.genesis, adopt=True)
    secret = [path.read_bytes() for path in site.home.root.rglob("*") if path.is_file() and path.stat().st_size < 10**6]
    assert not any(plain[:64] in data for plain in place.files.values() for data in secret)
    # The owner's own export is what an erasure cannot reach, and says so.
    assert unpack(archive.read_bytes(), str(place.owner.identity))[1]["face.onnx"] == place.files["face.onnx"]
    again = place.call(monkeypatch, *words[:-2], str(tmp_path / "again.jws"), "--yes")
    assert again.exit_code == 0
    assert (tmp_path / "again.jws").read_text() == receipt.read_text()
