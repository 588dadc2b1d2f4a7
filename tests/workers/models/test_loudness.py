"""Loudness and true peak against the standard's own test signals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from understudy_workers.models.loudness import TARGET_LUFS, loudness_lufs, normalise, true_peak

RATE_HZ = 22_050


def tone(hertz: float, level: float, seconds: float = 3.0, rate_hz: int = RATE_HZ) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate_hz)) / rate_hz)).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000])
def test_a_full_scale_kilohertz_is_three_decibels_down(rate_hz: int) -> None:
    # BS.1770: a 0 dBFS sine of 997 Hz in one channel reads -3.01 LUFS.
    assert loudness_lufs(tone(997, 1.0, rate_hz=rate_hz), rate_hz) == pytest.approx(-3.01, abs=0.05)


@pytest.mark.parametrize("decibels", [-12, -23, -36])
def test_follows_the_level(decibels: float) -> None:
    loud = loudness_lufs(tone(997, 10 ** (decibels / 20)), RATE_HZ)
    assert loud == pytest.approx(decibels - 3.01, abs=0.05)


def test_low_rumble_counts_less_and_treble_more() -> None:
    middle = loudness_lufs(tone(500, 0.1), RATE_HZ)
    assert loudness_lufs(tone(30, 0.1), RATE_HZ) < middle - 5
    assert loudness_lufs(tone(4000, 0.1), RATE_HZ) > middle + 2.5


def test_silence_around_speech_does_not_count() -> None:
    loud = tone(997, 0.1)
    padded = np.concatenate([np.zeros(4 * RATE_HZ, np.float32), loud, np.zeros(4 * RATE_HZ, np.float32)])
    assert loudness_lufs(padded, RATE_HZ) == pytest.approx(loudness_lufs(loud, RATE_HZ), abs=0.5)


def test_silence_has_no_loudness_and_stays_silence() -> None:
    silence = np.zeros(RATE_HZ, np.float32)
    assert loudness_lufs(silence, RATE_HZ) == float("-inf")
    assert not normalise(silence, RATE_HZ).any()
    assert loudness_lufs(silence[:0], RATE_HZ) == float("-inf")
    assert true_peak(silence[:0]) == 0


def test_the_true_peak_lies_between_samples() -> None:
    # A quarter-rate sine sampled 45 degrees off its crests never shows them.
    phase = 2 * np.pi * np.arange(4096) / 4 + np.pi / 4
    between = np.sin(phase).astype(np.float32)
    assert np.abs(between).max() == pytest.approx(0.7071, abs=1e-3)
    assert true_peak(between[:1024]) == pytest.approx(1.0, abs=0.02)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 1.0), st.floats(1.0, 8.0))
@example(1000, 0.96875, 6.0).via("the limiter's own gain ride made a peak of -0.29 dB")
def test_reaches_the_target_under_the_ceiling(seed: int, level: float, crest: float) -> None:
    random = np.random.default_rng(seed)
    noise = random.normal(size=2 * RATE_HZ) * np.abs(np.sin(np.arange(2 * RATE_HZ) / 900)) ** crest
    result = normalise((level * noise / np.abs(noise).max()).astype(np.float32), RATE_HZ)
    assert loudness_lufs(result, RATE_HZ) == pytest.approx(TARGET_LUFS, abs=1.0)
    assert 20 * np.log10(true_peak(result)) < -1.0
