"""Dashboards as values: each panel asks a question and says how it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["number", "lines", "bars", "table"]
"""number: what it is now. lines: how it went. bars: shares, largest first. table: one row for each series, now."""
WIDTH: Final = 24
"""Columns of Grafana's grid."""
HEIGHT: Final = 8
"""Rows of that grid that a panel takes."""
NO_DATA: Final = "no data"
"""What a panel says whose queries have no answer."""
UNKNOWN: Final = "unknown"
"""What a number says that is none (NaN)."""


@dataclass(frozen=True)
class Query:
    """What Prometheus is asked; `legend` names each series by its labels: `{{brand}}`."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """One question."""

    title: str
    """The question, for somebody who has never seen the farm."""
    queries: tuple[Query, ...]
    unit: str
    """Grafana's name of a unit: `short`, `s`, `percentunit`, `reqps`, `bytes`."""
    says: str
    """How to read the answer, and what to do about a bad one."""
    kind: Kind = "lines"
    width: int = 8
    bounds: tuple[float, float] | None = None
    """From where it is a warning and from where it is bad; falling bounds where less is worse."""
    alert: str = ""
    """The alert whose runbook helps when the answer is bad."""
    decimals: int | None = None


@dataclass(frozen=True)
class Row:
    """Panels that belong together."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Board:
    """A dashboard."""

    slug: str
    """Name of its file and end of its uid."""
    title: str
    says: str
    rows: tuple[Row, ...]

    @property
    def uid(self) -> str:
        """By which links find it."""
        return f"understudy-{self.slug}"

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All of them."""
        return tuple(panel for row in self.rows for panel in row.panels)


def steps(bounds: tuple[float, float] | None) -> tuple[tuple[float | None, str], ...]:
    """From which value on a number has which of Grafana's colours; where less is worse they begin with bad. Blue: neither."""
    if bounds is None:
        return ((None, "blue"),)
    warning, bad = bounds
    if warning <= bad:
        return ((None, "green"), (warning, "orange"), (bad, "red"))
    return ((None, "red"), (bad, "orange"), (warning, "green"))
