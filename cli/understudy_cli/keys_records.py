"""`understudy keys rotate|delegate|withdraw`: signed key records, printed as OwnerAct manifests."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from understudy_api import token
from understudy_api.genesis import public_key
from understudy_api.keyring import KeyRecord, Keyring, Signatory, extended, sign_key_record
from understudy_api.model import fault_of
from understudy_api.verdict import Refusal
from understudy_cli.errors import UserError
from understudy_cli.rings import RecordsOption, TwinOption, act_manifest, print_manifests, read_twin, ring_of
from understudy_cli.signing import KeyOption, SignerOption, public_key_of, signatory, signed

UntilOption = Annotated[
    datetime | None, typer.Option("--until", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"], help="When it ends, UTC.")
]


def rotate(
    key: KeyOption,
    to: Annotated[Path, typer.Option(help="The next root key (JWK), made with `keys new`.")],
    twin: TwinOption,
    records: RecordsOption = None,
    signer: SignerOption = None,
    keep_licenses_until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"],
            help="Let licenses that the old root key signed count until then; otherwise they end now.",
        ),
    ] = None,
) -> None:
    """Hand a twin over to another root key, signed with the present one or the recovery key."""
    manifest, ring, by = read_twin(twin), ring_of(twin, records), signatory(key, signer)
    old, by_recovery = ring.root, token.thumbprint(token.public_of(by)) != token.thumbprint(ring.root)
    ring, text = _followed(ring, by, {"act": "rotate", "key": public_key(public_key_of(to))})
    made = [act_manifest(manifest, "keys", text)]
    if keep_licenses_until is not None:
        if by_recovery:
            raise UserError("--keep-licenses-until: not after a recovery: the old root key may be stolen; sign anew")
        more = {"act": "delegate", "role": "license", "key": public_key(old), "exp": seconds_of(keep_licenses_until)}
        ring, text = _followed(ring, signatory(to, None), more)
        made.append(act_manifest(manifest, "keys", text))
    print_manifests(*made)
    typer.echo(f"root key of {manifest['metadata']['name']} after record {ring.number}: {to}", err=True)
    typer.echo(f"the stop order beside {key} stops nothing any more; {to} has its own", err=True)


def delegate(
    key: KeyOption,
    role: Annotated[str, typer.Option(help="license, consent or stop.")],
    to: Annotated[Path, typer.Option(help="The key (JWK, public half is enough) that may sign for the role.")],
    twin: TwinOption,
    records: RecordsOption = None,
    signer: SignerOption = None,
    until: UntilOption = None,
) -> None:
    """Let another key sign for one role, signed with the root key."""
    changes = {"act": "delegate", "role": role, "key": public_key(public_key_of(to))}
    _print_record(key, twin, records, signer, {**changes, "exp": None if until is None else seconds_of(until)})


def withdraw(
    key: KeyOption,
    role: Annotated[str, typer.Option(help="license, consent or stop.")],
    to: Annotated[Path, typer.Option("--from", help="The key (JWK, public half is enough) that loses the role.")],
    twin: TwinOption,
    records: RecordsOption = None,
    signer: SignerOption = None,
) -> None:
    """Take a role back: what that key signed for it counts nothing any more."""
    _print_record(key, twin, records, signer, {"act": "withdraw", "role": role, "key": public_key(public_key_of(to))})


def seconds_of(moment: datetime) -> int:
    """Unix seconds of a moment without a zone, taken as UTC."""
    return int(moment.replace(tzinfo=UTC).timestamp())


def _print_record(
    key: Path, twin: Path, records: list[Path] | None, signer: str | None, changes: dict[str, Any]
) -> None:
    manifest = read_twin(twin)
    _, text = _followed(ring_of(twin, records), signatory(key, signer), changes)
    print_manifests(act_manifest(manifest, "keys", text))


def _followed(ring: Keyring, by: Signatory, changes: dict[str, Any]) -> tuple[Keyring, str]:
    """The ring after one more record, and the record; UserError with the ring's own words when it does not follow."""
    base = {"twin": ring.twin_id, "number": ring.number + 1, "previous": ring.head, "iat": int(time.time())}
    try:
        record = KeyRecord.model_validate({**base, **changes})
    except ValidationError as error:
        raise UserError(f"key record: {fault_of(error, 'record')}") from error
    text = signed(lambda: sign_key_record(by, record))
    following = extended(ring, text)
    if isinstance(following, Refusal):
        raise UserError(f"{following.message}; give all earlier records with --records")
    return following, text
