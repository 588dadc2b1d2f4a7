"""The disclosure: always there, inside the picture, readable at every size."""

import inspect

import numpy as np
import pytest
from PIL import ImageFont

from understudy_workers.media import compose
from understudy_workers.media.label import LABEL_TEXT, MAX_DETAIL_CHARS, draw_label

SIZES = [
    (1280, 720),
    (1080, 1920),
    (720, 1280),
    (1080, 1080),
    (640, 360),
    (360, 640),
    (256, 256),
    (192, 192),
    (3840, 2160),
]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("detail", ["", "Campaign Spring 2027", "x" * 500])
def test_lies_inside_the_picture_on_even_pixels(size: tuple[int, int], detail: str) -> None:
    drawn = draw_label(*size, detail)
    numbers = (drawn.left, drawn.top, drawn.width, drawn.height)
    assert all(number % 2 == 0 for number in numbers)
    assert drawn.left == drawn.top > 0
    assert drawn.left + drawn.width <= size[0]
    assert drawn.top + drawn.height <= size[1] // 4


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_light_words_stand_on_a_dark_ground(size: tuple[int, int]) -> None:
    drawn = draw_label(*size)
    for behind in (16.0, 128.0, 235.0):
        luma = behind * drawn.keep[0] + drawn.add[0]
        inner = luma[drawn.height // 4 : -drawn.height // 4, drawn.height : -drawn.height]
        ground = np.median(inner)
        assert np.percentile(inner, 98) - ground > 75
        assert (inner > ground + 40).mean() > 0.06


def test_grows_with_the_picture() -> None:
    heights = {size: draw_label(*size).height for size in ((1280, 720), (1920, 1080), (3840, 2160))}
    assert [round(height / short, 2) for (_, short), height in heights.items()] == [0.06] * 3


def test_says_that_it_is_synthetic_and_offers_no_way_not_to() -> None:
    assert "AI-generated" in LABEL_TEXT
    assert "synthetic" in LABEL_TEXT
    for function in (draw_label, compose.Composer):
        names = set(inspect.signature(function).parameters)
        assert names <= {"plates", "mouth", "width", "height", "detail", "cache_bytes"}


def test_a_second_line_is_cut_and_flattened() -> None:
    one, two = draw_label(1280, 720), draw_label(1280, 720, "Made\n for Acme")
    assert one.height * 1.3 < two.height < one.height * 2
    longest = draw_label(1280, 720, "m" * MAX_DETAIL_CHARS)
    assert draw_label(1280, 720, "m" * 500).width == longest.width


def test_a_pillow_without_truetype_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    bitmap = ImageFont.load_default_imagefont()
    monkeypatch.setattr(ImageFont, "load_default", lambda size: bitmap)
    with pytest.raises(RuntimeError, match="wanted Pillow with FreeType"):
        draw_label(1280, 720)
