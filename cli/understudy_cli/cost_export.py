"""`understudy cost export`: what the farm cost as FOCUS, for finance's own tools."""

from __future__ import annotations

import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal, TextIO

import typer

from understudy_api import token
from understudy_cli.cost_report.focus import TYPES, Cell, Version, columns, rows
from understudy_cli.cost_report.period import FromOption, ToOption, period
from understudy_cli.cost_report.reading import read_report
from understudy_cli.errors import UserError
from understudy_cli.ledger import Settings
from understudy_cli.ledger_bucket import open_ledger

STDOUT: Final = "-"
Writer = Callable[[Path, Sequence[str], Iterable[Mapping[str, Cell]]], None]


def export(
    out: Annotated[str, typer.Option(help="File to write; `-`: standard output, CSV only.")],
    format_: Annotated[Literal["csv", "parquet"], typer.Option("--format", help="Format of the file.")] = "csv",
    focus: Annotated[Version, typer.Option(help="Version of FOCUS; 1.3 is also read by tools that know 1.2.")] = "1.3",
    first: FromOption = None,
    last: ToOption = None,
    settings: Settings = None,
) -> None:
    """Write a row for each charge of a period, in the columns of FOCUS (https://focus.finops.org)."""
    now = time.time()
    if format_ == "parquet" and out == STDOUT:
        raise UserError("--out -: Parquet is not written to standard output; name a file")
    write = _parquet_writer() if format_ == "parquet" else write_csv_file  # before anything is read
    ledger = open_ledger(settings)
    report = read_report(ledger, *period(first, last, now), now)
    lines = rows(report.charges, token.thumbprint(ledger.farm))
    if out == STDOUT:
        write_csv(sys.stdout, columns(focus), lines)
        return
    with _made_whole(Path(out)) as temporary:
        write(temporary, columns(focus), lines)
    typer.echo(f"{out}: {len(report.charges)} charges, FOCUS {focus}", err=True)


def write_csv(stream: TextIO, names: Sequence[str], lines: Iterable[Mapping[str, Cell]]) -> None:
    """A line of names and one for each row; nothing where a cell is empty."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_text(line[name]) for name in names] for line in lines)


def write_csv_file(path: Path, names: Sequence[str], lines: Iterable[Mapping[str, Cell]]) -> None:
    """The same, to a file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        write_csv(stream, names, lines)


def write_parquet(path: Path, names: Sequence[str], lines: Iterable[Mapping[str, Cell]]) -> None:
    """The same rows as Parquet: decimals, UTC timestamps, booleans and strings, made from the very text of the CSV."""
    import duckdb

    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(config={"autoinstall_known_extensions": False}) as made,
    ):
        text = Path(folder) / "rows.csv"
        write_csv_file(text, names, lines)
        made.execute("SET TimeZone = 'UTC'")
        types = {name: TYPES[name] for name in names}
        relation = made.read_csv(str(text), header=True, columns=types, na_values="", date_format="iso")
        relation.write_parquet(str(path), compression="zstd")


def _parquet_writer() -> Writer:
    try:
        import duckdb  # noqa: F401
    except ImportError as error:
        raise UserError(
            "--format parquet: needs duckdb, which is not installed here; "
            "run `uv pip install 'understudy[finance]'`, or use --format csv"
        ) from error
    return write_parquet


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case Decimal():
            return f"{cell:f}"
        case datetime():
            return f"{cell:%Y-%m-%dT%H:%M:%SZ}"
    return cell


@contextmanager
def _made_whole(path: Path) -> Iterator[Path]:
    """A temporary name beside the file, which becomes the file when all is written, and goes when it was not."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written ({error.strerror}); name a file in a folder you may write to"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
