"""Windows: what part of the output shows what part of the plate, and that scaling a part equals scaling the whole."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from understudy_workers.media.placement import place
from understudy_workers.media.window import mouth_window, plate_window
from understudy_workers.media.yuv import Yuv420

Plates = npt.NDArray[np.uint8]
SIDE = 512
SIZES = [(1280, 720), (1080, 1920), (1080, 1080), (640, 360), (256, 256)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_plate_fills_its_window_and_the_mouth_lies_inside(size: tuple[int, int], mouth: Any) -> None:
    at = place(*size, SIDE, mouth)
    plate = plate_window(at, *size, SIDE)
    part = mouth_window(at, mouth, plate)
    assert plate.y + plate.height == size[1]
    for window in (plate, part):
        assert all(number % 2 == 0 for number in (window.x, window.y, window.width, window.height))
        assert window.x >= 0
        assert window.x + window.width <= size[0]
    assert plate.x <= part.x
    assert part.x + part.width <= plate.x + plate.width
    left, right = at.left + at.scale_x * mouth.x, at.left + at.scale_x * (mouth.x + mouth.width)
    assert left < part.x < left + 12 * max(1, at.scale_x)
    assert right - 12 * max(1, at.scale_x) < part.x + part.width < right


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_part_scaled_alone_meets_the_whole(size: tuple[int, int], plates: Plates, mouth: Any) -> None:
    at = place(*size, SIDE, mouth)
    plate = plate_window(at, *size, SIDE)
    part = mouth_window(at, mouth, plate)
    noise = np.random.default_rng(3).integers(0, 60, plates[0].shape).astype(np.uint8)
    picture = plates[0] // 2 + noise
    whole = plate.sample(picture)
    patch = picture[mouth.y : mouth.y + mouth.height, mouth.x : mouth.x + mouth.width]
    for there, alone, step in zip(whole, part.sample(patch), (1, 2, 2), strict=True):
        y, x = (part.y - plate.y) // step, (part.x - plate.x) // step
        same = there[y : y + alone.shape[0], x : x + alone.shape[1]]
        assert np.abs(same.astype(int) - alone).max() <= 1


def test_pastes_relative_to_a_corner(mouth: Any) -> None:
    at = place(1280, 720, SIDE, mouth)
    plate = plate_window(at, 1280, 720, SIDE)
    part = mouth_window(at, mouth, plate)
    planes = tuple(np.full((part.height // step, part.width // step), 200 + step, np.uint8) for step in (1, 2, 2))
    frame, region = Yuv420.empty(1280, 720), Yuv420.empty(plate.width, plate.height)
    frame.data[:] = region.data[:] = 0
    part.paste((planes[0], planes[1], planes[2]), frame)
    part.paste((planes[0], planes[1], planes[2]), region, (plate.x, plate.y))
    assert frame.planes[0][part.y, part.x] == 201
    assert frame.planes[0].astype(bool).sum() == part.width * part.height
    assert np.array_equal(frame.planes[2][:, plate.x // 2 :][:, : plate.width // 2], region.planes[2])


def test_a_mouth_outside_the_picture_is_refused() -> None:
    class Outside:
        x, y, width, height = 0, 400, 8, 8

    at = place(1080, 1920, SIDE, Outside())
    plate = plate_window(at, 1080, 1920, SIDE)
    with pytest.raises(ValueError, match="wanted a rectangle inside the picture"):
        mouth_window(at, Outside(), plate)
