"""Panels of each kind: what is written on them, in which order and colour, and where curves break."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from recorded_answers import SPAN

from understudy_monitoring.answers import Series
from understudy_monitoring.board import NO_DATA, UNKNOWN, Kind, Panel, Query
from understudy_monitoring.canvas import SEVERITY, Box, Canvas
from understudy_monitoring.drawing import LEGEND_ROWS, TABLE_ROWS, draw

KINDS: tuple[Kind, ...] = ("number", "lines", "bars", "table")


def series(name: str, *values: float, start: float = SPAN.start, **labels: str) -> Series:
    return Series(name, labels, tuple((start + at, value) for at, value in enumerate(values)))


def drawn(*found: Series, kind: Kind = "lines", legend: str = "{{name}}", **panel: Any) -> Canvas:
    canvas = Canvas(800, 300)
    given = {"unit": "short", **panel}
    asked = Panel(title="How?", queries=(Query("x", legend),), says="So.", kind=kind, **given)
    draw(canvas, Box(0, 0, 800, 300), asked, found, SPAN)
    return canvas


def ink_of(canvas: Canvas, words: str) -> str:
    return str(next(text.get_color() for text in canvas.figure.texts if text.get_text() == words))


def ticks(canvas: Canvas, axis: str) -> list[str]:
    (axes,) = canvas.figure.axes
    low, high = axes.get_ylim() if axis == "y" else axes.get_xlim()
    labels = axes.get_yticklabels() if axis == "y" else axes.get_xticklabels()
    places = axes.get_yticks() if axis == "y" else axes.get_xticks()
    return [label.get_text() for place, label in zip(places, labels, strict=True) if low <= place <= high]


@pytest.mark.parametrize("kind", KINDS)
def test_no_data_is_said_in_words(kind: Kind) -> None:
    canvas = drawn(kind=kind)
    assert canvas.texts() == ["How?", NO_DATA]
    assert not canvas.figure.axes, "no axis that means nothing"


@pytest.mark.parametrize("kind", KINDS)
def test_a_zero_is_a_number(kind: Kind) -> None:
    assert "0 s" in drawn(series("a", 0, 0), kind=kind, unit="s").texts()


@pytest.mark.parametrize("kind", KINDS)
def test_what_never_ends_can_be_drawn(kind: Kind) -> None:
    canvas = drawn(series("a", 1, math.inf), kind=kind, unit="s")
    assert "∞" in canvas.texts()
    assert canvas.png()


def test_a_number_is_the_last_one_and_has_its_name_where_a_label_makes_it() -> None:
    assert drawn(series("EUR", 1, 2.5), kind="number", legend="{{currency}}").texts() == ["How?", "2.5", "EUR"]
    assert drawn(series("EUR", 2.5, math.nan), kind="number").texts() == ["How?", UNKNOWN, "EUR"]
    assert drawn(series("busy", 1, 2.5), kind="number", legend="busy").texts() == ["How?", "2.5"]
    assert drawn(series("EUR", 1), series("USD", 2), kind="number", decimals=2).texts() == [
        "How?",
        *("1.00", "EUR"),
        *("2.00", "USD"),
    ]


@pytest.mark.parametrize(
    ("bounds", "value", "colour"),
    [
        (None, 900, "blue"),
        ((1, 20), 0, "green"),
        ((1, 20), 1, "orange"),
        ((1, 20), 20, "red"),
        ((1, 0.5), 1, "green"),
        ((1, 0.5), 0.5, "orange"),
        ((1, 0.5), 0, "red"),
    ],
)
def test_a_number_has_the_colour_of_its_bounds(bounds: tuple[float, float] | None, value: float, colour: str) -> None:
    canvas = drawn(series("a", value), kind="number", bounds=bounds, decimals=1)
    assert ink_of(canvas, f"{value:.1f}") == SEVERITY[colour]


def test_a_legend_has_last_and_max_largest_first() -> None:
    canvas = drawn(series("few", 9, 1), series("many", 3, 4), unit="s")
    assert canvas.texts() == ["How?", "last", "max", "many", "4 s", "4 s", "few", "1 s", "9 s"]


def test_a_legend_without_room_says_how_many_more_there_are() -> None:
    canvas = drawn(*(series(f"s{n}", n) for n in range(LEGEND_ROWS + 3)))
    assert canvas.texts()[-1] == "and 3 more"
    assert "s0" not in canvas.texts(), "the smallest go"


def test_curves_begin_at_nothing_and_a_share_ends_at_all() -> None:
    (axes,) = drawn(series("a", 5, 6)).figure.axes
    assert axes.get_ylim()[0] == 0
    assert ticks(drawn(series("a", 0.2, 0.3), unit="percentunit"), "y")[-1] == "100%"


def test_a_curve_that_never_left_the_ground_has_an_axis() -> None:
    assert ticks(drawn(series("a", 0, 0)), "y") == ["0", "1"]


@pytest.mark.parametrize(
    ("unit", "most", "wanted"),
    [
        ("short", 2, ["0", "1", "2"]),
        ("short", 1.5, ["0", "0.5", "1", "1.5"]),
        ("bytes", 118 * 2**20, ["0 B", "50 MiB", "100 MiB"]),
        ("s", 300, ["0 s", "2 mins", "4 mins"]),
        ("s", 0.2, ["0 s", "100 ms", "200 ms"]),
        ("percentunit", 0.5, ["0%", "50%", "100%"]),
    ],
)
def test_an_axis_has_round_numbers_of_its_unit(unit: str, most: float, wanted: list[str]) -> None:
    assert ticks(drawn(series("a", 0, most), unit=unit), "y") == wanted


def test_moments_are_round_and_apart() -> None:
    found = ticks(drawn(series("a", 1)), "x")
    assert len(found) >= 4
    assert all(moment.endswith(("0", "5")) for moment in found)
    assert found == sorted(found)


def test_bounds_are_dashed_lines_unless_they_are_far_away() -> None:
    def colours(**panel: Any) -> list[str]:
        (axes,) = drawn(series("a", 50, 100), **panel).figure.axes
        low, high = axes.get_ylim()
        dashed = [line for line in axes.lines if line.is_dashed()]
        return [str(line.get_color()) for line in dashed if low <= line.get_ydata()[0] <= high]  # type: ignore[index]

    assert colours(bounds=(60, 120)) == [SEVERITY["orange"], SEVERITY["red"]]
    assert colours(bounds=(60, 1000)) == [SEVERITY["orange"]]
    assert colours() == []


def test_a_curve_breaks_where_nothing_was_scraped() -> None:
    points = series("a", 1, 1, 1).points + series("a", 2, 2, start=SPAN.start + 30).points
    (axes,) = drawn(Series("a", {}, points)).figure.axes
    values = [float(value) for value in axes.lines[0].get_ydata()]  # type: ignore[union-attr]
    assert [math.isnan(value) for value in values] == [False, False, False, True, False, False]
    times = [float(at) for at in axes.lines[0].get_xdata()]  # type: ignore[union-attr]
    assert all(first <= second for first, second in pairwise(times))


def test_bars_are_largest_first_and_as_long_as_they_are_large() -> None:
    canvas = drawn(series("few", 1), series("many", 4), kind="bars")
    assert canvas.texts() == ["How?", "many", "4", "few", "1"]
    lengths = [patch.get_width() for patch in canvas.figure.artists[1:] if hasattr(patch, "get_width")]
    assert lengths[0] == pytest.approx(4 * lengths[1])


def test_a_table_has_labels_that_say_something_and_values() -> None:
    rows = (
        series("", 0.6, pool="default", group="", currency="EUR"),
        series("", 4, pool="gpu", group="", currency="EUR"),
    )
    assert drawn(*rows, kind="table").texts() == [
        "How?",
        *("currency", "pool", "Value"),
        *("EUR", "default", "0.6"),
        *("EUR", "gpu", "4"),
    ]


def test_a_table_without_room_says_how_many_more_there_are() -> None:
    found = (series("", n, license=f"l{n}") for n in range(TABLE_ROWS + 2))
    assert drawn(*found, kind="table").texts()[-1] == "and 2 more"
