"""Items: exact length, sound where it belongs, pictures untouched, nothing half-written."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from understudy_workers.media.join import join_item
from understudy_workers.media.sound import SAMPLES_PER_FRAME, encode_sound
from understudy_workers.media.video import encode_clip
from understudy_workers.media.yuv import Yuv420

WIDTH, HEIGHT = 320, 192  # see test_video


def clip(count: int, level: int, width: int = WIDTH) -> bytes:
    frame = Yuv420.empty(width, HEIGHT)
    frame.data[:] = 128
    frame.planes[0][:] = level
    return encode_clip([frame] * count, width, HEIGHT)


def tone(frames: int, hertz: float, from_frame: int, to_frame: int) -> npt.NDArray[np.float32]:
    """Silence with a tone between two frames."""
    at = np.arange(frames * 882) / 22_050
    sounding = (at >= from_frame / 25) & (at < to_frame / 25)
    return (0.4 * np.sin(2 * np.pi * hertz * at) * sounding).astype(np.float32)


LENGTHS, LEVELS = (10, 25, 7), (60, 120, 200)


@pytest.fixture(scope="module")
def item(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("items") / "item.mp4"
    takes = [tone(10, 500, 3, 7), tone(25, 1000, 5, 20), tone(7, 2000, 2, 5)]
    clips = [clip(*pair) for pair in zip(LENGTHS, LEVELS, strict=True)]
    assert join_item(clips, encode_sound(takes), path, {"title": "Frühling"}) == 42 / 25
    return path


def test_is_exactly_as_long_as_its_pictures(item: Path) -> None:
    with av.open(str(item)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert container.duration == 42 * av.time_base // 25
        assert video.duration * video.time_base == audio.duration * audio.time_base == Fraction(42, 25)
        assert (video.start_time, audio.start_time) == (0, 0)
        assert video.average_rate == 25
        assert (audio.rate, audio.codec_context.layout.name, audio.codec_context.name) == (48_000, "mono", "aac")
        assert container.metadata["title"] == "Frühling"


def test_pictures_come_in_order_every_40_ms(item: Path) -> None:
    with av.open(str(item)) as container:
        shown = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    assert [time for time, _ in shown] == [pytest.approx(number / 25) for number in range(42)]
    levels = [(60, 120, 200)[(number >= 10) + (number >= 35)] for number in range(42)]
    # "gray" is full range: limited luma stretched.
    assert [grey for _, grey in shown] == [pytest.approx((level - 16) * 255 / 219, abs=3) for level in levels]


def slices(units: list[bytes]) -> list[bytes]:
    return [unit for unit in units if unit[0] & 31 in (1, 5)]


def test_pictures_are_copied_not_encoded_again(item: Path) -> None:
    found = []
    with av.open(str(item)) as container:
        for packet in container.demux(video=0):
            rest = bytes(packet)
            while rest:  # mp4 writes each unit's length where the raw stream has a start code
                size = int.from_bytes(rest[:4], "big")
                found.append(rest[4 : 4 + size])
                rest = rest[4 + size :]
    coded = b"".join(clip(*pair) for pair in zip(LENGTHS, LEVELS, strict=True))
    units = [unit for unit in coded.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
    assert slices(found) == slices(units)
    assert len(slices(found)) == 42


def test_each_take_sounds_in_its_place(item: Path) -> None:
    with av.open(str(item)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    for start, end, hertz in ((3, 7, 500), (15, 30, 1000), (37, 40, 2000)):
        piece = sound[start * SAMPLES_PER_FRAME + 800 : end * SAMPLES_PER_FRAME - 800]
        spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece))))
        assert np.argmax(spectrum) * 48_000 / len(piece) == pytest.approx(hertz, rel=0.03)
        assert np.sqrt((piece**2).mean()) == pytest.approx(0.4 / np.sqrt(2), rel=0.1)
    for start, end in ((0, 2), (8, 14), (31, 36)):
        assert np.abs(sound[start * SAMPLES_PER_FRAME + 800 : end * SAMPLES_PER_FRAME - 800]).max() < 0.02


def test_the_index_stands_before_the_pictures(item: Path) -> None:
    data = item.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert b"colr" in data


def test_the_same_parts_give_the_same_file(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        join_item([clip(5, 80)], encode_sound([tone(5, 700, 1, 4)]), tmp_path / name)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


REFUSED = [
    ([], 0, "wanted at least one picture"),
    ([(5, 80)], 4, "wanted 0.2 s of sound for 5 pictures, got 0.16 s"),
    ([(5, 80), (5, 80, 128)], 10, "clip 1: wanted the parameters of clip 0"),
]


@pytest.mark.parametrize(("clips", "sounding", "what"), REFUSED)
def test_refuses_what_does_not_fit_and_leaves_nothing(
    clips: list[tuple[int, ...]], sounding: int, what: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=what):
        join_item([clip(*each) for each in clips], encode_sound([tone(sounding, 500, 0, 1)]), tmp_path / "x.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "x.mp4"
    out.write_bytes(b"before")
    with pytest.raises(UnicodeEncodeError):
        join_item([clip(5, 80)], encode_sound([tone(5, 700, 1, 4)]), out, {"title": "\ud800"})
    assert [path.name for path in tmp_path.iterdir()] == ["x.mp4"]
    assert out.read_bytes() == b"before"
