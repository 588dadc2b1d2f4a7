"""Frames: the plate in its place, only the mouth replaced, the label on every one of them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from understudy_workers.media.compose import Composer
from understudy_workers.media.label import draw_label
from understudy_workers.media.yuv import Yuv420, yuv420_to_rgb

Pixels = npt.NDArray[np.uint8]
SIZES = [(1280, 720), (1080, 1920), (720, 1280), (1080, 1080), (1080, 1350), (480, 270), (256, 256)]
each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture(scope="module")
def composers(plates: Pixels, mouth: Any) -> dict[tuple[int, int], Composer]:
    return {size: Composer(plates, mouth, *size) for size in SIZES}


def cut(plate: Pixels, mouth: Any) -> Pixels:
    return plate[mouth.y : mouth.y + mouth.height, mouth.x : mouth.x + mouth.width]


@each_size
def test_a_patch_equal_to_its_plate_changes_nothing(
    size: tuple[int, int], composers: dict[tuple[int, int], Composer], plates: Pixels, mouth: Any
) -> None:
    composer = composers[size]
    for index in (0, 3):
        with_patch = composer.frame(index, cut(plates[index], mouth))
        assert np.array_equal(with_patch.data, composer.frame(index, None).data)


@each_size
def test_a_patch_changes_the_mouth_and_nothing_else(
    size: tuple[int, int], composers: dict[tuple[int, int], Composer], patches: Pixels, mouth: Any
) -> None:
    composer = composers[size]
    quiet, open_ = composer.frame(2, None), composer.frame(2, patches[2])
    changed = np.argwhere(quiet.planes[0] != open_.planes[0])
    assert len(changed) > 100
    (top, left), (bottom, right) = changed.min(0), changed.max(0)
    scale = min(size[1], size[0] * 1.35) / 512
    assert right - left < mouth.width * scale * 1.02
    assert bottom - top < mouth.height * scale * 1.02
    # What changed is where the mouth stands: in the middle, below the middle of the face.
    assert abs((left + right) / 2 - size[0] / 2) < 8 * scale
    assert bottom < size[1]


@each_size
def test_every_frame_wears_the_label(
    size: tuple[int, int], composers: dict[tuple[int, int], Composer], patches: Pixels
) -> None:
    label = draw_label(*size)
    there = np.s_[label.top : label.top + label.height, label.left : label.left + label.width]
    ink = label.add[0] > 120  # almost wholly letter
    ground = (label.keep[0] < 0.45) & (label.add[0] < 20)
    for index, patch in ((0, None), (5, None), (4, patches[4])):
        luma = composers[size].frame(index, patch).planes[0][there]
        assert luma[ink].mean() - luma[ground].mean() > 90
        assert luma[ink].min() > 120


@each_size
def test_the_studio_goes_on_without_a_seam(size: tuple[int, int], composers: dict[tuple[int, int], Composer]) -> None:
    picture = yuv420_to_rgb(composers[size].frame(0, None)).astype(int)
    label = draw_label(*size)
    height = size[1]
    strip = picture[label.top + label.height + 4 : height - int(0.42 * min(height, size[0] * 1.35))]
    wall = strip[:, [*range(4, size[0] // 4), *range(size[0] * 3 // 4, size[0] - 4)]].mean(0)
    steps = np.abs(np.diff(wall, axis=0)).max(1)
    steps[size[0] // 4 - 5] = 0  # where the two sides of the head were put together
    assert steps.max() < 2.5


def test_a_tall_picture_stands_on_its_shoulders(composers: dict[tuple[int, int], Composer]) -> None:
    picture = yuv420_to_rgb(composers[1080, 1920].frame(0, None)).astype(int)
    blazer = picture[-4:, 300:780].mean((0, 1))
    assert abs(blazer - (60, 80, 150)).max() < 12
    assert abs(picture[300, 540] - picture[420, 540]).max() < 20  # plain wall above the head


def test_a_take_is_drawn_in_one_buffer_and_equals_its_frames(plates: Pixels, patches: Pixels, mouth: Any) -> None:
    composer = Composer(plates, mouth, 480, 270)
    path = [0, 0, 1, 2, 2, 5, 0]
    seen = [frame.copy() for frame in composer.frames(path, [patches[i] for i in path])]
    assert len(seen) == len(path)
    for frame, index in zip(seen, path, strict=True):
        assert np.array_equal(frame.data, composer.frame(index, patches[index]).data)
    assert len({id(frame) for frame in composer.frames(path, [patches[i] for i in path])}) == 1


def test_patches_have_to_be_as_many_as_plates(plates: Pixels, patches: Pixels, mouth: Any) -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(Composer(plates, mouth, 256, 256).frames([0, 1], patches[:1]))


def test_a_small_cache_draws_the_same_frames(plates: Pixels, patches: Pixels, mouth: Any) -> None:
    large, small = Composer(plates, mouth, 480, 270), Composer(plates, mouth, 480, 270, cache_bytes=1)
    for index in (0, 1, 2, 3, 0, 4, 1):
        assert np.array_equal(large.frame(index, patches[0]).data, small.frame(index, patches[0]).data)


def test_frames_stay_within_limited_range(composers: dict[tuple[int, int], Composer], patches: Pixels) -> None:
    frame = composers[1280, 720].frame(1, patches[1])
    assert isinstance(frame, Yuv420)
    y, u, v = frame.planes
    assert y.min() >= 10
    assert max(y.max(), u.max(), v.max()) <= 245


def test_a_label_on_the_mouth_is_refused(plates: Pixels) -> None:
    class High:
        x, y, width, height = 100, 0, 300, 120

    with pytest.raises(ValueError, match="label would cover the mouth"):
        Composer(plates, High(), 480, 270)
