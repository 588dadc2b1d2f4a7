"""Measurements: a value, its unit and the bar it is held against; printed as a table and as JSON."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Measurement:
    """One number. `bar` is what we promise; `better` says on which side of it good lies."""

    name: str
    value: float
    unit: str
    bar: float | None = None
    better: Literal["higher", "lower"] = "higher"
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the bar holds; None without a bar."""
        if self.bar is None:
            return None
        return self.value >= self.bar if self.better == "higher" else self.value <= self.bar


def median(name: str, values: Sequence[float], unit: str, **rest: object) -> Measurement:
    """The median of several runs, with the spread in the note."""
    spread = f"{len(values)} runs, {min(values):.4g} to {max(values):.4g}"
    return Measurement(name, statistics.median(values), unit, note=spread, **rest)  # type: ignore[arg-type]


def show(measurements: Sequence[Measurement]) -> None:
    """Print a table for people."""
    grid = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("measured", "value", "bar", "", "note"):
        grid.add_column(heading, justify="right" if heading in {"value", "bar"} else "left")
    for one in measurements:
        sign = ">=" if one.better == "higher" else "<="
        bar = f"{sign} {one.bar:g}" if one.bar is not None else ""
        verdict = {True: "holds", False: "MISSED", None: ""}[one.holds]
        grid.add_row(one.name, f"{one.value:.4g} {one.unit}", bar, verdict, one.note)
    Console().print(grid)


def as_json(measurements: Sequence[Measurement]) -> str:
    """The same for programs, with the machine they were taken on."""
    machine = {"processor": _processor(), "python": platform.python_version()}
    return json.dumps({"machine": machine, "measurements": [asdict(one) for one in measurements]}, indent=2)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
