"""`--from` and `--to`: whole days in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from understudy_cli.errors import UserError

FromOption = Annotated[
    str | None,
    typer.Option(
        "--from", help="First day (UTC), e.g. 2026-11-01; default: the first of this month.", show_default=False
    ),
]
ToOption = Annotated[
    str | None,
    typer.Option("--to", help="Last day (UTC); default: the last of the month of --from.", show_default=False),
]


def period(first: str | None, last: str | None, now: float) -> tuple[int, int]:
    """Begin (inclusive) and end (exclusive) in Unix seconds; UserError for what is no day or ends before it begins."""
    today = datetime.fromtimestamp(now, UTC).date()
    begin = _day("--from", first) if first else today.replace(day=1)
    end = _day("--to", last) if last else (begin.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if end < begin:
        raise UserError(f"--to {end}: wanted a day not before --from {begin}")
    return _seconds(begin), _seconds(end + timedelta(days=1))


def _day(option: str, given: str) -> date:
    try:
        return datetime.strptime(given, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise UserError(f"{option}: wanted a day like 2026-11-01, got {given!r}") from error


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
