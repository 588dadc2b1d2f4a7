from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from understudy_api.verdict import Refusal
from understudy_workers.media.compose import Composer
from understudy_workers.media.join import join_item
from understudy_workers.media.sound import encode_sound
from understudy_workers.media.video import encode_clip
from understudy_workers.models.voice import SAMPLES_PER_FRAME, EspeakVoice
from understudy_workers.stages.check import MIN_LABEL_LIKENESS, Checker, Expected, label_likeness

WIDTH, HEIGHT = 320, 256
RNG = np.random.default_rng(5)
PLATES = np.repeat(RNG.integers(90, 160, (1, 1, 256, 3), np.uint8), 256, 1)


def check(path: Path, expected: Expected) -> Refusal | None:
    return Checker().check(path, expected)


class Box:
    x, y, width, height = 96, 150, 64, 48


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    return EspeakVoice("f2").speak("Spring is here, and everybody is out in the sun.", "en-GB").samples


@pytest.fixture(scope="module")
def make(sound: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, Expected]]:
    """Makes a good file; arguments make it bad."""
    composer = Composer(PLATES, Box(), WIDTH, HEIGHT)
    good = composer.frame(0, None)
    bare = good.copy()
    bare.planes[0][:64] = 128
    folder = tmp_path_factory.mktemp("files")

    def made(gain: float = 1.0, labelled: bool = True) -> tuple[Path, Expected]:
        frames = len(sound) // SAMPLES_PER_FRAME
        clip = encode_clip([good if labelled else bare] * frames, WIDTH, HEIGHT)
        path = folder / f"{gain}-{labelled}.mp4"
        join_item([clip], encode_sound([np.clip(sound * np.float32(gain), -1, 1)]), path)
        return path, Expected(frames, WIDTH, HEIGHT)

    return made


def test_a_good_file_passes_wherever_it_is_looked_at(make: Any) -> None:
    path, expected = make()
    for sample in (0, 3, 123_456_789):
        assert check(path, Expected(expected.frames, WIDTH, HEIGHT, sample)) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"frames": 1}, "WrongFrames"),
        ({"width": 2}, "WrongSize"),
        ({"height": -2}, "WrongSize"),
    ],
)
def test_other_sizes_and_lengths_are_refused(make: Any, change: dict[str, int], reason: str) -> None:
    path, expected = make()
    other = {name: getattr(expected, name) + change.get(name, 0) for name in ("frames", "width", "height")}
    refusal = check(path, Expected(**other))
    assert refusal is not None
    assert refusal.reason == reason


@pytest.mark.parametrize(("gain", "reason"), [(0.0, "WrongLoudness"), (0.2, "WrongLoudness"), (5.0, "WrongLoudness")])
def test_sound_that_is_mute_faint_or_shouted_is_refused(make: Any, gain: float, reason: str) -> None:
    refusal = check(*make(gain=gain))
    assert refusal is not None
    assert refusal.reason == reason


def test_sound_is_listened_to_once_but_bad_sound_every_time(make: Any) -> None:
    checker = Checker()
    for gain, reason in ((1.0, ""), (0.2, "WrongLoudness"), (1.0, ""), (0.2, "WrongLoudness")):
        refusal = checker.check(*make(gain=gain))
        assert (refusal.reason if refusal else "") == reason


def test_a_longer_picture_with_known_sound_is_refused(make: Any) -> None:
    checker = Checker()
    path, expected = make()
    assert checker.check(path, expected) is None
    refusal = checker.check(path, Expected(expected.frames + 1, WIDTH, HEIGHT))
    assert refusal is not None
    assert refusal.reason == "WrongFrames"


def test_clipped_sound_is_refused(make: Any) -> None:
    refusal = check(*make(gain=1.6))
    assert refusal is not None
    assert refusal.reason == "Clipped"


def test_a_picture_without_the_label_is_refused(make: Any) -> None:
    refusal = check(*make(labelled=False))
    assert refusal is not None
    assert refusal.reason == "LabelMissing"


@pytest.mark.parametrize("size", [(384, 216), (216, 384), (1280, 720)])
def test_the_label_is_told_from_pictures_of_all_kinds(size: tuple[int, int]) -> None:
    """With the label over noise, slopes and flat grey always seen; the same pictures without it never."""
    width, height = size
    noise = RNG.integers(16, 235, (height, width), np.uint8)
    slope = np.repeat(np.linspace(16, 235, width, dtype=np.uint8)[None], height, 0)
    for picture in (noise, slope, np.full((height, width), 90, np.uint8)):
        assert label_likeness(picture) < 0.3
        assert label_likeness(labelled(picture)) > MIN_LABEL_LIKENESS


def labelled(luma: np.ndarray) -> np.ndarray:
    from understudy_workers.media.label import draw_label

    label = draw_label(luma.shape[1], luma.shape[0])
    result = luma.astype(np.float32)
    there = np.s_[label.top : label.top + label.height, label.left : label.left + label.width]
    result[there] = result[there] * label.keep[0] + label.add[0]
    return np.rint(result).astype(np.uint8)


@pytest.mark.parametrize("keep", [0, 10, 100, 2000])
def test_half_a_file_is_refused(make: Any, tmp_path: Path, keep: int) -> None:
    path, expected = make()
    (tmp_path / "half.mp4").write_bytes(path.read_bytes()[:keep])
    refusal = check(tmp_path / "half.mp4", expected)
    assert refusal is not None
    assert refusal.reason in {"Unreadable", "WrongStreams"}


def test_a_file_without_sound_is_refused(make: Any, tmp_path: Path) -> None:
    path, expected = make()
    with av.open(str(path)) as source, av.open(str(tmp_path / "mute.mp4"), "w") as out:
        video = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = video
                out.mux(packet)
    refusal = check(tmp_path / "mute.mp4", expected)
    assert refusal is not None
    assert refusal.reason == "WrongStreams"


def test_frames_at_other_times_are_refused(make: Any, tmp_path: Path) -> None:
    path, expected = make()
    with av.open(str(path)) as source, av.open(str(tmp_path / "slow.mp4"), "w") as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.size:
                if packet.stream.type == "video":
                    packet.pts, packet.dts = packet.pts * 2, packet.dts * 2
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    refusal = check(tmp_path / "slow.mp4", expected)
    assert refusal is not None
    assert refusal.reason == "WrongTiming"
