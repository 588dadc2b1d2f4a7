"""`understudy twin`: found a twin, train one on this machine, look at a trained one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy_cli import twin_acts, twin_custody, twin_init
from understudy_cli.errors import UserError
from understudy_cli.files import read_key, read_text

if TYPE_CHECKING:
    from understudy_workers.models.bundle import Manifest

app = typer.Typer(help="Found a twin, train it from footage, look at what came of it.", no_args_is_help=True)
app.command("init")(twin_init.init)
app.command("stop")(twin_acts.stop)
app.command("resume")(twin_acts.resume)
app.command("export")(twin_custody.export)
app.command("import")(twin_custody.import_)
app.command("erase")(twin_custody.erase)

EFFORTS = ("Quick", "Standard", "Thorough")
_MEASURES = ("psnr", "ssim", "gmsd", "opening", "motion", "offset")


@app.command()
def train(
    capture: Annotated[Path, typer.Argument(help="MP4 of one talking person, 60 s or longer, with sound.")],
    out: Annotated[Path, typer.Option(help="Folder to write the twin to; must not exist.", show_default=False)],
    key: Annotated[Path, typer.Option(help="The owner's key (JWK); signs record and bundle.", show_default=False)],
    name: Annotated[str, typer.Option(help="What the owner calls the twin.")] = "twin",
    effort: Annotated[str, typer.Option(help="Quick, Standard or Thorough.")] = "Standard",
    voice: Annotated[str, typer.Option(help="espeak-ng voice variant, e.g. f2 or m3.")] = "f2",
) -> None:
    """Train a twin from footage on this machine, score it on footage it never saw, write it signed.

    For a look at what a capture is good for; the farm trains by itself when a TwinModel is applied.
    """
    from understudy_api.genesis import sign_genesis, twin_id
    from understudy_api.verdict import Refusal
    from understudy_workers.training.train import EFFORT_SECONDS, VoiceChoice, train_twin

    if effort not in EFFORTS:
        raise UserError(f"--effort: wanted one of {', '.join(EFFORTS)}, got {effort!r}")
    if out.exists():
        raise UserError(f"{out}: exists already; choose another folder or remove it")
    owner = read_key(key)
    record = sign_genesis(owner, name, int(time.time()), "0" * 32)
    with _bar() as progress:
        made = train_twin(
            capture,
            out,
            genesis_jws=record,
            twin_id=twin_id(record),
            signing_key=owner,
            voice=VoiceChoice(variant=voice),
            face_seconds=EFFORT_SECONDS[effort],
            progress=progress,
        )
    if isinstance(made, Refusal):
        raise UserError(made.message)
    _table(made.scores.plain())
    typer.echo(f"{out}  version {made.version[:12]}  {made.seconds:.0f} s")
    if made.reasons:
        raise UserError("not good enough to be used: " + "; ".join(made.reasons))
    typer.echo("ready: the network beats every baseline on footage it never saw")


@app.command()
def show(
    folder: Annotated[Path, typer.Argument(help="Folder of a trained twin.")],
    key: Annotated[Path | None, typer.Option(help="Key (JWK) that signed it; without it nothing is verified.")] = None,
) -> None:
    """Print a twin's manifest and how it scored; with --key only if every byte is as it was signed."""
    manifest = _manifest(folder, key)
    typer.echo(f"twin     {manifest.twin_id}")
    typer.echo(f"version  {manifest.version}")
    typer.echo(f"created  {time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime(manifest.created))}")
    typer.echo(f"ready    {'yes' if manifest.ready else 'no'}")
    typer.echo(f"checked  {'signature and digests hold' if key else 'no; name the key with --key'}")
    for name, file in sorted(manifest.files.items()):
        typer.echo(f"  {name:12} {file.bytes:>10,} bytes  {file.sha256[:16]}")
    for name, value in sorted(manifest.inputs.items()):
        typer.echo(f"  {name:16} {value}")
    _table(manifest.scores)


def _manifest(folder: Path, key: Path | None) -> Manifest:
    from understudy_api import token
    from understudy_workers.models import bundle

    if key is None:
        try:
            return bundle.Manifest.model_validate_json(read_text(folder / bundle.MANIFEST, "the manifest"))
        except ValueError as error:
            raise UserError(f"{folder / bundle.MANIFEST}: wanted a twin's manifest, got something else") from error
    try:
        return bundle.verify(folder, token.load_key(read_text(key, "the key")))[0]
    except ValueError as error:
        raise UserError(f"{folder}: {error}") from error


def _table(scores: Mapping[str, Mapping[str, float]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("held-out footage, mouth only", *_MEASURES, box=None, pad_edge=False)
    for name, row in scores.items():
        values = (row.get(measure) for measure in _MEASURES)
        table.add_row(name, *("" if value is None else f"{value:.3f}".rstrip("0").rstrip(".") for value in values))
    Console().print(table)


@contextmanager
def _bar() -> Iterator[Callable[[float, str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=1.0)
        yield lambda share, what: progress.update(task, completed=share, description=what)
