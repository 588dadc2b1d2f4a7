"""`understudy verify`: whether a video is ours, and which job, license and twin version it comes from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from understudy_cli.errors import UserError
from understudy_cli.local.home import Home

if TYPE_CHECKING:
    from understudy_workers.media.credentials import Verdict

OURS: Final = 0
NOT_OURS: Final = 2  # 1 says that the file cannot be read, and 2 is what a script has to act on


def verify(
    file: Annotated[Path, typer.Argument(help="The video (mp4) to look at.", show_default=False)],
    trust: Annotated[
        Path | None,
        typer.Option(help="PEM root to trust; default: c2pa/root.pem in the farm's home.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
) -> None:
    """Say whether a video is ours: exit code 0 when it is, 2 when it is not, 1 when it cannot be read."""
    from understudy_workers.media import credentials  # loads the C2PA library, which `--help` does without

    try:
        verdict = credentials.verify(file, _root_pem(trust))
    except credentials.UnreadableError as error:
        raise UserError(str(error)) from error
    typer.echo(_json(file, verdict) if as_json else _lines(file, verdict))
    raise typer.Exit(OURS if verdict.is_ours else NOT_OURS)


def _root_pem(trust: Path | None) -> bytes:
    path = trust or Home.default().c2pa / "root.pem"
    try:
        return path.read_bytes()
    except OSError as error:
        cure = "check --trust" if trust else "start a farm with `understudy up`, or name its root with --trust"
        raise UserError(f"{path}: cannot read the trust root ({error.strerror}); {cure}") from error


def _lines(file: Path, verdict: Verdict) -> str:
    if (found := verdict.provenance) is None:
        return f"not ours: {file}: {verdict.reason}"
    facts = {
        "job": f"{found.namespace}/{found.job}",
        "item": found.item_id,
        "license": found.license_digest,
        "twin": f"{found.twin_id}  version {found.twin_version}",
        "rendered": found.rendered_at,
        "farm": found.farm,
    }
    return "\n".join([f"ours: {file}: {verdict.reason}", *(f"  {name:<9} {fact}" for name, fact in facts.items())])


def _json(file: Path, verdict: Verdict) -> str:
    provenance = asdict(verdict.provenance) if verdict.provenance else None
    facts = {"file": str(file), "ours": verdict.is_ours, "reason": verdict.reason, "provenance": provenance}
    return json.dumps(facts, ensure_ascii=False)
