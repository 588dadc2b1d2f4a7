"""A sheet in pixels: what is written stays within its box, what is drawn lies where it was put, in the colour it was given."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from understudy_monitoring.canvas import DESK, EDGE, LINES, PAPER, Box, Canvas


def shown(canvas: Canvas) -> Image.Image:
    return Image.open(io.BytesIO(canvas.png())).convert("RGB")


def colour(name: str) -> tuple[int, ...]:
    return tuple(round(255 * part) for part in to_rgb(name))


def test_a_box_within_margins() -> None:
    assert Box(10, 20, 100, 50).inner(left=1, top=2, right=3, bottom=4) == Box(11, 22, 96, 44)


def test_it_has_the_size_that_was_asked_for() -> None:
    assert shown(Canvas(320, 120)).size == (320, 120)


def test_y_grows_downwards() -> None:
    canvas = Canvas(200, 100)
    canvas.frame(Box(20, 10, 100, 40))
    canvas.fill(Box(150, 80, 20, 10), LINES[3])
    picture = shown(canvas)
    assert picture.getpixel((70, 30)) == colour(PAPER)
    assert picture.getpixel((20, 30)) != colour(DESK), "an edge"
    assert picture.getpixel((160, 85)) == colour(LINES[3])
    assert picture.getpixel((160, 15)) == colour(DESK)


@pytest.mark.parametrize("at", ["left", "center", "right"])
def test_words_that_are_too_long_are_cut_and_say_so(at: str) -> None:
    canvas, box = Canvas(400, 60), Box(100, 10, 120, 30)
    canvas.write(box, "Short?", 14, at=at)
    canvas.write(box, "How long is a question that nobody has room for?", 14, at=at)
    short, long = canvas.texts()
    assert short == "Short?"
    assert long.startswith("How long")
    assert long.endswith("…")
    for text in canvas.figure.texts:
        extent = text.get_window_extent()
        assert extent.x0 >= box.x - 1
        assert extent.x1 <= box.x + box.width + 1


def test_words_are_no_formulas() -> None:
    canvas = Canvas(400, 60)
    canvas.write(Box(0, 0, 400, 60), "rate($x[5m]) > 0 and $y", 14)
    assert canvas.texts() == ["rate($x[5m]) > 0 and $y"]
    canvas.png()


def test_few_colours_leave_every_line_its_own(tmp_path: Path) -> None:
    canvas = Canvas(400, 300)
    for place, ink in enumerate((*LINES, EDGE, PAPER)):
        canvas.fill(Box(10, 10 + 20 * place, 300, 3), ink)
        canvas.write(Box(320, 2 + 20 * place, 80, 20), f"line {place}", 12, ink=ink)
    picture = shown(canvas)
    found = [picture.getpixel((100, 11 + 20 * place)) for place in range(len(LINES) + 2)]
    assert found == [colour(ink) for ink in (*LINES, EDGE, PAPER)]


def test_the_same_strokes_give_the_same_bytes() -> None:
    def drawn() -> bytes:
        canvas = Canvas(200, 80)
        canvas.write(Box(0, 0, 200, 80), "Same?", 20)
        return canvas.png()

    assert drawn() == drawn()
