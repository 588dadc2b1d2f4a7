"""Consent to a capture from the owner's side: `understudy capture passcode` before it is recorded, `consent capture` after.

Nobody is recognised in the film: owner and witness say with a signature that the passcode was said while it was recorded.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from understudy_api.acts import CaptureConsent, sign_act
from understudy_api.capture_consent import read_capture_consent
from understudy_api.keyring import Keyring, Signatory
from understudy_api.model import fault_of
from understudy_api.verdict import Refusal
from understudy_cli.errors import UserError
from understudy_cli.rings import RecordsOption, TwinOption, print_manifests, read_twin, ring_of
from understudy_cli.signing import KeyOption, SignerOption, signatory, signed

if TYPE_CHECKING:
    from understudy_cli.owner_vault import OwnerVault


def passcode(
    twin: TwinOption,
    key: KeyOption,
    records: RecordsOption = None,
    signer: SignerOption = None,
    vault: Annotated[str | None, typer.Option(help="URL of the farm's vault; default: this machine's farm.")] = None,
    authority: Annotated[
        Path | None, typer.Option("--ca", help="PEM file that vouches for --vault's certificate.")
    ] = None,
) -> None:
    """Ask the vault for a passcode to be said aloud while a capture is recorded. It is good for half an hour."""
    ring, by = ring_of(twin, records), signatory(key, signer)
    given = _vault(vault, authority).passcode(by, ring)
    until = time.strftime("%H:%M:%S UTC", time.gmtime(given.expires_at))
    typer.echo(given.text)
    typer.echo(f"Say it aloud in the film, before a witness; record and sign until {until}.", err=True)


def capture(
    film: Annotated[Path, typer.Argument(help="The capture (mp4), the very file that is uploaded.")],
    twin: TwinOption,
    key: KeyOption,
    passcode: Annotated[str, typer.Option(help="What was said, as `capture passcode` printed it.")],
    witness: Annotated[str, typer.Option(help="Name of who heard it said.")],
    records: RecordsOption = None,
    signer: SignerOption = None,
) -> None:
    """Sign consent to a capture; prints the TwinModel manifest with it, for kubectl."""
    manifest, ring, by = read_twin(twin), ring_of(twin, records), signatory(key, signer)
    print_manifests(consented(manifest, ring, by, film, passcode, witness))


def consented(
    manifest: dict[str, Any], ring: Keyring, by: Signatory, film: Path, passcode: str, witness: str
) -> dict[str, Any]:
    """The TwinModel with consent to the film, signed now; UserError when it would not hold."""
    now = int(time.time())
    try:
        act = CaptureConsent(
            twin=ring.twin_id, capture_sha256=film_digest(film), passcode=passcode, witness=witness, iat=now
        )
    except ValidationError as error:
        raise UserError(f"consent capture: {fault_of(error)}") from error
    text = signed(lambda: sign_act(by, act))
    found = read_capture_consent(text, ring, now)
    if isinstance(found, Refusal):
        raise UserError(f"{found.message}; sign with the consent or root key, and give all key records with --records")
    return {**manifest, "spec": {**manifest["spec"], "captureConsent": text}}


def film_digest(film: Path) -> str:
    """SHA-256 of a capture; UserError when it cannot be read."""
    try:
        with film.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{film}: cannot read the capture ({error.strerror})") from error


def _vault(url: str | None, authority: Path | None) -> OwnerVault:
    from understudy_cli.farm_reach import local_site
    from understudy_cli.owner_vault import OwnerVault

    if url is None:
        return OwnerVault.of(local_site())
    if authority is None:
        raise UserError("capture passcode: --vault needs --ca, the PEM file that vouches for its certificate")
    return OwnerVault(url, authority)
