"""`understudy license status`: the owner's status list, signed offline; printed as an OwnerAct or written for a web host."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import Field, ValidationError

from understudy_api import token
from understudy_api.keyring import Keyring, Signatory
from understudy_api.model import Model, fault_of
from understudy_api.status_list import (
    MAX_LIST_BYTES,
    Status,
    StatusClaims,
    StatusList,
    pack,
    read_status_list,
    recorded_list,
    sign_status_list,
)
from understudy_api.verdict import Refusal
from understudy_cli.errors import UserError
from understudy_cli.files import read_mapping, read_text
from understudy_cli.rings import RecordsOption, TwinOption, act_manifest, print_manifests, read_twin, ring_of
from understudy_cli.signing import KeyOption, SignerOption, signatory, signed

Index = Annotated[int, Field(ge=0, le=10**7)]


class Statuses(Model):
    """What an owner writes down about the places in the list."""

    size: int = Field(default=1024, ge=1, le=4 * MAX_LIST_BYTES, description="How many licenses it has room for.")
    ttl_seconds: int = Field(ge=1, le=86_400)
    revoked: tuple[Index, ...] = ()
    suspended: tuple[Index, ...] = ()


def status(
    statuses: Annotated[Path, typer.Argument(help="YAML: ttl_seconds, size, revoked: [...], suspended: [...].")],
    key: KeyOption,
    twin: TwinOption,
    to: Annotated[
        Path | None, typer.Option(help="Write the list itself here, for an https host, instead of an OwnerAct.")
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(help="The list before; the new one never goes back behind it. Default: the file --to."),
    ] = None,
    records: RecordsOption = None,
    signer: SignerOption = None,
) -> None:
    """Sign a twin's status list with the stop key; apply the OwnerAct that it prints, or host the file --to."""
    manifest, ring, by = read_twin(twin), ring_of(twin, records), signatory(key, signer)
    before = previous or (to if to is not None and to.exists() else None)
    text = _signed(ring, by, _statuses(statuses), str(statuses), _list_in(before, ring) if before else None)
    if to is None:
        if len(text) > token.MAX_TOKEN_BYTES:
            raise UserError(
                f"{statuses}: the list takes {len(text):,} characters, an OwnerAct has room for "
                f"{token.MAX_TOKEN_BYTES:,}; host it with --to, and name its address in the licenses"
            )
        print_manifests(act_manifest(manifest, "status", text))
        return
    _replace(to, text)
    typer.echo(f"{to}  put it where the licenses' status.uri points", err=True)


def _statuses(path: Path) -> Statuses:
    try:
        found = Statuses.model_validate(read_mapping(path, "the statuses of licenses"))
    except ValidationError as error:
        raise UserError(f"{path}: {fault_of(error)}") from error
    if both := sorted(set(found.revoked) & set(found.suspended)):
        raise UserError(f"{path}: index {both[0]} is both revoked and suspended; name it once")
    return found


def _signed(ring: Keyring, by: Signatory, said: Statuses, where: str, before: StatusList | None) -> str:
    """The token, held against everything that a farm holds it against; UserError with the farm's own words."""
    marks: dict[int, Status] = dict.fromkeys(said.suspended, "suspended")
    marks |= dict.fromkeys(said.revoked, "revoked")
    now = int(time.time())
    try:
        packed = pack(marks, said.size)
    except ValueError as error:
        raise UserError(f"{where}: {error}; make size larger") from error
    # Two lists of one second would be a fork: the second one is signed for the next.
    at = now + 1 if before is not None and before.iat == now else now
    claims = StatusClaims(sub=ring.twin_id, iat=at, ttl=said.ttl_seconds, status_list=packed)
    text = signed(lambda: sign_status_list(by, claims))
    read = read_status_list(text, ring, now, before)
    if isinstance(read, Refusal):
        raise UserError(f"{where}: {read.message}")
    return text


def _list_in(path: Path, ring: Keyring) -> StatusList:
    """The list that was published before, as a bare token or in its OwnerAct; how old it is does not matter."""
    text = read_text(path, "the list before").strip()
    if text.count(".") != 2 or text.split()[1:]:
        text = str(_spec(path).get("act", ""))
    found = recorded_list(text)
    known = found if isinstance(found, Refusal) else read_status_list(text, ring, found.iat)
    if isinstance(known, Refusal):
        raise UserError(f"{path}: {known.message}")
    return known


def _spec(path: Path) -> dict[str, Any]:
    spec = read_mapping(path, "an OwnerAct manifest").get("spec")
    return spec if isinstance(spec, dict) else {}


def _replace(path: Path, text: str) -> None:
    """The file with its new content, whole or as it was: a host may be reading it."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(text + "\n", encoding="ascii")
        part.replace(path)
    except OSError as error:
        raise UserError(f"{path}: cannot write ({error.strerror})") from error
    finally:
        part.unlink(missing_ok=True)
