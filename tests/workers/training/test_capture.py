"""Captures: what is refused and why, and pictures and sound on one clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from understudy_api.verdict import Refusal
from understudy_workers.models.loudness import loudness_lufs
from understudy_workers.models.voice import FPS, SAMPLE_RATE_HZ, SAMPLES_PER_FRAME
from understudy_workers.training.capture import CaptureFacts, check_capture, read_pictures, read_sound, speech_of

Write = Callable[..., Path]


def noise(seconds: float, level: float = 0.2) -> np.ndarray:
    return (level * np.random.default_rng(3).normal(size=int(seconds * SAMPLE_RATE_HZ))).astype(np.float32)


def landscape(count: int, size: int = 256) -> list[np.ndarray]:
    """Pictures without a face: drifting stripes."""
    x = np.arange(size)
    rows = [np.sin((x + 3 * k) / 20) * 60 + 120 for k in range(count)]
    return [np.repeat(np.broadcast_to(row, (size, size))[..., None], 3, -1).astype(np.uint8) for row in rows]


def test_a_good_capture_has_its_facts(clip: Callable[..., Path]) -> None:
    facts = check_capture(clip(), minimum_seconds=10)
    assert isinstance(facts, CaptureFacts)
    assert (facts.width, facts.height, facts.fps) == (256, 256, 25)
    assert 15 < facts.seconds < 25
    assert -20 < facts.lufs < -12
    x, y, width, height = facts.face
    assert x < 256 < x + width
    assert y < 230 < y + height


def refusal(path: Path, minimum_seconds: float = 2) -> Refusal:
    found = check_capture(path, minimum_seconds)
    assert isinstance(found, Refusal)
    assert path.name in found.message
    assert "wanted" in found.message
    assert "got" in found.message
    assert "\n" not in found.message
    return found


@pytest.mark.parametrize("content", [b"", b"hello\n" * 100, b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 999])
def test_no_video(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.mp4"
    path.write_bytes(content)
    assert refusal(path).reason == "NotAVideo"


def test_a_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.mp4").reason == "NotAVideo"


def test_half_a_video(tmp_path: Path, clip: Callable[..., Path]) -> None:
    whole = clip().read_bytes()
    path = tmp_path / "half.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(path).reason == "NotAVideo"


def test_sound_without_pictures(tmp_path: Path, write: Write) -> None:
    assert refusal(write(tmp_path / "song.mp4", None, noise(3))).reason == "NotAVideo"


def test_no_sound(tmp_path: Path, write: Write) -> None:
    assert refusal(write(tmp_path / "mute.mp4", landscape(75), None)).reason == "NoSound"


def test_silent_sound(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "silent.mp4", landscape(75), np.zeros(3 * SAMPLE_RATE_HZ, np.float32))
    assert refusal(path).reason == "SilentSound"


def test_no_face(tmp_path: Path, write: Write) -> None:
    assert refusal(write(tmp_path / "sea.mp4", landscape(75), noise(3))).reason == "NoFace"


def test_three_seconds_are_too_short(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "short.mp4", landscape(75), noise(3))
    assert refusal(path, minimum_seconds=60).message.endswith("wanted at least 60 s, got 3.0 s")


def test_too_small(tmp_path: Path, write: Write) -> None:
    assert refusal(write(tmp_path / "stamp.mp4", landscape(75, 128), noise(3))).reason == "WrongSize"


def test_too_few_pictures_a_second(tmp_path: Path, write: Write) -> None:
    assert refusal(write(tmp_path / "slow.mp4", landscape(45), noise(3), fps=15)).reason == "WrongRate"


def test_pictures_come_at_25_a_second_whatever_the_file_has(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "fast.mp4", landscape(100), noise(2), fps=50)
    pictures = list(read_pictures(path))
    assert len(pictures) == pytest.approx(50, abs=1)
    assert pictures[0].shape == (512, 512, 3)
    assert len(list(read_pictures(path, maximum_seconds=1.0))) == 25


def test_sound_and_picture_share_a_clock(tmp_path: Path, write: Write) -> None:
    # A white flash and a click in frame 30 must come back in frame 30.
    frames = [np.full((256, 256, 3), 255 if k == 30 else 20, np.uint8) for k in range(75)]
    samples = np.zeros(75 * SAMPLES_PER_FRAME, np.float32)
    samples[30 * SAMPLES_PER_FRAME : 31 * SAMPLES_PER_FRAME] = 0.5
    path = write(tmp_path / "clap.mp4", frames, samples)
    bright = int(np.argmax([picture.mean() for picture in read_pictures(path)]))
    power = speech_of(read_sound(path), 75).reshape(75, -1) ** 2
    assert bright == 30
    assert int(power.sum(1).argmax()) == 30


@pytest.mark.parametrize("frames", [10, 75, 100])
def test_speech_is_loud_and_exactly_as_long_as_the_pictures(frames: int) -> None:
    speech = speech_of(noise(3, 0.02), frames)
    assert len(speech) == frames * SAMPLES_PER_FRAME
    if frames == 75:
        assert loudness_lufs(speech, SAMPLE_RATE_HZ) == pytest.approx(-16, abs=1)


def test_wide_pictures_keep_their_middle(tmp_path: Path, write: Write) -> None:
    wide = np.zeros((256, 400, 3), np.uint8)
    wide[:, 150:250] = 200
    picture = next(read_pictures(write(tmp_path / "wide.mp4", [wide] * FPS, None)))
    assert picture.shape == (512, 512, 3)
    assert picture[256, 256].mean() > 150
    assert picture[256, 20].mean() < 60
