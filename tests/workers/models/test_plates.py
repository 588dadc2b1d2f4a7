"""Plates survive their file; too many or none do not get into one."""

from __future__ import annotations

import numpy as np
import pytest

from understudy_workers.models.plates import MOST_PLATES, decode_plates, encode_plates


def picture(shift: int, size: int = 96) -> np.ndarray:
    y, x = np.mgrid[0:size, 0:size]
    waves = np.stack([np.sin((x + shift) / 9), np.sin((y - shift) / 11), np.sin((x + y) / 17)], -1)
    # Shades of one skin tone: colours of a face change slowly, which is what chroma subsampling relies on.
    return (np.array([190, 150, 130]) + 50 * waves.mean(-1, keepdims=True)).astype(np.uint8)


def test_come_back_nearly_lossless() -> None:
    plates = np.stack([picture(k) for k in range(12)])
    back = decode_plates(encode_plates(plates))
    assert back.shape == plates.shape
    assert back.dtype == np.uint8
    error = ((back.astype(float) - plates) ** 2).mean()
    assert 10 * np.log10(255**2 / error) > 42


def test_decode_the_same_every_time() -> None:
    data = encode_plates(np.stack([picture(k) for k in range(5)]))
    assert np.array_equal(decode_plates(data), decode_plates(data))


@pytest.mark.parametrize("count", [0, MOST_PLATES + 1])
def test_wrong_counts_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="plates: wanted 1 to 150"):
        encode_plates(np.zeros((count, 16, 16, 3), np.uint8))
