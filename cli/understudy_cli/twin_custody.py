"""`understudy twin export`, `import` and `erase`: what only the holder of the root key can do with a twin."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy_cli.errors import UserError
from understudy_cli.farm_reach import FarmKeysOption, StoreOption, VaultOption, reach
from understudy_cli.files import read_key, read_text
from understudy_cli.recorded_keys import ring_at
from understudy_cli.rings import RecordsOption, act_manifest, print_manifests

if TYPE_CHECKING:
    from understudy_cli.farm_reach import FarmReach
    from understudy_cli.twin_archive import Packing
    from understudy_workers.objects import Objects

Root = Annotated[Path, typer.Option("--key", help="The owner's root key (JWK).", show_default=False)]
Namespace = Annotated[str, typer.Option("--namespace", "-n", help="The owner's namespace.", show_default=False)]


def export(
    name: Annotated[str, typer.Argument(help="Name of the TwinModel.")],
    namespace: Namespace,
    key: Root,
    to: Annotated[list[str], typer.Option(help="age recipient (age1...) that may open it.", show_default=False)],
    out: Annotated[Path, typer.Option(help="File to write.", show_default=False)],
    records: RecordsOption = None,
    farm_keys: FarmKeysOption = None,
    vault: VaultOption = None,
    s3: StoreOption = None,
) -> None:
    """Take a trained twin out of this farm: one file that your age identity opens, signed with your root key."""
    from understudy_cli.twin_archive import Packing, pack
    from understudy_workers.models.bundle import FILES, MANIFEST, SIGNATURE

    root = read_key(key)
    with reach(farm_keys, vault, s3) as farm, farm.objects() as objects, tempfile.TemporaryDirectory() as folder:
        model = farm.kubectl.get("twinmodel", name, namespace)
        version = model.get("status", {}).get("version")
        if not version:
            raise UserError(f"twinmodel {namespace}/{name}: is not trained yet; wait until it is Ready")
        genesis = model["spec"]["genesis"]
        ring = ring_at(objects, genesis, records, f"twinmodel {namespace}/{name}")
        seal = farm.vault.seal(root, genesis, ring.records)
        manifest, files = _opened(farm, objects, seal, version, Path(folder))
        beside = {one: (Path(folder) / one).read_bytes() for one in (MANIFEST, SIGNATURE)}
    packed = {**files, **beside}
    packing = Packing(
        twin=seal.twin,
        version=version,
        genesis=genesis,
        key_records=ring.records,
        namespace=namespace,
        name=name,
        spec=model["spec"],
        scores=manifest.scores,
        files=_digests(packed),
        exported_at=int(time.time()),
    )
    data = pack(packing, packed, root, to)
    _write(out, data)
    typer.echo(f"{out}  twin {seal.twin[:12]} version {version[:12]}, {len(FILES)} files, {len(data) / 1e6:.1f} MB")


def import_(
    archive: Annotated[Path, typer.Argument(help="File that `understudy twin export` wrote.")],
    key: Root,
    identity: Annotated[Path, typer.Option(help="age identity file that opens it.", show_default=False)],
    farm_keys: FarmKeysOption = None,
    vault: VaultOption = None,
    s3: StoreOption = None,
) -> None:
    """Bring an exported twin to this farm; prints its TwinModel manifest, and its key records' manifests, for kubectl."""
    from understudy_api.model import API_VERSION
    from understudy_cli.twin_archive import unpack

    root = read_key(key)
    packing, files = unpack(_read(archive), age_identity(identity))
    with reach(farm_keys, vault, s3) as farm, farm.objects() as objects, tempfile.TemporaryDirectory() as folder:
        seal = farm.vault.seal(root, packing.genesis, packing.key_records, adopt=True)
        _publish(farm, objects, packing, files, seal, Path(folder) / "bundle")
    document = {
        "apiVersion": API_VERSION,
        "kind": "TwinModel",
        "metadata": {"name": packing.name, "namespace": packing.namespace},
        "spec": packing.spec,
    }
    print_manifests(document, *(act_manifest(document, "keys", record) for record in packing.key_records))


def erase(
    name: Annotated[str, typer.Argument(help="Name of the TwinModel.")],
    namespace: Namespace,
    key: Root,
    receipt: Annotated[Path, typer.Option(help="File for the vault's signed receipt.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    records: RecordsOption = None,
    farm_keys: FarmKeysOption = None,
    vault: VaultOption = None,
    s3: StoreOption = None,
) -> None:
    """Destroy a twin's key: its bundles, captures, takes and clips can never be opened again, here or in any copy."""
    from understudy_api.release import ERASURE_TYPE, Erasure
    from understudy_api.token import unverified
    from understudy_api.verdict import Refusal
    from understudy_cli.files import write_new

    root = read_key(key)
    with reach(farm_keys, vault, s3) as farm, farm.objects() as objects:
        genesis = farm.kubectl.get("twinmodel", name, namespace)["spec"]["genesis"]
        if not yes:
            typer.confirm(f"Erase {namespace}/{name} for ever? Nobody can bring it back", abort=True)
        ring = ring_at(objects, genesis, records, f"twinmodel {namespace}/{name}")
        text = farm.vault.erase(root, genesis, ring.records, reason)
    write_new(receipt, text + "\n")
    claims = unverified(text, ERASURE_TYPE)
    if isinstance(claims, Refusal):
        raise UserError(f"{receipt}: {claims.message}")
    said = Erasure.model_validate(claims)
    typer.echo(f"erased: the key of twin {said.twin[:12]} is destroyed ({said.key_store})")
    for line in said.performers:
        typer.echo(f"  performer {line}")
    typer.echo("beyond the reach of any erasure:")
    for line in said.beyond_reach:
        typer.echo(f"  - {line}")
    typer.echo(f"receipt: {receipt}")


def _opened(farm: FarmReach, objects: Objects, seal: Any, version: str, folder: Path) -> Any:
    """Manifest and opened files of a twin's bundle, as this farm's pool signed it."""
    from understudy_api import token
    from understudy_api.order import TwinPin
    from understudy_api.settings import BucketNames
    from understudy_workers.models.bundle import FILES, MANIFEST, SIGNATURE, BundleError, verify
    from understudy_workers.objects import StoreError
    from understudy_workers.twins import bundle_key

    pin = TwinPin(id=seal.twin, version=version)
    try:
        for file in (*FILES, MANIFEST, SIGNATURE):
            objects.get_file(BucketNames().twins, bundle_key(pin, file), folder / file)
        return verify(folder, token.load_key(farm.keys.pool_public.read_text()), seal.open)
    except (BundleError, StoreError) as error:
        raise UserError(f"twin {seal.twin[:12]}: {error}") from error


def _publish(
    farm: FarmReach, objects: Objects, packing: Packing, files: dict[str, bytes], seal: Any, folder: Path
) -> None:
    """Seals the bundle under this farm's key, signed by this farm's pool, with the result that makes it known as trained."""
    from understudy_api import token
    from understudy_api.receipt import TrainingResult, training_key
    from understudy_api.settings import BucketNames
    from understudy_api.twinmodel import TwinModelSpec
    from understudy_operator.core.state import Identity
    from understudy_operator.core.training import training_order
    from understudy_workers.models.bundle import FILES, MANIFEST, BundleError, Manifest, write
    from understudy_workers.twins import publish

    keys = farm.keys
    manifest = Manifest.model_validate_json(files[MANIFEST])
    if (manifest.version, manifest.twin_id) != (packing.version, packing.twin):
        raise UserError("the archive's bundle is another version than its manifest names; export it again")
    try:
        write(folder, manifest, {name: files[name] for name in FILES}, token.load_key(keys.pool.read_text()))
        pin = publish(objects, BucketNames().twins, folder, token.load_key(keys.pool_public.read_text()), seal)
    except (BundleError, KeyError) as error:
        raise UserError(f"the archive's bundle cannot be used: {error}") from error
    spec = TwinModelSpec.model_validate(packing.spec)
    where = Identity(
        namespace=packing.namespace,
        name=packing.name,
        uid="00000000-import",
        generation=1,
        resource_version="",
        created_at=0.0,
    )
    order = training_order(where, spec).digest
    result = TrainingResult(
        digest=order,
        twin_id=pin.id,
        state="Ready",
        version=pin.version,
        scores=manifest.scores,
        finished_at=time.time(),
    )
    objects.create(BucketNames().receipts, training_key(order), result.model_dump_json().encode(), "application/json")


def _digests(files: dict[str, bytes]) -> dict[str, str]:
    from understudy_api.digest import digest_bytes

    return {name: digest_bytes(data) for name, data in files.items()}


def age_identity(path: Path) -> str:
    """The first identity of an age key file."""
    lines = read_text(path, "the age identity").splitlines()
    found = next((line.strip() for line in lines if line.startswith("AGE-SECRET-KEY-")), None)
    if found is None:
        raise UserError(f"{path}: wanted a line AGE-SECRET-KEY-...; `age-keygen` writes one")
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot read the archive ({error.strerror})") from error


def _write(path: Path, data: bytes) -> None:
    if path.exists():
        raise UserError(f"{path}: exists already; choose another name or move it away")
    from understudy_cli.local.home import write_private

    try:
        write_private(path, data)
    except OSError as error:
        raise UserError(f"{path}: cannot write ({error.strerror})") from error
