"""Clips: decodable alone, alike in their parameters, cut into frames without a loss."""

import io

import av
import numpy as np
import pytest

from understudy_workers.media.video import encode_clip, parameter_sets, pictures
from understudy_workers.media.yuv import Yuv420

WIDTH, HEIGHT = 320, 192
"""Below some 160 pixels x264's AVX-512 code reads past its rows, and equal frames may give other bytes."""


def moving(count: int, width: int = WIDTH, height: int = HEIGHT, start: int = 0) -> list[Yuv420]:
    """A bright bar that walks to the right, two pixels a frame, on grey."""
    frames = []
    for number in range(start, start + count):
        frame = Yuv420.empty(width, height)
        frame.data[:] = 128
        frame.planes[0][:, 2 * number % width : 2 * number % width + 8] = 220
        frames.append(frame)
    return frames


def decoded(clip: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(clip), format="h264") as container:
        return list(container.decode(video=0))


def test_comes_back_as_it_was() -> None:
    frames = moving(30)
    back = decoded(encode_clip(frames, WIDTH, HEIGHT, crf=12))
    assert len(back) == 30
    for frame, got in zip(frames, back, strict=True):
        luma = got.to_ndarray(format="yuv420p")[:HEIGHT]
        assert np.abs(luma.astype(int) - frame.planes[0]).mean() < 2


def test_is_tagged_as_bt709_limited() -> None:
    with av.open(io.BytesIO(encode_clip(moving(3), WIDTH, HEIGHT)), format="h264") as container:
        coder = container.streams.video[0].codec_context
        next(container.decode(video=0))
        tags = (coder.color_primaries, coder.color_trc, coder.colorspace, coder.color_range)
        assert tags == (1, 1, 1, 1)
        assert coder.pix_fmt == "yuv420p"
        assert not coder.has_b_frames


def test_is_cut_into_frames_that_join_to_the_same_bytes() -> None:
    clip = encode_clip(moving(120), WIDTH, HEIGHT)
    cut = pictures(clip)
    assert b"".join(picture.data for picture in cut) == clip
    assert [number for number, picture in enumerate(cut) if picture.is_key] == [0, 100]
    assert len(cut) == 120


def test_any_key_frame_starts_a_decodable_clip() -> None:
    cut = pictures(encode_clip(moving(120), WIDTH, HEIGHT))
    assert len(decoded(b"".join(picture.data for picture in cut[100:]))) == 20


def test_clips_of_a_size_share_their_parameters_and_others_do_not() -> None:
    short, long = encode_clip(moving(3), WIDTH, HEIGHT), encode_clip(moving(40, start=11), WIDTH, HEIGHT)
    sets = parameter_sets(short)
    assert [unit[0] & 31 for unit in sets.split(b"\0\0\0\1")[1:]] == [7, 8]
    assert parameter_sets(long) == sets
    assert parameter_sets(encode_clip(moving(3, width=352), 352, HEIGHT)) != sets
    assert parameter_sets(encode_clip(moving(3), WIDTH, HEIGHT, crf=30)) != sets


def test_clips_laid_end_to_end_decode_as_one() -> None:
    clips = [encode_clip(moving(7, start=start), WIDTH, HEIGHT) for start in (0, 20)]
    assert len(decoded(b"".join(clips))) == 14


def test_the_same_frames_give_the_same_bytes() -> None:
    assert encode_clip(moving(20), WIDTH, HEIGHT) == encode_clip(iter(moving(20)), WIDTH, HEIGHT)


def test_one_reused_frame_buffer_is_enough() -> None:
    def reused() -> object:
        buffer = Yuv420.empty(WIDTH, HEIGHT)
        for frame in moving(12):
            buffer.data[:] = frame.data
            yield buffer

    assert encode_clip(reused(), WIDTH, HEIGHT) == encode_clip(moving(12), WIDTH, HEIGHT)  # type: ignore[arg-type]


def test_no_frames_make_no_clip() -> None:
    assert encode_clip([], WIDTH, HEIGHT) == b""
    assert pictures(b"") == ()
    assert parameter_sets(b"") == b""


def test_refuses_a_frame_of_another_size() -> None:
    with pytest.raises(ValueError, match="wanted 320x192, got 192x320"):
        encode_clip(moving(1, width=192, height=320), WIDTH, HEIGHT)


def test_sizes_that_are_no_multiple_of_anything_work() -> None:
    assert len(decoded(encode_clip(moving(3, width=202, height=358), 202, 358))) == 3
