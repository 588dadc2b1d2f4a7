"""`understudy capture`: footage to train a twin from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy_cli import capture_consent
from understudy_cli.errors import UserError

if TYPE_CHECKING:
    from understudy_cli.presenter.look import Look

MIN_SECONDS, MAX_SECONDS = 1.0, 90.0
MIN_SIZE, MAX_SIZE = 64, 1024

app = typer.Typer(
    help="Footage that a twin is trained from: draw some, check some, get a passcode for it.", no_args_is_help=True
)
app.command("passcode")(capture_consent.passcode)


@app.command()
def check(
    capture: Annotated[Path, typer.Argument(help="Footage of one talking person, with sound.")],
) -> None:
    """Say whether a twin can be trained from this footage, before it is uploaded. Exit status 1: it cannot."""
    from understudy_api.verdict import Refusal
    from understudy_workers.training.capture import check_capture

    facts = check_capture(capture)
    if isinstance(facts, Refusal):
        raise UserError(facts.message)
    left, top, width, height = facts.face
    typer.echo(f"length    {facts.seconds:.1f} s")
    typer.echo(f"picture   {facts.width} x {facts.height}, {facts.fps:g} frames a second")
    typer.echo(f"sound     {facts.lufs:.1f} LUFS")
    typer.echo(f"face      {width} x {height} at {left},{top} of the 512 x 512 that training sees")
    typer.echo("a twin can be trained from it")


@app.command()
def synthesize(
    out: Annotated[Path, typer.Option(help="The mp4 to write.", show_default=False)],
    presenter: Annotated[
        str, typer.Option(help="Who speaks: ada or ben. Both are drawn; nobody is portrayed.")
    ] = "ada",
    seconds: Annotated[float, typer.Option(help="How long, 1 to 90; training wants at least 60.")] = 75.0,
    seed: Annotated[int, typer.Option(help="Order of sentences, movement, blinks; equal seeds, equal films.")] = 1,
    size: Annotated[int, typer.Option(help="Pixels a side, even; training wants 512.")] = 512,
    workers: Annotated[int, typer.Option(help="Processes that draw; 0: one per core.")] = 0,
) -> None:
    """Draw a synthetic presenter who speaks several languages, 25 frames a second, with sound.

    A minute of film takes about four minutes of one core.
    """
    from understudy_cli.presenter.film import film
    from understudy_cli.presenter.script import capture_script

    look = _look(presenter)
    _check(seconds, seed, size, workers)
    _check_place(out)
    performance = capture_script(look, seconds, seed)
    cores = workers or len(os.sched_getaffinity(0))
    with _bar(performance.frames, look.name) as advance:
        try:
            film(look, performance, size, seed, cores, out, advance)
        except OSError as error:
            raise UserError(f"{out}: cannot write the film ({error.strerror}); is the disk full?") from error
    typer.echo(
        f"{out}  {performance.frames / 25:.1f} s, {out.stat().st_size / 1e6:.1f} MB, synthetic: nobody is portrayed"
    )


def _look(name: str) -> Look:
    from understudy_cli.presenter.cast import LOOKS

    if name not in LOOKS:
        raise UserError(f"--presenter: wanted {' or '.join(LOOKS)}, got {name!r}; choose one of them")
    return LOOKS[name]


def _check(seconds: float, seed: int, size: int, workers: int) -> None:
    """Refuse numbers out of range, one line each."""
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise UserError(
            f"--seconds: wanted {MIN_SECONDS:g} to {MAX_SECONDS:g}, got {seconds:g}; 75 makes a good capture"
        )
    if seed < 0:
        raise UserError(f"--seed: wanted 0 or more, got {seed}; choose a natural number")
    if not MIN_SIZE <= size <= MAX_SIZE or size % 2:
        raise UserError(f"--size: wanted an even number from {MIN_SIZE} to {MAX_SIZE}, got {size}; training wants 512")
    if workers < 0:
        raise UserError(f"--workers: wanted 0 or more, got {workers}; 0 means one per core")


def _check_place(out: Path) -> None:
    """Refuse before minutes of work what could not be written after them."""
    folder = out.parent
    if out.suffix != ".mp4":
        raise UserError(
            f"--out: wanted a name that ends in .mp4, got {out.name!r}; call it {out.stem or 'capture'}.mp4"
        )
    if not folder.is_dir():
        raise UserError(f"--out: the folder {folder} does not exist; make it or choose another")
    if out.is_dir() or not os.access(folder, os.W_OK):
        raise UserError(f"--out: cannot write {out}; choose a file in a folder that you may write to")


@contextmanager
def _bar(total: int, name: str) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; gives the function that says how many frames are done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} frames"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"drawing {name}", total=total)
        yield lambda done: progress.update(task, completed=done)
