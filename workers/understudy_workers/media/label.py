"""The disclosure every frame wears: a small translucent pill that says the performance is synthetic."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from understudy_workers.media.yuv import rgb_to_yuv_float

LABEL_TEXT = "AI-generated · synthetic performance"
MAX_DETAIL_CHARS = 60

_FONT_SHARE = 0.032  # of the picture's short side
_MIN_FONT_PIXELS = 10
_MARGIN_SHARE = 0.04  # of the short side: inside every title-safe area
_PILL = (12, 14, 18, 150)  # RGBA
_INK = (255, 255, 255, 240)
_OVERSAMPLE = 4

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Label:
    """The label ready to be laid over frames: ``left``, ``top`` and its planes' sizes are even.

    For each of Y, U, V: pixel = keep * pixel + add, with ``keep`` in 0-1.
    """

    left: int
    top: int
    keep: tuple[Floats, Floats, Floats]
    add: tuple[Floats, Floats, Floats]

    @property
    def width(self) -> int:
        """Pixels, even."""
        return int(self.keep[0].shape[1])

    @property
    def height(self) -> int:
        """Pixels, even."""
        return int(self.keep[0].shape[0])


def draw_label(width: int, height: int, detail: str = "") -> Label:
    """The label of an output of this size; ``detail`` is a second line, cut to 60 characters and to fit."""
    short = min(width, height)
    margin = round(short * _MARGIN_SHARE / 2) * 2
    room = width - 2 * margin
    size = max(_MIN_FONT_PIXELS, round(short * _FONT_SHARE))
    while size > 6 and _text_width(LABEL_TEXT, size) > room - size * 1.6:
        size -= 1
    detail = " ".join(detail.split())[:MAX_DETAIL_CHARS]
    while detail and _text_width(detail, size) > room - size * 1.6:
        detail = detail[:-1].rstrip()
    return _as_label(_draw_pill([LABEL_TEXT, *([detail] if detail else [])], size), margin, margin)


def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("disclosure label: wanted Pillow with FreeType, got one without; install the PyPI wheel")
    return font


def _text_width(text: str, size: int) -> float:
    return float(_font(size).getlength(text))


def _draw_pill(lines: list[str], size: int) -> Image.Image:
    """The pill in RGBA with its text, drawn large and scaled down so that its edges are smooth."""
    unit = size * _OVERSAMPLE
    font = _font(unit)
    pad_x, pad_y, step = 0.75 * unit, 0.42 * unit, 1.25 * unit
    extent = (max(_text_width(line, unit) for line in lines) + 2 * pad_x, step * (len(lines) - 1) + unit + 2 * pad_y)
    even = 2 * _OVERSAMPLE
    width, height = (int(np.ceil(side / even)) * even for side in extent)
    pill = Image.new("RGBA", (width, height), (*_PILL[:3], 0))
    pen = ImageDraw.Draw(pill)
    pen.rounded_rectangle((0, 0, width - 1, height - 1), radius=(unit + 2 * pad_y) / 2, fill=_PILL)
    for line, text in enumerate(lines):
        # "ls": left end of the baseline; capitals are about 0.72 of the size high.
        pen.text((pad_x, pad_y + step * line + 0.86 * unit), text, font=font, fill=_INK, anchor="ls")
    return pill.reduce(_OVERSAMPLE)


def _as_label(pill: Image.Image, left: int, top: int) -> Label:
    rgba = np.asarray(pill, np.float32)
    alpha = np.asarray(rgba[..., 3] / 255, np.float32)
    yuv = rgb_to_yuv_float(rgba[..., :3]) * alpha[..., None]
    keep, keep_chroma = 1 - alpha, _halved(1 - alpha)
    add = (yuv[..., 0], _halved(yuv[..., 1]), _halved(yuv[..., 2]))
    return Label(left, top, (keep, keep_chroma, keep_chroma), add)


def _halved(plane: Floats) -> Floats:
    """The mean of every 2x2 block."""
    height, width = plane.shape
    return np.asarray(plane.reshape(height // 2, 2, width // 2, 2).mean((1, 3)), np.float32)
