"""`understudy twin stop|resume`: halt everything that is made of a twin, and lift a halt again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from understudy_api import token
from understudy_api.acts import ACT_TYPES, Resume, Stop, read_act, sign_act
from understudy_api.digest import digest_bytes
from understudy_api.verdict import Refusal
from understudy_cli.errors import UserError
from understudy_cli.files import read_mapping, read_text
from understudy_cli.rings import (
    RecordsOption,
    TwinOption,
    act_manifest,
    genesis_of,
    print_manifests,
    read_twin,
    ring_of,
)
from understudy_cli.signing import KeyOption, SignerOption, signatory, signed


def stop(
    twin: TwinOption,
    key: Annotated[Path | None, typer.Option("--key", help="Stop key or root key (JWK).")] = None,
    order: Annotated[Path | None, typer.Option(help="The offline order that `keys new` wrote; needs no key.")] = None,
    reason: Annotated[str, typer.Option(help="Why; stands in the ledger.")] = "",
    records: RecordsOption = None,
    signer: SignerOption = None,
) -> None:
    """Print an act that halts all licenses and all training of a twin; apply it with kubectl."""
    if (key is None) == (order is None):
        raise UserError("twin stop: give either --key or --order")
    manifest, ring = read_twin(twin), ring_of(twin, records)
    if order is not None:
        text = read_text(order, "the stop order").strip()
    elif key is not None:
        by = signatory(key, signer)
        act = Stop(twin=ring.twin_id, iat=int(time.time()), reason=reason)
        text = signed(lambda: sign_act(by, act))
    read = read_act(text, ring, time.time())
    if not isinstance(read, Stop):
        why = read.message if isinstance(read, Refusal) else "it is another act"
        raise UserError(f"{order or key}: {why}; give all key records with --records")
    print_manifests(act_manifest(manifest, "stop", text))


def resume(
    path: Annotated[Path, typer.Argument(help="Manifest of the stop, as `twin stop` printed it.")],
    key: KeyOption,
    twin: TwinOption,
    signer: SignerOption = None,
) -> None:
    """Print an act that lifts one stop, signed with the root key."""
    manifest = read_twin(twin)
    text = str(read_mapping(path, "an OwnerAct manifest").get("spec", {}).get("act", ""))
    _only_a_stop(text, path)
    by = signatory(key, signer)
    act = Resume(twin=genesis_of(manifest, str(twin)).twin_id, stop=digest_bytes(text.encode()), iat=int(time.time()))
    print_manifests(act_manifest(manifest, "resume", signed(lambda: sign_act(by, act))))


def _only_a_stop(text: str, path: Path) -> None:
    typ = token.type_of(text)
    if isinstance(typ, Refusal) or ACT_TYPES.get(typ, (None,))[0] is not Stop:
        raise UserError(f"{path}: holds no stop; name the manifest that `twin stop` printed")
