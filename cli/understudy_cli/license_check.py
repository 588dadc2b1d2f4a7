"""`understudy license check`: would this job be allowed under this license? Offline, clause by clause."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy_api.model import fault_of
from understudy_cli.errors import UserError
from understudy_cli.files import read_mapping
from understudy_cli.keys_records import seconds_of
from understudy_cli.rings import RecordsOption, ring_of

if TYPE_CHECKING:
    from understudy_api.permits import Finding, Use
    from understudy_api.renderjob import RenderJobSpec
    from understudy_api.terms import Terms


def check(
    path: Annotated[Path, typer.Argument(help="License manifest.")],
    job: Annotated[Path, typer.Option(help="RenderJob manifest.")],
    twin: Annotated[Path | None, typer.Option(help="TwinModel manifest; with it the signature is checked.")] = None,
    records: RecordsOption = None,
    farm: Annotated[str | None, typer.Option(help="Thumbprint of the farm's key; default: the license's own.")] = None,
    twin_version: Annotated[str | None, typer.Option(help="Digest of the twin version that would perform.")] = None,
    used_seconds: Annotated[float, typer.Option(help="Metered seconds used or promised under it already.")] = 0.0,
    used_items: Annotated[int, typer.Option(help="Videos made or promised under it already.")] = 0,
    at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"], help="When, UTC; default: now.")
    ] = None,
) -> None:
    """Say whether a job is allowed under a license, clause by clause; exit code 1 when it is refused.

    Needs neither farm nor network. What only the farm knows is taken as said: what was used, whether it was revoked.
    """
    from understudy_api.permits import Usage, findings
    from understudy_cli.license import read_terms

    manifest = read_mapping(path, "a License manifest")
    terms, signature = read_terms(path, twin, records)
    request = read_mapping(job, "a RenderJob manifest")
    spec = _spec(request, job)
    use, notes = _use(terms, request, spec, twin)
    use = use.model_copy(
        update={
            "farm": farm or terms.aud,
            "version": twin_version,
            "twin": ring_of(twin, records).twin_id if twin else terms.twin,
        }
    )
    usage = Usage(used_seconds=used_seconds, used_items=used_items, status=_as_said(terms), status_iat=_moment(at))
    rows = findings(terms, use, usage, _moment(at))
    _print(rows, signature, [*_references(manifest, request), *notes])
    if any(row.refusal for row in rows):
        raise typer.Exit(1)


def _spec(request: dict[str, Any], job: Path) -> RenderJobSpec:
    from pydantic import ValidationError

    from understudy_api.renderjob import RenderJobSpec

    if request.get("kind") != "RenderJob":
        raise UserError(f"{job}: wanted a RenderJob manifest, got kind {request.get('kind')!r}")
    try:
        return RenderJobSpec.model_validate(request.get("spec", {}))
    except ValidationError as error:
        raise UserError(f"{job}: {fault_of(error, within=('spec',))}") from error


def _use(terms: Terms, request: dict[str, Any], spec: RenderJobSpec, twin: Path | None) -> tuple[Use, list[str]]:
    """The use a job amounts to, seconds by the operator's own bound; and what cannot be told offline."""
    from understudy_api.permits import Size, Use
    from understudy_operator.core.draft import ordered_use

    rate = 80
    if twin is not None:
        voice = read_mapping(twin, "a TwinModel manifest").get("spec", {}).get("voice", {})
        rate = int(voice.get("rateWordsPerMinute", 160))
    seconds, items, notes = _amount(spec, rate)
    use = Use(
        **dict(ordered_use(spec.use)),
        farm=terms.aud,
        namespace=str(request.get("metadata", {}).get("namespace", "default")),
        twin=terms.twin,
        locales=spec.locales,
        formats=tuple(Size(width=out.width, height=out.height) for out in spec.outputs),
        seconds=seconds,
        items=items,
    )
    return use, notes


def _amount(spec: RenderJobSpec, rate_words_per_minute: int) -> tuple[float, int, list[str]]:
    from understudy_operator.core.content import request
    from understudy_operator.core.estimate import at_rate
    from understudy_operator.core.rows import Freezer, inline
    from understudy_operator.core.state import FrozenContent

    wanted = request(spec)
    if wanted.rows is None:
        return 0.0, 0, ["rows in S3 are not read offline: seconds and videos are not counted"]
    freezer = Freezer(wanted)
    for placed in inline(wanted.rows):
        line = freezer.line(placed)
        if not isinstance(line, bytes):
            raise UserError(f"RenderJob: {line.message}")
    frozen = freezer.frozen("offline")
    if not isinstance(frozen, FrozenContent):
        raise UserError(f"RenderJob: {frozen.message}")
    seconds = at_rate(frozen.spoken_seconds, rate_words_per_minute) * len(spec.outputs)
    items = frozen.rows_count * len(spec.locales) * len(spec.outputs)
    return seconds, items, ["seconds are the upper bound reserved before anything is spoken"]


def _as_said(terms: Terms) -> Any:
    """The status list is the farm's to ask; offline it is taken to say that the license stands."""
    return "valid" if terms.status is not None else None


def _moment(at: datetime | None) -> int:
    return int(time.time()) if at is None else seconds_of(at)


def _references(manifest: dict[str, Any], request: dict[str, Any]) -> list[str]:
    """Whether the job names this very License object at all."""
    metadata, wanted = manifest.get("metadata", {}), request.get("spec", {}).get("licenseRef", {})
    named = all(metadata.get(part) == wanted.get(part) for part in ("namespace", "name"))
    here = f"{metadata.get('namespace')}/{metadata.get('name')}"
    return (
        [] if named else [f"the job's licenseRef is {wanted.get('namespace')}/{wanted.get('name')}, this one is {here}"]
    )


def _print(rows: tuple[Finding, ...], signature: str, notes: list[str]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("clause", "", "wanted", "allowed"):
        grid.add_column(heading, overflow="fold")
    for row in rows:
        mark = "[red]refused[/]" if row.refusal else "[green]ok[/]"
        grid.add_row(row.clause, mark, escape(row.wanted), escape(row.allowed))
    console = Console(soft_wrap=False)
    console.print(grid)
    refusals = [row.refusal for row in rows if row.refusal]
    for note in [f"signature: {signature}", *notes]:
        console.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    for refusal in refusals:
        console.print(f"{refusal.reason}: {refusal.message}", markup=False, highlight=False, soft_wrap=True)
    said = f"refused: {len(refusals)} of {len(rows)} clauses" if refusals else f"allowed: all {len(rows)} clauses"
    console.print(said, markup=False, highlight=False)
