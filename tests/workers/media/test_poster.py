"""Posters: the frame asked for, small, in its own shape."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from understudy_workers.media.join import join_item
from understudy_workers.media.poster import poster_of_file, poster_of_frame
from understudy_workers.media.sound import encode_sound
from understudy_workers.media.video import encode_clip
from understudy_workers.media.yuv import Yuv420


def grey(level: int, width: int = 160, height: int = 90) -> Yuv420:
    frame = Yuv420.empty(width, height)
    frame.data[:] = 128
    frame.planes[0][:] = level
    return frame


def read(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    assert image.format == "JPEG"
    return image.convert("RGB")


def luma(image: Image.Image) -> int:
    """The limited-range luma a grey picture was made of."""
    return round(16 + float(np.asarray(image).mean()) * 219 / 255)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """130 frames, 5.2 s: each frame's luma is 60 + its number."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    frames = [grey(60 + number) for number in range(130)]
    join_item([encode_clip(frames, 160, 90)], encode_sound([np.zeros(130 * 882, np.float32)]), path)
    return path


@pytest.mark.parametrize(("size", "height"), [((1280, 720), 180), ((1080, 1920), 569), ((256, 256), 320)])
def test_a_frame_becomes_a_small_jpeg_in_its_own_shape(size: tuple[int, int], height: int) -> None:
    image = read(poster_of_frame(grey(150, *size)))
    assert image.size == (320, height)
    assert luma(image) == pytest.approx(150, abs=2)


@pytest.mark.parametrize(("at_seconds", "number"), [(0.0, 0), (1.0, 25), (4.5, 112), (99.0, 129), (None, 43)])
def test_shows_the_moment_asked_for(film: Path, at_seconds: float | None, number: int) -> None:
    assert luma(read(poster_of_file(film, at_seconds, width=80))) == pytest.approx(60 + number, abs=2)


def test_names_a_file_that_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("words")
    with pytest.raises(ValueError, match=r"words\.mp4: wanted a video"):
        poster_of_file(tmp_path / "words.mp4")
