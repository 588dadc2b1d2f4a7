"""`-o`: the same answer as a table for people or as JSON or YAML for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

import typer
import yaml
from rich.console import Console
from rich.progress import track
from rich.table import Table

T = TypeVar("T")
_WIDEST: Final = 10_000

OutputOption = Annotated[
    Literal["table", "wide", "json", "yaml"], typer.Option("--output", "-o", help="How to print the answer.")
]


def followed(values: Sequence[T], doing: str) -> Iterable[T]:
    """The values, one after the other; meanwhile a terminal shows, beside what is printed, how far it is."""
    console = Console(stderr=True)
    return track(values, doing, console=console, transient=True, disable=not console.is_terminal)


def print_data(data: Any, output: str) -> None:
    """Print JSON or YAML, letters of every script as they are."""
    if output == "json":
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        typer.echo(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), nl=False)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], left: frozenset[str]) -> None:
    """Print a table; columns named in `left` are words, all others numbers. No line is folded, however narrow the terminal."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in left else "right")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False, width=_WIDEST).print(table)
