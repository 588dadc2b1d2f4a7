"""The mel spectrogram and the phone encoder that ships with the package."""

from __future__ import annotations

import numpy as np
import pytest

from understudy_workers.models.phones import ENCODER, FEATURES, MELS, PER_FRAME, PhoneEncoder, mel_spectrogram
from understudy_workers.models.voice import SAMPLE_RATE_HZ, SAMPLES_PER_FRAME, EspeakVoice
from understudy_workers.training.phone_corpus import ARTICULATIONS, articulation, plain


def tone(hertz: float, frames: int = 25) -> np.ndarray:
    time = np.arange(frames * SAMPLES_PER_FRAME) / SAMPLE_RATE_HZ
    return (0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


@pytest.mark.parametrize("samples", [0, 1, 881, 882, 883, 22_050])
def test_four_rows_a_frame(samples: int) -> None:
    mel = mel_spectrogram(np.zeros(samples, np.float32))
    assert mel.shape == (samples // SAMPLES_PER_FRAME * PER_FRAME, MELS)
    assert mel.dtype == np.float32
    assert np.isfinite(mel).all()


def test_a_higher_tone_lies_in_a_higher_band() -> None:
    bands = [int(mel_spectrogram(tone(hertz)).mean(0).argmax()) for hertz in (200, 500, 1200, 3000, 7000)]
    assert bands == sorted(set(bands))


def test_rows_stand_at_their_time() -> None:
    samples = np.zeros(20 * SAMPLES_PER_FRAME, np.float32)
    start = 10 * SAMPLES_PER_FRAME
    samples[start:] = tone(800, 10)
    loud = mel_spectrogram(samples).max(1) > 0.5
    assert abs(int(np.flatnonzero(loud)[0]) - 10 * PER_FRAME) <= 1


def test_twenty_decibels_are_one_unit() -> None:
    loud, soft = (mel_spectrogram(scale * tone(800)).max(1)[10:-10].mean() for scale in (1.0, 0.1))
    assert loud - soft == pytest.approx(1.0, abs=0.01)


def test_the_encoder_fits_the_package() -> None:
    assert ENCODER.stat().st_size <= 2 * 2**20


def test_hears_which_sounds_are_spoken() -> None:
    # English is a language, and f2 a voice, that the encoder never heard while it learnt.
    speech = EspeakVoice("f2").speak("My mother bought five warm shoes for the farm. We saw a big map.", "en-GB")
    features = PhoneEncoder().encode(speech.samples)
    assert features.shape == (len(speech.samples) // SAMPLES_PER_FRAME * PER_FRAME, FEATURES)
    likely = features[:, FEATURES - len(ARTICULATIONS) :]
    assert (likely >= 0).all()
    right = total = 0
    for phone in speech.phones:
        row = round((phone.start_seconds + phone.end_seconds) / 2 * 100)
        right += int(likely[row].argmax()) == articulation(plain(phone.symbol))
        total += 1
    assert right / total > 0.7


def test_silence_is_heard_as_silence() -> None:
    features = PhoneEncoder().encode(np.zeros(SAMPLE_RATE_HZ, np.float32))
    assert (features[:, FEATURES - len(ARTICULATIONS) :].argmax(1) == articulation("_")).all()


def test_nothing_to_hear() -> None:
    assert PhoneEncoder().encode(np.zeros(100, np.float32)).shape == (0, FEATURES)
