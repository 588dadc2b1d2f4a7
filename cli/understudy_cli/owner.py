"""`understudy owner report`: an owner's page of uses, seconds, earnings and open questions, from the ledger."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from understudy_cli.errors import UserError
from understudy_cli.ledger import Settings
from understudy_cli.local.home import Home, write_private
from understudy_cli.owner_report.story import Piece
from understudy_cli.rings import TwinOption, ring_of

MAX_SHOWN = 5_000

app = typer.Typer(help="What an owner may see: uses, earnings, open questions.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What an owner may see: uses, earnings, open questions."""


@app.command()
def report(
    twin: TwinOption,
    out: Annotated[Path, typer.Option(help="HTML file to write; an earlier one is replaced.")] = Path(
        "owner-report.html"
    ),
    shown: Annotated[int, typer.Option(min=0, max=MAX_SHOWN, help="Newest videos shown for each license.")] = 60,
    settings: Settings = None,
) -> None:
    """Write a page with every license of a twin's owner: what was made, what it earned, what waits for an answer."""
    from understudy_cli.ledger_bucket import open_ledger
    from understudy_cli.owner_report.page import page
    from understudy_cli.owner_report.story import is_owned, story

    owner = ring_of(twin, None).owner
    ledger = open_ledger(settings)
    chains = ledger.chains()
    stories = [story(one, ledger.names(name)) for name, one in sorted(chains.items()) if is_owned(owner, one)]
    pieces = [piece for one in stories for piece in one.pieces[len(one.pieces) - min(shown, len(one.pieces)) :]]
    html = page(owner, stories, _pictures(settings, pieces), time.time(), shown)
    try:
        write_private(out, html)
    except OSError as error:
        raise UserError(f"{out}: cannot write ({error.strerror})") from error
    videos = sum(one.total.items for one in stories)
    typer.echo(f"{out}  {len(stories)} licenses, {videos:,} videos, {len(pieces):,} shown")
    for one in stories:
        if one.broken:
            typer.echo(f"  license {one.jti}: the ledger does not hold: {one.broken}")


def _pictures(settings: Path | None, pieces: list[Piece]) -> dict[str, bytes]:
    from understudy_api.settings import OperatorSettings
    from understudy_cli.owner_report.pictures import stills
    from understudy_workers.objects import Objects, StoreError

    given = OperatorSettings.load(settings or Home.default().operator_settings)
    objects = Objects(given.s3, patience_seconds=5.0)
    try:
        return stills(objects, given.buckets.staging, pieces)
    except StoreError as error:
        raise UserError(f"s3://{given.buckets.staging}: stills cannot be read ({error})") from error
    finally:
        objects.close()
