"""`understudy ledger`: whether the ledger is whole, and a checkpoint to keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer
from joserfc.jwk import OKPKey
from pydantic import ValidationError

from understudy_api.ledger.chain import Chain, Finding
from understudy_api.ledger.checkpoint import ChainHead, Checkpoint, Evidence, compare, proven_heads
from understudy_api.verdict import Refusal
from understudy_cli.errors import UserError
from understudy_cli.files import read_text
from understudy_cli.ledger_bucket import LedgerBucket, open_ledger
from understudy_cli.ledger_receipts import held_against_receipts

BROKEN: Final = 2  # 1 says that something cannot be read, and 2 is what a script has to act on

app = typer.Typer(help="Check the ledger of uses and royalties; keep checkpoints of it.", no_args_is_help=True)
Settings = Annotated[
    Path | None,
    typer.Option(help="The operator's settings file; default: that of this machine's farm.", show_default=False),
]


@app.command()
def verify(
    kept: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            help="A checkpoint or statement (JSON) you kept: shows truncation and forks since.",
            show_default=False,
        ),
    ] = None,
    receipts: Annotated[
        bool, typer.Option("--receipts", help="Also hold every charge against the signed receipt it was made of.")
    ] = False,
    settings: Settings = None,
) -> None:
    """Read every link of every chain; exit code 0 when all hold, 2 when something was deleted, altered, moved or cut."""
    ledger = open_ledger(settings)
    chains = ledger.chains()
    findings = [finding for one in chains.values() for finding in one.findings]
    findings += _against_stored(ledger, chains)
    heads = read_kept(kept, ledger.farm) if kept is not None else ()
    findings += compare(heads, chains)
    proofs = held_against_receipts(ledger, chains) if receipts else None
    findings += proofs.findings if proofs else ()
    for finding in findings:
        typer.echo(f"{finding.fault}: {finding.where}: {finding.message}")
    links = sum(one.length for one in chains.values())
    entries = sum(len(link.entries) for one in chains.values() for link in one.links.values())
    verdict = f"{len(findings)} findings" if findings else "nothing was deleted, altered or moved"
    typer.echo(f"{len(chains)} licenses, {links} links, {entries} entries: {verdict}")
    if proofs is not None:
        typer.echo(str(proofs))
    for line in endings(chains):
        typer.echo(line)
    typer.echo(_what_is_excluded(kept, heads, findings))
    raise typer.Exit(BROKEN if findings else 0)


@app.command()
def checkpoint(settings: Settings = None) -> None:
    """Print the newest checkpoint (JSON). Keep it where nobody who can write to the ledger can reach it."""
    ledger = open_ledger(settings)
    newest = ledger.newest_checkpoint()
    if newest is None:
        raise UserError(
            f"s3://{ledger.name}: no checkpoint yet; the operator seals one half a minute after the first use"
        )
    heads = proven_heads(newest, ledger.farm)
    if isinstance(heads, Refusal):
        raise UserError(f"s3://{ledger.name}: the newest {heads.message}")
    typer.echo(newest.model_dump_json())


def read_kept(path: Path, farm: OKPKey) -> tuple[ChainHead, ...]:
    """The heads that a kept checkpoint or statement proves; UserError when it is none of this farm's."""
    try:
        document = json.loads(read_text(path, "the checkpoint"))
        if isinstance(document, dict) and isinstance(document.get("checkpoint"), dict):
            document = document["checkpoint"]  # A statement carries one.
        kind = Checkpoint if isinstance(document, dict) and "heads" in document else Evidence
        heads = proven_heads(kind.model_validate(document), farm)
    except (ValueError, ValidationError) as error:
        raise UserError(
            f"{path}: neither a checkpoint nor a statement with one (JSON); keep it as it was printed"
        ) from error
    if isinstance(heads, Refusal):
        raise UserError(f"{path}: {heads.message}")
    return heads


def endings(chains: Mapping[str, Chain]) -> list[str]:
    """A line for every license that its owner ended: by what, and what became of the files."""
    lines = []
    for account, one in chains.items():
        newest = one.links[max(one.links)].balance if one.links else None
        if newest is None or not newest.ending.begun:
            continue
        files = newest.ending.quarantined_files
        rest = "its files are not in quarantine yet" if files is None else f"{files} files are in quarantine"
        delivered = f", {newest.ending.delivered_items} videos had been delivered" if files is not None else ""
        what = "revoked" if newest.ending.revoked else "its twin was erased"
        lines.append(f"account {account[:12]}: {what}; {rest}{delivered}")
    return lines


def _against_stored(ledger: LedgerBucket, chains: Mapping[str, Chain]) -> list[Finding]:
    """What the checkpoints in the bucket itself have seen: whoever cut a chain and forgot them is found out."""
    findings: list[Finding] = []
    for key, data in ledger.checkpoints().items():
        try:
            heads = proven_heads(Checkpoint.model_validate_json(data), ledger.farm)
        except ValidationError:
            findings.append(Finding("unreadable", key, "it is no checkpoint"))
            continue
        if isinstance(heads, Refusal):
            findings.append(Finding("unsigned", key, heads.message))
        else:
            findings += [one for one in compare(heads, chains) if one not in findings]
    return findings


def _what_is_excluded(kept: Path | None, heads: tuple[ChainHead, ...], findings: list[Finding]) -> str:
    if kept is None:
        return (
            "without a checkpoint kept elsewhere a rollback of the whole bucket cannot be excluded: "
            "keep `understudy ledger checkpoint` or a statement, and name it with --checkpoint"
        )
    if any(finding.fault in ("truncated", "forked") for finding in findings):
        return f"{kept}: the ledger does not go on from it"
    return f"{kept}: {len(heads)} licenses go on from where they stood then"
