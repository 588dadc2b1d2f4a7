"""`understudy twin init`: the signed genesis record, inside a TwinModel manifest ready for kubectl."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Annotated

import typer
import yaml
from pydantic import ValidationError

from understudy_api.genesis import sign_genesis
from understudy_api.model import API_VERSION, fault_of
from understudy_api.twinmodel import TwinModelSpec
from understudy_cli.errors import UserError
from understudy_cli.signing import SignerOption, public_key_of, signatory, signed


def init(
    name: Annotated[str, typer.Argument(help="Name of the TwinModel, e.g. ada.")],
    key: Annotated[Path, typer.Option(help="The owner's root key (JWK).")],
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="The owner's namespace.")],
    capture: Annotated[str, typer.Option(help="Where the capture lies: s3://<outputs bucket>/<namespace>/....mp4")],
    effort: Annotated[str, typer.Option(help="Quick, Standard or Thorough.")] = "Standard",
    voice: Annotated[str, typer.Option(help="espeak-ng voice variant, e.g. f2 or m3.")] = "f2",
    recovery: Annotated[
        Path | None, typer.Option(help="A key (JWK, public half is enough) that may replace a lost root key.")
    ] = None,
    signer: SignerOption = None,
) -> None:
    """Print a TwinModel manifest whose genesis record is signed with the owner's key."""
    manifest = twin_manifest(name, key, namespace, capture, effort, voice, recovery, signer)
    typer.echo(yaml.safe_dump(manifest, sort_keys=False), nl=False)


def twin_manifest(
    name: str,
    key: Path,
    namespace: str,
    capture: str,
    effort: str,
    voice: str,
    recovery: Path | None = None,
    signer: str | None = None,
) -> dict[str, object]:
    """The manifest; UserError naming the field that is wrong."""
    root, second = signatory(key, signer), None if recovery is None else public_key_of(recovery)
    genesis = signed(lambda: sign_genesis(root, name, int(time.time()), secrets.token_hex(16), second))
    spec = {"genesis": genesis, "capture": {"s3": capture}, "training": {"effort": effort}, "voice": {"variant": voice}}
    try:
        TwinModelSpec.model_validate(spec)
    except ValidationError as error:
        raise UserError(f"twin init: {fault_of(error)}") from error
    return {
        "apiVersion": API_VERSION,
        "kind": "TwinModel",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }
