"""Twins and their keys as files: TwinModel manifests, and the key records that were delivered after them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from understudy_api import token
from understudy_api.genesis import Genesis, read_genesis
from understudy_api.keyring import KEY_RECORD_TYPE, Keyring, extended
from understudy_api.model import API_VERSION
from understudy_api.verdict import Refusal
from understudy_cli.errors import UserError
from understudy_cli.files import read_mapping, read_text

TwinOption = Annotated[Path, typer.Option("--twin", help="The TwinModel manifest.")]
RecordsOption = Annotated[
    list[Path] | None,
    typer.Option("--records", help="Manifests of the twin's key records so far, files or folders; in any order."),
]


def genesis_of(manifest: dict[str, Any], where: str) -> Genesis:
    """The verified genesis record of a TwinModel manifest; UserError otherwise."""
    if manifest.get("kind") != "TwinModel":
        raise UserError(f"{where}: wanted a TwinModel manifest, got kind {manifest.get('kind')!r}")
    genesis = read_genesis(str(manifest.get("spec", {}).get("genesis", "")))
    if isinstance(genesis, Refusal):
        raise UserError(f"{where}: {genesis.message}")
    return genesis


def read_twin(path: Path) -> dict[str, Any]:
    """A TwinModel manifest with name and namespace; UserError otherwise."""
    manifest = read_mapping(path, "a TwinModel manifest")
    genesis_of(manifest, str(path))
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict) or not all(isinstance(metadata.get(one), str) for one in ("name", "namespace")):
        raise UserError(f"{path}: metadata: wanted name and namespace; use the manifest that `twin init` printed")
    return manifest


def ring_of(twin: Path, records: list[Path] | None) -> Keyring:
    """The ring of a twin after its key records; UserError naming the file that does not follow."""
    return followed(Keyring(genesis_of(read_mapping(twin, "a TwinModel manifest"), str(twin))), records or [])


def followed(ring: Keyring, records: list[Path]) -> Keyring:
    """The ring after the key records in files and folders; UserError naming the file that does not follow."""
    for path, text in sorted(_records(records), key=lambda one: _number(one[1])):
        following = extended(ring, text)
        if isinstance(following, Refusal):
            raise UserError(f"{path}: {following.message}")
        ring = following
    return ring


def act_manifest(twin: dict[str, Any], what: str, text: str) -> dict[str, Any]:
    """The OwnerAct object beside its twin; its name tells what it is and ends in the act's digest."""
    from understudy_api.digest import digest_bytes

    metadata = twin["metadata"]
    name = f"{metadata['name']}-{what}-{digest_bytes(text.encode())[:8]}"
    return {
        "apiVersion": API_VERSION,
        "kind": "OwnerAct",
        "metadata": {"name": name, "namespace": metadata["namespace"]},
        "spec": {"twinRef": {"name": metadata["name"]}, "act": text},
    }


def print_manifests(*manifests: dict[str, Any]) -> None:
    """Prints manifests as YAML that kubectl can apply."""
    typer.echo(yaml.safe_dump_all(manifests, sort_keys=False, allow_unicode=True), nl=False)


def _records(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """The key records in OwnerAct manifests; other documents are skipped."""
    files = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    for file in files:
        try:
            documents = list(yaml.safe_load_all(read_text(file, "a key record's manifest")))
        except yaml.YAMLError as error:
            raise UserError(f"{file}: is not YAML ({getattr(error, 'problem', error)})") from error
        for document in documents:
            if isinstance(document, dict) and document.get("kind") == "OwnerAct":
                text = str(document.get("spec", {}).get("act", ""))
                if token.type_of(text) == KEY_RECORD_TYPE:
                    yield file, text


def _number(text: str) -> int:
    claims = token.unverified(text, KEY_RECORD_TYPE)
    number = 0 if isinstance(claims, Refusal) else claims.get("number")
    return number if isinstance(number, int) else 0
