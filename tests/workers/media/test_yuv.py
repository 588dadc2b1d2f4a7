"""Colours as BT.709 has them, planes where codecs look for them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_workers.media.yuv import Yuv420, rgb_to_yuv444, rgb_to_yuv_float, yuv420_to_rgb

# ITU-R BT.709 colour bars in 8-bit limited range.
BARS = [
    ((255, 255, 255), (235, 128, 128)),
    ((0, 0, 0), (16, 128, 128)),
    ((255, 0, 0), (63, 102, 240)),
    ((0, 255, 0), (173, 42, 26)),
    ((0, 0, 255), (32, 240, 118)),
    ((128, 128, 128), (126, 128, 128)),
]


@pytest.mark.parametrize(("rgb", "yuv"), BARS)
def test_knows_the_colour_bars(rgb: tuple[int, int, int], yuv: tuple[int, int, int]) -> None:
    picture = np.full((4, 6, 3), rgb, np.uint8)
    planes = rgb_to_yuv444(picture)
    assert [plane.shape for plane in planes] == [(4, 6)] * 3
    assert [int(plane[2, 3]) for plane in planes] == list(yuv)
    assert np.abs(rgb_to_yuv_float(picture.astype(np.float32))[0, 0] - yuv).max() <= 0.51


def test_planes_are_views_of_one_buffer_in_order() -> None:
    frame = Yuv420.empty(8, 6)
    for value, plane in enumerate(frame.planes):
        plane[:] = value
    assert frame.data.tolist() == [0] * 48 + [1] * 12 + [2] * 12
    assert [plane.shape for plane in frame.planes] == [(6, 8), (3, 4), (3, 4)]
    copied = frame.copy()
    copied.planes[0][:] = 9
    assert frame.data[0] == 0


@pytest.mark.parametrize("size", [(7, 6), (8, 5), (0, 8), (8, -2)])
def test_refuses_odd_sizes(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="wanted even numbers"):
        Yuv420.empty(*size)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_a_plain_colour_survives_the_way_there_and_back(rgb: tuple[int, int, int]) -> None:
    picture = np.full((4, 4, 3), rgb, np.uint8)
    frame = Yuv420.empty(4, 4)
    y, u, v = rgb_to_yuv444(picture)
    for plane, values in zip(frame.planes, (y, u[::2, ::2], v[::2, ::2]), strict=True):
        plane[:] = values
    assert np.abs(yuv420_to_rgb(frame).astype(int) - picture).max() <= 3
