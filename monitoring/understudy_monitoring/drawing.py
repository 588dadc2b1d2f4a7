"""A panel of each kind, drawn as Grafana lays it out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from understudy_monitoring.answers import Series, Span
from understudy_monitoring.board import NO_DATA, UNKNOWN, Panel, steps
from understudy_monitoring.canvas import EDGE, INK, LINES, PALE, SEVERITY, Box, Canvas
from understudy_monitoring.units import amount, size_of

LEGEND_ROWS: Final = 5
"""Series whose names fit below lines."""
TABLE_ROWS: Final = 8
_ROW: Final = 19.0
_SMALL: Final = 12.5
_CLOCK: Final = (5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 28_800, 86_400)
"""Seconds between two moments below the curves."""


def draw(canvas: Canvas, box: Box, panel: Panel, found: tuple[Series, ...], span: Span) -> None:
    """The panel with its title and, where nothing was answered, the words for that."""
    canvas.frame(box)
    canvas.write(box.inner(12, 4, 12, box.height - 34), panel.title, 13.8, bold=True)
    body = box.inner(12, 40, 12, 10)
    if not found:
        canvas.write(body, NO_DATA, 20, ink=PALE, at="center")
        return
    match panel.kind:
        case "number":
            _numbers(canvas, body, panel, found, span)
        case "lines":
            _lines(canvas, body, panel, found, span)
        case "bars":
            _bars(canvas, body, panel, found)
        case "table":
            _table(canvas, body, panel, found)


def _numbers(canvas: Canvas, box: Box, panel: Panel, found: tuple[Series, ...], span: Span) -> None:
    """Large numbers side by side, each over its own little curve."""
    width = box.width / len(found)
    for place, series in enumerate(found):
        tile = Box(box.x + place * width, box.y, width - 8, box.height)
        ink, words = _severity(panel, series.now), _written(panel, series.now)
        size = min(58.0, 300.0 / max(len(words), 5), tile.width / 5)
        canvas.write(tile.inner(bottom=tile.height * 0.5), words, size, ink=ink, at="center", bold=True)
        if len(found) > 1 or "{{" in panel.queries[0].legend:
            canvas.write(tile.inner(top=tile.height * 0.48, bottom=tile.height * 0.4), series.name, 15, at="center")
        axes = canvas.axes(tile.inner(top=tile.height * 0.62))
        axes.axis("off")
        _curve(axes, series, ink, span, fill=0.18)
        axes.set_ylim(*_reach(found, (), panel))


def _lines(canvas: Canvas, box: Box, panel: Panel, found: tuple[Series, ...], span: Span) -> None:
    """Curves over time, the legend below them with the last and the largest value, largest first."""
    ranked = sorted(found, key=lambda series: series.last, reverse=True)
    shown = ranked[:LEGEND_ROWS]
    more = len(ranked) - len(shown)
    legend = _ROW * (1 + len(shown) + bool(more))
    axes = canvas.axes(box.inner(left=62, bottom=legend + 30, right=6))
    for place, series in reversed(list(enumerate(ranked))):
        _curve(axes, series, LINES[place % len(LINES)], span, fill=0.08)
    bounds = {value: colour for value, colour in steps(panel.bounds) if value is not None}
    for value, colour in bounds.items():
        axes.axhline(value, color=SEVERITY[colour], linewidth=1.2, linestyle=(0, (5, 3)))
    axes.set_ylim(*_reach(found, list(bounds), panel))
    _scales(axes, panel, span, whole=all(value % 1 == 0 for series in found for value in series.numbers))
    _legend(canvas, Box(box.x, box.y + box.height - legend, box.width, legend), panel, shown, more)


def _legend(canvas: Canvas, box: Box, panel: Panel, shown: list[Series], more: int) -> None:
    for at, heading in ((-95, "last"), (0, "max")):
        canvas.write(Box(box.x, box.y, box.width + at, _ROW), heading, 11.5, ink=PALE, at="right")
    for place, series in enumerate(shown):
        row = Box(box.x, box.y + _ROW * (place + 1), box.width, _ROW)
        canvas.fill(Box(row.x + 2, row.y + 8, 14, 4), LINES[place % len(LINES)])
        canvas.write(row.inner(left=24, right=190), series.name, _SMALL)
        canvas.write(row.inner(right=95), _written(panel, series.last), _SMALL, at="right")
        canvas.write(row, _written(panel, max(series.numbers)), _SMALL, at="right")
    if more:
        row = Box(box.x, box.y + _ROW * (len(shown) + 1), box.width, _ROW)
        canvas.write(row.inner(left=24), f"and {more} more", _SMALL, ink=PALE)


def _bars(canvas: Canvas, box: Box, panel: Panel, found: tuple[Series, ...]) -> None:
    """A bar for each series, largest first."""
    ranked = sorted(found, key=lambda series: series.last, reverse=True)[:TABLE_ROWS]
    largest = max(ranked[0].last, 1e-9)
    pitch = min(34.0, box.height / len(ranked))
    for place, series in enumerate(ranked):
        row = Box(box.x, box.y + place * pitch, box.width, pitch)
        canvas.write(row.inner(right=box.width * 0.7), series.name, _SMALL)
        length = box.width * 0.5 * max(series.last, 0.0) / largest
        canvas.fill(
            Box(box.x + box.width * 0.32, row.y + pitch * 0.2, length, pitch * 0.6), _severity(panel, series.last)
        )
        canvas.write(row, _written(panel, series.last), _SMALL, at="right")


def _table(canvas: Canvas, box: Box, panel: Panel, found: tuple[Series, ...]) -> None:
    """A row for each series as it is now: its labels and its value."""
    names = sorted({name for series in found for name in series.labels if any(one.labels.get(name) for one in found)})
    columns = [*names, "Value"]
    width = box.width / len(columns)
    rows = [columns, *([*(one.labels.get(name, "") for name in names), _written(panel, one.last)] for one in found)]
    for line, cells in enumerate(rows[: TABLE_ROWS + 1]):
        for place, cell in enumerate(cells):
            at = Box(box.x + place * width, box.y + line * 26, width - 14, 26)
            right = place == len(cells) - 1
            canvas.write(at, cell, 13.5, ink=INK if line else PALE, bold=not line, at="right" if right else "left")
        canvas.fill(Box(box.x, box.y + line * 26 + 25, box.width, 1), EDGE)
    if len(rows) > TABLE_ROWS + 1:
        canvas.write(
            Box(box.x, box.y + (TABLE_ROWS + 1) * 26, box.width, 26),
            f"and {len(rows) - TABLE_ROWS - 1} more",
            _SMALL,
            ink=PALE,
        )


def _curve(axes: Axes, series: Series, ink: str, span: Span, fill: float) -> None:
    """Broken where Prometheus had no value: for a few scrapes, not for one."""
    times, values, before = [], [], math.inf
    for at, value in series.points:
        if at - before > 3 * span.step_seconds:
            times.append(before)
            values.append(math.nan)
        times.append(at)
        values.append(value)
        before = at
    axes.plot(times, values, color=ink, linewidth=1.4, solid_capstyle="round")
    axes.fill_between(times, values, color=ink, alpha=fill, linewidth=0)
    axes.set_xlim(span.start, span.end)


def _reach(found: tuple[Series, ...], bounds: Sequence[float], panel: Panel) -> tuple[float, float]:
    """From nothing to a little more than the largest; a share ends at all. A bound far above stays out of sight."""
    numbers = [value for series in found for value in series.numbers if math.isfinite(value)]
    largest = max(numbers, default=0.0)
    most = max([largest, *(bound for bound in bounds if bound <= 3 * largest)])
    if panel.unit == "percentunit" and panel.kind == "lines":
        most = max(most, 1.0)
    return min([0.0, *numbers]), (most or 1.0) * 1.06


def _scales(axes: Axes, panel: Panel, span: Span, whole: bool) -> None:
    """Round numbers in the unit they are written in, round moments of the clock."""
    axes.spines[:].set_visible(False)
    axes.grid(color=EDGE, linewidth=0.7)
    axes.tick_params(length=0, labelsize=8.3, labelcolor=PALE)
    low, high = axes.get_ylim()
    size = size_of(high, panel.unit)
    ticks = MaxNLocator(4, integer=whole and size == 1, steps=[1, 2, 2.5, 5, 10]).tick_values(low / size, high / size)
    axes.set_yticks([tick * size for tick in ticks], [amount(tick * size, panel.unit) for tick in ticks])
    axes.set_ylim(low, high)
    pitch = next((step for step in _CLOCK if (span.end - span.start) / step <= 6), _CLOCK[-1])
    first = math.ceil(span.start / pitch) * pitch
    moments = [first + place * pitch for place in range(int((span.end - first) // pitch) + 1)]
    shape = "%H:%M:%S" if pitch < 60 else "%H:%M"
    axes.set_xticks(moments, [datetime.fromtimestamp(at).strftime(shape) for at in moments])


def _written(panel: Panel, value: float) -> str:
    return UNKNOWN if math.isnan(value) else amount(value, panel.unit, panel.decimals)


def _severity(panel: Panel, value: float) -> str:
    colours = [colour for bound, colour in steps(panel.bounds) if bound is None or value >= bound]
    return SEVERITY[colours[-1]]
