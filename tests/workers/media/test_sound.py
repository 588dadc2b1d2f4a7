"""Sound: as many samples as the pictures need, in tune, at the bit rate asked for."""

import numpy as np
import pytest

from understudy_workers.media.sound import BIT_RATE, SAMPLES_PER_FRAME, encode_sound


def noise(frames: int, seed: int = 1) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(0, 0.1, frames * 882).astype(np.float32)


@pytest.mark.parametrize("frames", [1, 2, 13, 100])
def test_packets_cover_exactly_the_samples(frames: int) -> None:
    sound = encode_sound([noise(frames)])
    assert sound.samples == frames * SAMPLES_PER_FRAME
    assert sound.starts[0] < 0
    assert sound.starts[-1] + sound.lengths[-1] == sound.samples
    for start, length, following in zip(sound.starts, sound.lengths, sound.starts[1:], strict=False):
        assert start + length == following


def test_takes_are_laid_end_to_end() -> None:
    parts = [noise(10, 1), noise(3, 2), noise(20, 3)]
    assert encode_sound(parts) == encode_sound([np.concatenate(parts)])


def test_meets_its_bit_rate() -> None:
    sound = encode_sound([noise(250)])
    assert sum(map(len, sound.packets)) * 8 / 10 == pytest.approx(BIT_RATE, rel=0.05)


def test_silence_is_small_and_nothing_is_nothing() -> None:
    silent = encode_sound([np.zeros(250 * 882, np.float32)])
    assert sum(map(len, silent.packets)) < 8000
    assert encode_sound([]).samples == 0


def test_refuses_broken_pictures_and_stereo() -> None:
    with pytest.raises(ValueError, match="take 1: wanted mono samples in multiples of 882"):
        encode_sound([noise(1), noise(2)[:-1]])
    with pytest.raises(ValueError, match="take 0: wanted mono"):
        encode_sound([np.zeros((882, 2), np.float32)])
