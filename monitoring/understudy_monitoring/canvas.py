"""A sheet that is measured in pixels from its upper left corner, as dashboards are, and the inks that are used on it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

INK, PALE, EDGE, PAPER, DESK = "#24292e", "#6a737d", "#dfe2e5", "#ffffff", "#f4f5f5"
SEVERITY: Final = {"green": "#299c46", "orange": "#e0752d", "red": "#c4162a", "blue": "#1f60c4"}
"""Colours by Grafana's names."""
LINES: Final = (
    "#56a64b",
    "#e0a400",
    "#3274d9",
    "#e02f44",
    "#8f3bb8",
    "#ff780a",
    "#1b8a8f",
    "#a16a2c",
    "#5a6b7b",
    "#d44a93",
)
_DPI: Final = 100
_COLOURS: Final = 256


@dataclass(frozen=True)
class Box:
    """Where something lies, in pixels; `y` grows downwards."""

    x: float
    y: float
    width: float
    height: float

    def inner(self, left: float = 0, top: float = 0, right: float = 0, bottom: float = 0) -> Box:
        """What is left within margins."""
        return Box(self.x + left, self.y + top, self.width - left - right, self.height - top - bottom)


class Canvas:
    """One picture in the making."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        with mpl.rc_context({"font.family": "DejaVu Sans"}):
            self.figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor=DESK)
        self._agg = FigureCanvasAgg(self.figure)

    def write(
        self, box: Box, words: str, pixels: float, *, ink: str = INK, at: str = "left", bold: bool = False
    ) -> None:
        """A line of text in the middle of a box's height, `left`, `center` or `right`; cut where it is too long."""
        place = {"left": box.x, "center": box.x + box.width / 2, "right": box.x + box.width}[at]
        given: dict[str, Any] = {"fontsize": pixels * 72 / _DPI, "color": ink, "ha": at, "va": "center_baseline"}
        text = self.figure.text(*self._point(place, box.y + box.height / 2), words, **given)
        text.set_fontweight("bold" if bold else "normal")
        text.set_parse_math(False)
        for kept in range(len(words) - 1, 0, -1):
            if self._width(text) <= box.width:
                return
            text.set_text(words[:kept].rstrip() + "…")

    def frame(self, box: Box) -> None:
        """A sheet of paper with an edge."""
        x, y, width, height = self._share(box)
        given: dict[str, Any] = {"facecolor": PAPER, "edgecolor": EDGE, "linewidth": 0.8}
        self.figure.add_artist(Rectangle((x, y), width, height, transform=self.figure.transFigure, zorder=-1, **given))

    def fill(self, box: Box, ink: str) -> None:
        """A bar of one colour."""
        x, y, width, height = self._share(box)
        given: dict[str, Any] = {"facecolor": ink, "linewidth": 0}
        self.figure.add_artist(Rectangle((x, y), width, height, transform=self.figure.transFigure, **given))

    def axes(self, box: Box) -> Axes:
        """Something to draw lines on."""
        made = self.figure.add_axes(self._share(box))
        made.set_facecolor("none")
        return made

    def texts(self) -> list[str]:
        """What is written, in order, axes' own words not counted."""
        return [text.get_text() for text in self.figure.texts]

    def png(self) -> bytes:
        """The picture as a file. The same strokes give the same bytes."""
        self._agg.draw()  # type: ignore[no-untyped-call]
        drawn = np.asarray(self._agg.buffer_rgba())  # type: ignore[no-untyped-call]
        found = io.BytesIO()
        _in_few_colours(drawn).save(found, "PNG", optimize=True)
        return found.getvalue()

    def _width(self, text: Text) -> float:
        return float(text.get_window_extent().width)

    def _point(self, x: float, y: float) -> tuple[float, float]:
        return x / self._size[0], 1 - y / self._size[1]

    def _share(self, box: Box) -> tuple[float, float, float, float]:
        x, y = self._point(box.x, box.y + box.height)
        return x, y, box.width / self._size[0], box.height / self._size[1]


def _in_few_colours(drawn: NDArray[np.uint8]) -> Image.Image:
    """A third as heavy. What is drawn keeps its very colour, since that is a frequent one; only edges of letters change."""
    red, green, blue = (drawn[:, :, part].astype(np.int32) for part in range(3))
    found, places, counts = np.unique(red << 16 | green << 8 | blue, return_inverse=True, return_counts=True)
    colours = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
    palette = colours[np.argsort(counts)[::-1][:_COLOURS]]
    nearest = np.abs(colours[:, None] - palette[None]).sum(axis=2).argmin(axis=1).astype(np.uint8)
    made = Image.fromarray(nearest[places].reshape(drawn.shape[:2]), "P")
    made.putpalette(palette.astype(np.uint8).tobytes())
    return made
