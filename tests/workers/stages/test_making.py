"""speak, animate, encode: from words to a clip."""

import io
from collections.abc import Callable

import av
import numpy as np
import pytest

from understudy_workers.footage import Spoken
from understudy_workers.media.compose import Composer
from understudy_workers.media.video import pictures
from understudy_workers.models.face import Performance
from understudy_workers.models.voice import SAMPLES_PER_FRAME, EspeakVoice, Speech
from understudy_workers.stages.animate import animate
from understudy_workers.stages.check import label_likeness
from understudy_workers.stages.encode import encode
from understudy_workers.stages.speak import speak

RNG = np.random.default_rng(3)
PLATES = RNG.integers(0, 255, (3, 256, 256, 3), np.uint8)


class Box:
    x, y, width, height = 96, 150, 64, 48


class Still:
    """A face that moves its mouth by noise; `spare` frames too many show a broken one."""

    def __init__(self, spare: int = 0) -> None:
        self.spare = spare

    def animate(self, samples: np.ndarray, between: Callable[[], None]) -> Performance:
        between()
        frames = len(samples) // SAMPLES_PER_FRAME + self.spare
        patches = RNG.integers(0, 255, (frames, Box.height, Box.width, 3), np.uint8)
        return Performance(np.arange(frames, dtype=np.int32) % 3, patches)


class Breathless:
    def speak(self, text: str, locale: str) -> Speech:
        return Speech(np.zeros(SAMPLES_PER_FRAME + 1, np.float32), (), ())


def test_speech_is_kept_in_16_bits_without_clipping() -> None:
    voice = EspeakVoice("f2")
    spoken, exact = speak(voice, "Spring is here.", "en-GB"), voice.speak("Spring is here.", "en-GB")
    assert spoken.samples.dtype == np.int16
    assert spoken.frames * SAMPLES_PER_FRAME == len(exact.samples)
    assert np.abs(spoken.as_float() - exact.samples).max() < 1e-4
    assert [word.text for word in spoken.words] == ["Spring", "is", "here."]
    assert np.abs(spoken.samples).max() < 32767


def test_speech_that_is_not_whole_frames_is_a_defect_of_the_voice() -> None:
    with pytest.raises(RuntimeError, match="whole frames of 882"):
        speak(Breathless(), "x", "en-GB")


def test_a_face_gives_one_picture_for_each_frame_of_sound() -> None:
    spoken = Spoken(np.zeros(12 * SAMPLES_PER_FRAME, np.int16), ())
    assert len(animate(Still(), spoken).patches) == spoken.frames == 12
    with pytest.raises(RuntimeError, match="wanted 12 frames"):
        animate(Still(spare=1), spoken)


def test_a_clip_has_every_frame_in_order_and_wears_the_label() -> None:
    spoken = Spoken(np.zeros(12 * SAMPLES_PER_FRAME, np.int16), ())
    performance = animate(Still(), spoken)
    composer = Composer(PLATES, Box(), 320, 256)
    clip, composing_seconds = encode(composer, performance)
    assert (clip.frames, clip.width, clip.height) == (12, 320, 256)
    assert len(pictures(clip.data)) == 12
    assert composing_seconds > 0
    with av.open(io.BytesIO(clip.data), format="h264") as container:
        shown = list(container.decode(video=0))
    assert len(shown) == 12
    wanted = [
        composer.frame(int(index), patch)
        for index, patch in zip(performance.plate_indices, performance.patches, strict=True)
    ]
    for number, frame in zip((0, 5, 11), (shown[0], shown[5], shown[11]), strict=True):
        luma = frame.to_ndarray(format="gray")
        differences = [np.abs(luma.astype(int) - other.planes[0]).mean() for other in wanted]
        assert int(np.argmin(differences)) == number
        assert label_likeness(np.ascontiguousarray(luma)) > 0.9


def test_the_same_performance_gives_the_same_bytes() -> None:
    performance = animate(Still(), Spoken(np.zeros(11 * SAMPLES_PER_FRAME, np.int16), ()))
    clips = [encode(Composer(PLATES, Box(), 320, 256), performance)[0] for _ in range(2)]
    assert clips[0] == clips[1]
