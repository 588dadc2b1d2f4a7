"""A talking head drawn with a few ellipses: small, quick to make, and enough for a face detector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.genesis import sign_genesis, twin_id
from understudy_workers.models.voice import FPS, SAMPLE_RATE_HZ, SAMPLES_PER_FRAME, EspeakVoice, Speech
from understudy_workers.training.train import Trained, train_twin

TINY_SECONDS = 8.0
"""Processor seconds for the face network of the tests' twin."""

SENTENCES = (
    "Papa may buy a bubble bath, maybe above the moon.",
    "All our new boots are out on the open market.",
    "We saw a famous actor eating warm apple pie.",
    "Five fine women moved away from the window bar.",
    "My brother Bob promised Amy a part of the map.",
    "Oh no, who knew you would follow the blue arrow.",
)
OPENING = {"ɑ": 1.0, "a": 1.0, "ɒ": 0.9, "ʌ": 0.7, "æ": 0.9, "ɔ": 0.7, "o": 0.6, "ə": 0.4, "ɛ": 0.6, "ɜ": 0.5, "ɐ": 0.7}
ROUND = {"u", "o", "w", "ɔ", "ʊ"}
CLOSED = {"p", "b", "m"}

Clip = Callable[..., Path]


def opening_of(speech: Speech, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """How open and how round the mouth is in each frame, 0 to 1, smoothed as a jaw moves."""
    wide, rounded = np.zeros(frames * 10), np.zeros(frames * 10)
    for phone in speech.phones:
        core = phone.symbol.strip("ˈˌ")[:1]
        span = slice(int(phone.start_seconds * FPS * 10), int(phone.end_seconds * FPS * 10) + 1)
        wide[span] = 0.0 if core in CLOSED else OPENING.get(core, 0.28)
        rounded[span] = float(core in ROUND)
    window = np.hanning(23)
    smooth = [np.convolve(track, window / window.sum(), mode="same") for track in (wide, rounded)]
    return smooth[0][5::10], smooth[1][5::10]


def draw(size: int, sway: tuple[float, float], opening: float, rounded: float, blink: bool) -> np.ndarray:
    """One RGB frame: background, shoulders, head, hair, eyes, nose and a mouth with a dark inside."""
    picture = np.zeros((size, size, 3), np.uint8)
    picture[:] = np.linspace(150, 190, size, dtype=np.uint8)[:, None, None]
    unit = size / 256

    def oval(x: float, y: float, w: float, h: float, colour: tuple[int, int, int]) -> None:
        centre = (round((x + sway[0]) * unit * 16), round((y + sway[1]) * unit * 16))
        axes = (max(round(w * unit * 16), 1), max(round(h * unit * 16), 1))
        cv2.ellipse(picture, centre, axes, 0, 0, 360, colour, -1, cv2.LINE_AA, 4)

    oval(128, 262, 98, 62, (60, 70, 110))
    oval(128, 100, 66, 78, (70, 45, 30))
    oval(128, 122, 55, 72, (222, 178, 150))
    for side in (-1, 1):
        oval(128 + 23 * side, 93, 15, 3, (80, 50, 35))
        oval(128 + 23 * side, 107, 13, 8, (190, 140, 115))
        if not blink:
            oval(128 + 23 * side, 107, 10, 5.5, (245, 245, 240))
            oval(128 + 23 * side, 107, 5, 5, (40, 30, 25))
        oval(128 + 6 * side, 137, 3, 2, (150, 100, 85))
    oval(128, 126, 5, 12, (235, 195, 170))
    oval(128, 162 + 5 * opening, 21 - 8 * rounded, 5 + 10 * opening, (170, 75, 75))
    if opening > 0.05:
        oval(128, 162 + 5 * opening, 16 - 7 * rounded, 1 + 9 * opening, (60, 20, 20))
        oval(128, 158, 11 - 5 * rounded, 2.5 * min(opening * 3, 1), (235, 232, 225))
    else:
        oval(128, 162, 17, 1, (110, 50, 50))
    oval(128, 182 + 6 * opening, 10, 2, (205, 160, 135))
    return cv2.GaussianBlur(picture, (3, 3), 0)


def write_clip(path: Path, frames: list[np.ndarray] | None, samples: np.ndarray | None, fps: int = FPS) -> Path:
    """An mp4 of H.264 and AAC; either may be left out."""
    with av.open(str(path), "w") as container:
        if frames is not None:
            video = container.add_stream("libx264", rate=fps, options={"crf": "16", "preset": "ultrafast"})
            video.height, video.width = frames[0].shape[:2]
            video.pix_fmt = "yuv420p"
        if samples is not None:
            audio = container.add_stream("aac", rate=SAMPLE_RATE_HZ, layout="mono")
            audio.bit_rate = 96_000
        if frames is not None:
            for picture in frames:
                container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(video.encode())
        if samples is not None:
            frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = SAMPLE_RATE_HZ, 0
            container.mux(audio.encode(frame))
            container.mux(audio.encode())
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Makes (once per arguments) a clip of a talking head; `face=False` gives a swaying ball that talks as much."""
    folder = tmp_path_factory.mktemp("clips")

    def make(sentences: int = 6, size: int = 256) -> Path:
        path = folder / f"talk-{sentences}-{size}.mp4"
        if path.exists():
            return path
        parts = [EspeakVoice("f2").speak(text, "en-GB") for text in SENTENCES[:sentences]]
        quiet = np.zeros(30 * SAMPLES_PER_FRAME, np.float32)
        samples = np.concatenate([quiet, *(part.samples for part in parts)])
        tracks = [opening_of(part, len(part.samples) // SAMPLES_PER_FRAME) for part in parts]
        opening = np.concatenate([np.zeros(30), *(track[0] for track in tracks)])
        rounded = np.concatenate([np.zeros(30), *(track[1] for track in tracks)])
        frames = [
            draw(size, (2.5 * np.sin(k / 17), 1.5 * np.sin(k / 23)), opening[k], rounded[k], k % 71 in range(60, 64))
            for k in range(len(opening))
        ]
        return write_clip(path, frames, samples)

    return make


@pytest.fixture(scope="session")
def write() -> Callable[..., Path]:
    """The writer of clips, for tests that bring their own pictures and sound."""
    return write_clip


@dataclass(frozen=True)
class TrainedClip:
    """A twin really trained, in seconds, from the drawn head; `capture` is what it was trained from."""

    capture: Path
    folder: Path
    key: OKPKey
    result: Trained
    heard: tuple[tuple[float, str], ...]


@pytest.fixture(scope="session")
def trained(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> TrainedClip:
    """One tiny training for the whole session."""
    folder = tmp_path_factory.mktemp("trained") / "twin"
    key, owner = token.new_key(), token.new_key()
    record = sign_genesis(owner, "Doodle", 1, "0" * 32)
    heard: list[tuple[float, str]] = []
    result = train_twin(
        clip(),
        folder,
        genesis_jws=record,
        twin_id=twin_id(record),
        signing_key=key,
        face_seconds=TINY_SECONDS,
        minimum_seconds=10,
        progress=lambda share, what: heard.append((share, what)),
    )
    assert isinstance(result, Trained), result
    return TrainedClip(clip(), folder, key, result, tuple(heard))
