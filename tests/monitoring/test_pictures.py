"""Dashboards as pictures: Grafana's layout, whole titles, every panel of every board, and a caption that says who drew."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import httpx
import pytest
from PIL import Image
from recorded_answers import LABELS, NOTHING, SPAN, WAVE, Recorded, matrix, vector

from understudy_monitoring import pictures
from understudy_monitoring.board import NO_DATA, WIDTH, Board, Panel, Query, Row
from understudy_monitoring.files import BOARDS
from understudy_monitoring.grafana import as_json
from understudy_monitoring.pictures import CAPTION, PIXELS, draw_all, layout, picture

MOST_BYTES = 200_000
BUSY = Recorded(
    matrix((LABELS, WAVE), ({**LABELS, "brand": "globex", "pool": "gpu"}, ["3"] * 61)), vector((LABELS, "0.6"))
)
each_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.slug)


@each_board
def test_every_panel_is_there_with_its_whole_question(board: Board) -> None:
    words = picture(board, BUSY.client(), SPAN).texts()
    for wanted in (board.title, CAPTION, *(row.title for row in board.rows), *(one.title for one in board.panels)):
        assert wanted in words
    assert NO_DATA not in words


@each_board
def test_a_panel_without_data_says_so(board: Board) -> None:
    words = picture(board, Recorded(NOTHING).client(), SPAN).texts()
    assert words.count(NO_DATA) == len(board.panels)
    assert {panel.title for panel in board.panels} <= set(words)


@each_board
def test_it_is_light_and_wide_enough_for_a_page(board: Board) -> None:
    data = picture(board, BUSY.client(), SPAN).png()
    assert len(data) <= MOST_BYTES
    assert Image.open(io.BytesIO(data)).width == PIXELS


@each_board
def test_panels_lie_where_grafana_lays_them(board: Board) -> None:
    panels = [one["gridPos"] for one in json.loads(as_json(board))["panels"] if one["type"] != "row"]
    boxes = [box for _, box in layout(board).panels]
    cell = (PIXELS - 16) / WIDTH
    for box, grid in zip(boxes, panels, strict=True):
        assert box.x == pytest.approx(grid["x"] * cell, abs=16)
        assert box.width == pytest.approx(grid["w"] * cell, abs=16)
    order = [(box.y, box.x) for box in boxes]
    assert order == sorted(order)
    assert [grid["y"] for grid in panels] == sorted(grid["y"] for grid in panels)


def test_a_row_of_two_lines_is_laid_in_two_lines() -> None:
    panels = tuple(Panel(f"{n}?", (Query("x"),), "short", "So.", width=WIDTH // 2) for n in range(4))
    found = layout(Board("two", "Two", "So.", (Row("All", panels),)))
    lines = sorted({box.y for _, box in found.panels})
    assert [[panel.title for panel, box in found.panels if box.y == line] for line in lines] == [
        ["0?", "1?"],
        ["2?", "3?"],
    ]
    assert found.caption.y >= max(box.y + box.height for _, box in found.panels)


def run(monkeypatch: pytest.MonkeyPatch, *given: str) -> int:
    monkeypatch.setattr(sys, "argv", ["pictures", *given])
    return pictures.main()


def test_a_prometheus_that_is_away_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "http://127.0.0.1:1", str(tmp_path)) == 1
    said = capsys.readouterr().err
    assert said.startswith("http://127.0.0.1:1: wanted a Prometheus, got: ")
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_every_dashboard_becomes_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **given: real(**{**given, "transport": BUSY}))
    draw_all("http://prometheus", tmp_path / "new", SPAN)
    assert {path.name for path in (tmp_path / "new").iterdir()} == {f"{board.slug}.png" for board in BOARDS}
