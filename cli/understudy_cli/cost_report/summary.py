"""A report added up by brand, job, license, pool, locale or hour; currencies stay apart. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from understudy_api.timesheet import hour_of
from understudy_cli.cost_report.charge import EXACT, Charge, Report

By = Literal["brand", "job", "license", "pool", "locale", "hour"]
NOBODYS: Final = "(unallocated idle)"
UNKNOWN: Final = "(none)"
"""Work of no single locale, trainings without a license, royalties of a job that is forgotten."""
_COLUMN: Final[Mapping[str, str]] = {
    "busy": "workers",
    "idle": "workers",
    "unallocated": "workers",
    "storage": "storage",
    "egress": "egress",
    "royalty": "royalties",
    "correction": "royalties",
}


@dataclass
class Sums:
    """Amounts of one currency."""

    workers: Decimal = Decimal(0)
    storage: Decimal = Decimal(0)
    egress: Decimal = Decimal(0)
    royalties: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """All of them."""
        return self.workers + self.storage + self.egress + self.royalties


@dataclass
class Line:
    """What one brand, job, license, pool, locale or hour took. Worker time in micro-seconds."""

    key: str
    busy_micros: int = 0
    idle_micros: int = 0
    unpriced_micros: int = 0
    unpriced: set[str] = field(default_factory=set)
    """Which of workers, storage and egress lack a price for some of it."""
    money: dict[str, Sums] = field(default_factory=dict)

    def add(self, charge: Charge) -> None:
        """Count a charge in."""
        if charge.what == "busy":
            self.busy_micros += charge.micros
        elif charge.is_work:
            self.idle_micros += charge.micros
        column, amount = _COLUMN[charge.what], charge.amount
        if amount is None:
            self.unpriced.add(column)
            self.unpriced_micros += charge.micros
            return
        sums = self.money.setdefault(charge.currency, Sums())
        setattr(sums, column, EXACT.add(getattr(sums, column), amount))

    @property
    def worker_micros(self) -> int:
        """Busy and idle."""
        return self.busy_micros + self.idle_micros


def summed(charges: Iterable[Charge], by: By) -> list[Line]:
    """A line for each key, sorted; what is nobody's comes last."""
    lines: dict[str, Line] = {}
    for charge in charges:
        key = key_of(charge, by)
        lines.setdefault(key, Line(key)).add(charge)
    return [lines[key] for key in sorted(lines, key=lambda key: (key == NOBODYS, key == UNKNOWN, key))]


def total(charges: Iterable[Charge]) -> Line:
    """The line of everything."""
    line = Line("total")
    for charge in charges:
        line.add(charge)
    return line


def key_of(charge: Charge, by: By) -> str:
    """What a charge counts under."""
    if by == "hour":
        return f"{datetime.fromtimestamp(hour_of(charge.begin), UTC):%Y-%m-%dT%HZ}"
    if by == "pool":
        return charge.pool or UNKNOWN
    if charge.what == "unallocated":
        return NOBODYS
    who = charge.whose
    if by == "job":
        return f"{who.brand}/{who.job}" if who.job else who.uid or (f"{who.brand}/*" if who.brand else UNKNOWN)
    return {"brand": who.brand, "license": who.license, "locale": who.locale}[by] or UNKNOWN


def forecast(report: Report, amount: Decimal) -> Decimal | None:
    """What an amount comes to by the end of the period when it goes on like this; None when the period is over or began now."""
    elapsed = report.until - report.begin
    if not 0 < elapsed < report.end - report.begin:
        return None
    return EXACT.divide(EXACT.multiply(amount, Decimal(report.end - report.begin)), Decimal(elapsed))


def as_data(line: Line) -> dict[str, Any]:
    """A line for programs: seconds and amounts as exact decimals, no amount where nothing was priced."""
    return {
        "key": line.key,
        "busySeconds": seconds(line.busy_micros),
        "idleSeconds": seconds(line.idle_micros),
        "unpricedSeconds": seconds(line.unpriced_micros),
        "unpriced": sorted(line.unpriced),
        "cost": {
            currency: {**{name: f"{amount:f}" for name, amount in vars(sums).items()}, "total": f"{sums.total:f}"}
            for currency, sums in sorted(line.money.items())
        },
    }


def seconds(micros: int) -> str:
    """Micro-seconds as exact seconds."""
    return f"{Decimal(micros).scaleb(-6):f}"
