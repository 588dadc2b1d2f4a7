"""`understudy license`: sign what a brand may do with a twin, and read what was signed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from understudy_api import token
from understudy_api.genesis import Genesis, read_genesis
from understudy_api.keyring import Keyring
from understudy_api.model import API_VERSION
from understudy_api.plain import terms_in_words
from understudy_api.terms import LICENSE_TYPE, Terms, read_license, sign_license
from understudy_api.verdict import Refusal
from understudy_cli.errors import UserError
from understudy_cli.files import read_key, read_mapping
from understudy_cli.license_terms import claims_from

app = typer.Typer(help="Sign licenses with the owner's key and read them.", no_args_is_help=True)


@app.command()
def sign(
    terms: Annotated[
        Path,
        typer.Argument(
            help="Readable terms (YAML): id, assignee, purposes, channels, territories, languages, valid_from, valid_until, seconds."
        ),
    ],
    key: Annotated[Path, typer.Option(help="The owner's root key (JWK).")],
    twin: Annotated[Path, typer.Option(help="The TwinModel manifest the license is for.")],
    farm: Annotated[str, typer.Option(help="Thumbprint of the farm's key, as `understudy status` prints it.")],
) -> None:
    """Print a License manifest, signed; apply it with kubectl."""
    root = read_key(key)
    manifest = read_mapping(twin, "a TwinModel manifest")
    genesis = genesis_of(manifest, str(twin))
    if token.thumbprint(root) != token.thumbprint(genesis.owner):
        raise UserError(f"{key}: is not the key that owns {twin}; sign with the key its genesis record names")
    claims = claims_from(
        read_mapping(terms, "license terms"),
        str(terms),
        owner=token.thumbprint(root),
        farm=farm,
        twin_id=genesis.twin_id,
        now=int(time.time()),
    )
    typer.echo(
        yaml.safe_dump(license_manifest(claims, sign_license(root, claims), manifest["metadata"]), sort_keys=False),
        nl=False,
    )


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="License manifest.")],
    twin: Annotated[Path | None, typer.Option(help="TwinModel manifest; with it the signature is checked.")] = None,
) -> None:
    """Print the terms of a license in plain words."""
    manifest = read_mapping(path, "a License manifest")
    text = str(manifest.get("spec", {}).get("token", ""))
    claims = token.unverified(text, LICENSE_TYPE)
    if isinstance(claims, Refusal):
        raise UserError(f"{path}: {claims.message}")
    terms = Terms.model_validate(claims)
    signature = "not checked; give --twin"
    if twin is not None:
        checked = read_license(text, Keyring(genesis_of(read_mapping(twin, "a TwinModel manifest"), str(twin))))
        if isinstance(checked, Refusal):
            raise UserError(f"{path}: {checked.message}")
        signature = "good, by the owner of the twin"
    typer.echo(f"License {terms.jti}  (signature: {signature})")
    for line in terms_in_words(terms):
        typer.echo(f"  {line}")


def genesis_of(manifest: dict[str, Any], where: str) -> Genesis:
    """The verified genesis record of a TwinModel manifest; UserError otherwise."""
    if manifest.get("kind") != "TwinModel":
        raise UserError(f"{where}: wanted a TwinModel manifest, got kind {manifest.get('kind')!r}")
    genesis = read_genesis(str(manifest.get("spec", {}).get("genesis", "")))
    if isinstance(genesis, Refusal):
        raise UserError(f"{where}: {genesis.message}")
    return genesis


def license_manifest(terms: Terms, text: str, twin: dict[str, Any]) -> dict[str, Any]:
    """The License object beside its twin, named by the license's id."""
    return {
        "apiVersion": API_VERSION,
        "kind": "License",
        "metadata": {"name": terms.jti.lower().replace("_", "-"), "namespace": twin["namespace"]},
        "spec": {"twinRef": {"name": twin["name"]}, "token": text},
    }
