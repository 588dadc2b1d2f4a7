"""`understudy cost show`: what the farm cost, and for whom."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

import typer

from understudy_cli.cost import UNPRICED
from understudy_cli.cost_report.charge import Report
from understudy_cli.cost_report.period import FromOption, ToOption, period
from understudy_cli.cost_report.reading import read_report
from understudy_cli.cost_report.summary import By, Line, Sums, as_data, forecast, seconds, summed, total
from understudy_cli.ledger import Settings
from understudy_cli.ledger_bucket import open_ledger
from understudy_cli.printing import OutputOption, print_data, print_table

_MICROS_PER_HOUR: Final = Decimal(3_600_000_000)
_HEADINGS: Final = (
    "busy h",
    "idle h",
    "idle",
    "workers",
    "storage*",
    "egress*",
    "royalties",
    "total",
    "currency",
    "unpriced s",
)
_OPTIONAL: Final = frozenset({"storage*", "egress*", "royalties", "unpriced s"})
"""Left out where no line has any."""


def show(
    by: Annotated[By, typer.Option(help="What to add up by.")] = "brand",
    first: FromOption = None,
    last: ToOption = None,
    output: OutputOption = "table",
    settings: Settings = None,
) -> None:
    """Print worker time at the price of its time, busy and idle, storage and egress as estimates, and royalties."""
    now = time.time()
    report = read_report(open_ledger(settings), *period(first, last, now), now)
    lines, everything = summed(report.charges, by), total(report.charges)
    if output in ("json", "yaml"):
        print_data(_data(report, lines, everything), output)
        return
    rows = [row for line in [*lines, everything] for row in _rows(line, wide=output == "wide")]
    headings = [by, *_HEADINGS]
    said = [place for place, name in enumerate(headings) if name not in _OPTIONAL or any(row[place] for row in rows)]
    shown = [[row[place] for place in said] for row in rows]
    print_table([headings[place] for place in said], shown, frozenset({by, "currency"}))
    for words in _notes(report, everything):
        typer.echo(words)


def _rows(line: Line, wide: bool) -> list[list[str]]:
    """A row for each currency; time stands in the first."""
    idle = f"{Decimal(line.idle_micros) / line.worker_micros:.0%}" if line.worker_micros else ""
    unpriced = seconds(line.unpriced_micros) if line.unpriced_micros else ""
    own = [line.key, _hours(line.busy_micros), _hours(line.idle_micros), idle]
    rows = []
    for place, (currency, sums) in enumerate(sorted(line.money.items()) or [("", None)]):
        amounts = [
            _amount(line, sums, name, place == 0, wide) for name in ("workers", "storage", "egress", "royalties")
        ]
        whole = UNPRICED if sums is None else _money(sums.total, wide)
        rows.append([*(own if place == 0 else [""] * 4), *amounts, whole, currency, unpriced if place == 0 else ""])
    return rows


def _amount(line: Line, sums: Sums | None, name: str, is_first: bool, wide: bool) -> str:
    amount: Decimal = getattr(sums, name) if sums else Decimal(0)
    if not amount and is_first and name in line.unpriced:
        return UNPRICED
    return _money(amount, wide) if amount else ""


def _money(amount: Decimal, wide: bool) -> str:
    return f"{amount:.6f}" if wide else f"{amount:.2f}"


def _hours(micros: int) -> str:
    return f"{micros / _MICROS_PER_HOUR:.3f}"


def _notes(report: Report, everything: Line) -> list[str]:
    notes = [f"{_when(report.begin)} to {_when(report.until)}; * estimated from what was delivered, kept since then"]
    ahead = {
        currency: amount
        for currency, sums in sorted(everything.money.items())
        if (amount := forecast(report, sums.total)) is not None
    }
    if ahead:
        words = ", ".join(f"{amount:.2f} {currency}" for currency, amount in ahead.items())
        notes.append(f"at this pace by {_when(report.end)}: {words}")
    lacking = sorted(everything.unpriced)
    if lacking:
        notes.append(f"without a price for some of it, so not in any total: {', '.join(lacking)}")
    notes.append(_balance(report, everything))
    return notes


def _balance(report: Report, everything: Line) -> str:
    """How the lines compare to the time that workers were there."""
    said, there = everything.worker_micros, report.present_micros
    share = f" ({Decimal(said) / there:.2%})" if there else ""
    return f"{_hours(said)} worker-hours in these lines, {_hours(there)} on timesheets{share}"


def _data(report: Report, lines: Sequence[Line], everything: Line) -> dict[str, object]:
    return {
        "from": _when(report.begin),
        "to": _when(report.end),
        "until": _when(report.until),
        "lines": [as_data(line) for line in lines],
        "total": as_data(everything),
        "presentSeconds": seconds(report.present_micros),
        "forecast": {
            currency: f"{amount:f}"
            for currency, sums in sorted(everything.money.items())
            if (amount := forecast(report, sums.total)) is not None
        },
    }


def _when(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
