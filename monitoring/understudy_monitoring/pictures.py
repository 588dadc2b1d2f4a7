"""`python -m understudy_monitoring.pictures URL FOLDER [--minutes N]`: dashboards as pictures, of what a Prometheus knows.

No Grafana is needed and none draws: matplotlib does, in Grafana's layout, and the picture says so.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx

from understudy_monitoring.answers import RefusedQueryError, Span, ask
from understudy_monitoring.board import HEIGHT, WIDTH, Board, Panel, Row
from understudy_monitoring.canvas import PALE, Box, Canvas
from understudy_monitoring.drawing import draw
from understudy_monitoring.files import BOARDS

CAPTION: Final = "drawn with matplotlib from a real Prometheus; not Grafana"
PIXELS: Final = 1600
_CELL: Final = 38
"""Height of a grid row, in pixels."""
_GAP, _EDGE, _HEAD, _ROW_HEAD, _FOOT = 8.0, 16.0, 54.0, 34.0, 30.0


@dataclass(frozen=True)
class Layout:
    """Where everything of a board lies, in pixels: titles of rows, then panels, then the caption."""

    titles: tuple[tuple[Row, Box], ...]
    panels: tuple[tuple[Panel, Box], ...]
    caption: Box


def layout(board: Board) -> Layout:
    """As Grafana does: from left to right, and below where a panel no longer fits."""
    cell, pitch, top = (PIXELS - 2 * _GAP) / WIDTH, HEIGHT * _CELL + _GAP, _HEAD
    titles, panels = [], []
    for row in board.rows:
        titles.append((row, Box(_EDGE, top, PIXELS - 2 * _EDGE, _ROW_HEAD)))
        left, top = 0, top + _ROW_HEAD
        for panel in row.panels:
            if left + panel.width > WIDTH:
                left, top = 0, top + pitch
            box = Box(_GAP + left * cell, top, panel.width * cell, pitch)
            panels.append((panel, box.inner(_GAP / 2, 0, _GAP / 2, _GAP)))
            left += panel.width
        top += pitch
    return Layout(tuple(titles), tuple(panels), Box(_EDGE, top, PIXELS - 2 * _EDGE, _FOOT))


def picture(board: Board, http: httpx.Client, span: Span) -> Canvas:
    """The dashboard over this time. `http`'s base is Prometheus'. Raises RefusedQueryError, httpx.HTTPError."""
    found = layout(board)
    canvas = Canvas(PIXELS, round(found.caption.y + found.caption.height))
    head = Box(_EDGE, 0, PIXELS - 2 * _EDGE, _HEAD)
    since, until = datetime.fromtimestamp(span.start), datetime.fromtimestamp(span.end)
    canvas.write(head, board.title, 21, bold=True)
    canvas.write(head, f"{since:%H:%M:%S} to {until:%H:%M:%S}", 14, ink=PALE, at="right")
    for row, box in found.titles:
        canvas.write(box, row.title, 16)
    for panel, box in found.panels:
        draw(canvas, box, panel, ask(http, panel, span), span)
    canvas.write(found.caption, CAPTION, 13, ink=PALE)
    return canvas


def draw_all(url: str, folder: Path, span: Span) -> None:
    """Every dashboard as `folder/SLUG.png`. Raises RefusedQueryError, httpx.HTTPError."""
    folder.mkdir(parents=True, exist_ok=True)
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
        for board in BOARDS:
            (folder / f"{board.slug}.png").write_bytes(picture(board, http, span).png())


def main() -> int:
    """Exit code 1, with a line that says why, when Prometheus does not answer."""
    parser = argparse.ArgumentParser(prog="python -m understudy_monitoring.pictures", description=__doc__)
    parser.add_argument("url", help="where Prometheus answers, such as http://127.0.0.1:9090")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--minutes", type=float, default=360, help="how far back they reach; default: 360")
    given = parser.parse_args()
    end = time.time()
    try:
        draw_all(given.url, given.folder, Span(end - 60 * given.minutes, end))
    except RefusedQueryError as error:
        sys.stderr.write(f"{given.url}: {error}\n")
        return 1
    except httpx.HTTPError as error:
        sys.stderr.write(f"{given.url}: wanted a Prometheus, got: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
