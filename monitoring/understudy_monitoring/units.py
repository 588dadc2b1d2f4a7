"""Numbers as Grafana writes them: three digits that say something, in the unit of the panel."""

from __future__ import annotations

import math
from typing import Final

Scale = tuple[tuple[float, str], ...]
"""From which value on a number is counted in which unit, largest first."""

_SHORT: Final[Scale] = ((1e9, " Bil"), (1e6, " Mil"), (1e3, " K"), (1, ""))
_SECONDS: Final[Scale] = (
    (604_800, " weeks"),
    (86_400, " days"),
    (3_600, " hours"),
    (60, " mins"),
    (1, " s"),
    (1e-3, " ms"),
    (1e-6, " µs"),
)
_BYTES: Final[Scale] = ((2**40, " TiB"), (2**30, " GiB"), (2**20, " MiB"), (2**10, " KiB"), (1, " B"))
_RATES: Final = {"ops": " ops/s", "reqps": " req/s"}
_SCALES: Final[dict[str, Scale]] = {
    "short": _SHORT,
    "s": _SECONDS,
    "bytes": _BYTES,
    "percentunit": ((0.01, "%"),),
    **{unit: tuple((size, name + end) for size, name in _SHORT) for unit, end in _RATES.items()},
}
UNITS: Final = frozenset(_SCALES)
"""Units that can be written."""


def amount(value: float, unit: str, decimals: int | None = None) -> str:
    """`0.0123, "s"` -> `12.3 ms`. A share (`percentunit`) is between 0 and 1. KeyError for a unit that is not in UNITS."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "NaN"
    size, name = _step(value, unit)
    return f"{_digits(value / size, decimals)}{name}"


def size_of(value: float, unit: str) -> float:
    """How much of the base unit is 1 as this value is written: 60 for minutes."""
    return _step(value, unit)[0]


def _step(value: float, unit: str) -> tuple[float, str]:
    scale = _SCALES[unit]
    if value == 0:
        return next((step for step in scale if step[0] == 1), scale[-1])
    return next((step for step in scale if abs(value) >= step[0]), scale[-1])


def _digits(value: float, decimals: int | None) -> str:
    if decimals is not None:
        return f"{value:.{decimals}f}"
    if value == 0:
        return "0"
    kept = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{kept}f}".rstrip("0").rstrip(".") if kept else f"{value:.0f}"
