"""`understudy license`: write, sign, read, check and revoke what a brand may do with a twin."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from understudy_api import token
from understudy_api.acts import Revocation, sign_act
from understudy_api.keyring import Keyring
from understudy_api.model import API_VERSION
from understudy_api.plain import terms_in_words
from understudy_api.terms import LICENSE_TYPE, License, Terms, read_license, sign_license
from understudy_api.verdict import Refusal
from understudy_cli import license_check, license_status
from understudy_cli.errors import UserError
from understudy_cli.files import read_mapping, write_new
from understudy_cli.license_template import TEMPLATE
from understudy_cli.license_terms import claims_from
from understudy_cli.rings import (
    RecordsOption,
    TwinOption,
    act_manifest,
    genesis_of,
    print_manifests,
    read_twin,
    ring_of,
)
from understudy_cli.signing import KeyOption, SignerOption, signatory, signed, thumbprint_of

__all__ = ["app", "genesis_of", "license_manifest"]

app = typer.Typer(help="Sign licenses with the owner's key, read, check and revoke them.", no_args_is_help=True)
app.command("check")(license_check.check)
app.command("status")(license_status.status)


@app.command()
def new(
    path: Annotated[Path | None, typer.Argument(help="File to write; without it the terms are printed.")] = None,
) -> None:
    """Write readable terms with every field explained, to be edited and signed."""
    if path is None:
        typer.echo(TEMPLATE, nl=False)
        return
    write_new(path, TEMPLATE)
    typer.echo(f"{path}  edit it, then `understudy license sign {path}`")


@app.command()
def sign(
    terms: Annotated[Path, typer.Argument(help="Readable terms (YAML), as `license new` writes them.")],
    key: KeyOption,
    twin: TwinOption,
    farm: Annotated[
        str,
        typer.Option(
            help="Thumbprint of the farm's key, as `understudy status` prints it, or the file of its public key."
        ),
    ],
    records: RecordsOption = None,
    signer: SignerOption = None,
) -> None:
    """Print a License manifest, signed; apply it with kubectl."""
    manifest, ring, by = read_twin(twin), ring_of(twin, records), signatory(key, signer)
    kid = token.thumbprint(token.public_of(by))
    if isinstance(ring.signer("license", kid), Refusal):
        raise UserError(
            f"{key}: is neither the key that owns {twin} nor one it lets sign licenses; sign with the root key, or give "
            "the key records with --records"
        )
    claims = claims_from(
        read_mapping(terms, "license terms"),
        str(terms),
        owner=ring.owner,
        farm=thumbprint_of(farm),
        twin_id=ring.twin_id,
        now=int(time.time()),
    )
    text = signed(lambda: sign_license(by, claims))
    _verified(text, ring, str(terms))
    print_manifests(license_manifest(claims, text, manifest["metadata"]))


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="License manifest.")],
    twin: Annotated[Path | None, typer.Option(help="TwinModel manifest; with it the signature is checked.")] = None,
    records: RecordsOption = None,
) -> None:
    """Print the terms of a license in plain words."""
    found, signature = read_terms(path, twin, records)
    typer.echo(f"License {found.jti}  (signature: {signature})")
    for line in terms_in_words(found):
        typer.echo(f"  {line}")


@app.command()
def revoke(
    path: Annotated[Path, typer.Argument(help="License manifest.")],
    key: KeyOption,
    twin: TwinOption,
    reason: Annotated[str, typer.Option(help="Why; stands in the ledger.")] = "",
    signer: SignerOption = None,
) -> None:
    """Print an act that ends a license for good; whoever delivers it, it holds."""
    manifest = read_twin(twin)
    terms, _ = read_terms(path, None, None)
    twin_id = genesis_of(manifest, str(twin)).twin_id
    if terms.twin != twin_id:
        raise UserError(f"{path}: licenses another twin than {twin}; name the TwinModel it was signed for")
    act = Revocation(twin=twin_id, jti=terms.jti, iat=int(time.time()), reason=reason)
    by = signatory(key, signer)
    print_manifests(act_manifest(manifest, "revoke", signed(lambda: sign_act(by, act))))


def read_terms(path: Path, twin: Path | None, records: list[Path] | None) -> tuple[Terms, str]:
    """The terms in a License manifest, and what is known of their signature; UserError when it does not hold."""
    text = str(read_mapping(path, "a License manifest").get("spec", {}).get("token", ""))
    if twin is not None:
        return _verified(text, ring_of(twin, records), str(path)).terms, "good, by the owner of the twin"
    claims = token.unverified(text, LICENSE_TYPE)
    if isinstance(claims, Refusal):
        raise UserError(f"{path}: {claims.message}")
    try:
        return Terms.model_validate(claims), "not checked; give --twin"
    except ValueError as error:
        raise UserError(f"{path}: holds no license terms this version knows; ask the owner for it anew") from error


def license_manifest(terms: Terms, text: str, twin: dict[str, Any]) -> dict[str, Any]:
    """The License object beside its twin, named by the license's id."""
    return {
        "apiVersion": API_VERSION,
        "kind": "License",
        "metadata": {"name": terms.jti.lower().replace("_", "-"), "namespace": twin["namespace"]},
        "spec": {"twinRef": {"name": twin["name"]}, "token": text},
    }


def _verified(text: str, ring: Keyring, where: str) -> License:
    found = read_license(text, ring)
    if isinstance(found, Refusal):
        raise UserError(f"{where}: {found.message}")
    return found
