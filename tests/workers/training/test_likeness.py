"""Scores of likeness: equal pictures are best, damage lowers every score, known values hold."""

from __future__ import annotations

import numpy as np
import pytest

from understudy_workers.training.likeness import gmsd, psnr, ssim

WEIGHT = np.ones((48, 48))


def pictures(seed: int = 1) -> np.ndarray:
    y, x = np.mgrid[0:48, 0:48]
    phase = np.random.default_rng(seed).uniform(0, 6, (3, 1, 1, 1))
    waves = 128 + 90 * np.sin(x / 5 + phase[..., 0]) * np.cos(y / 7)
    return np.repeat(waves[..., None], 3, -1).astype(np.uint8)


def noisy(level: float) -> np.ndarray:
    noise = np.random.default_rng(2).normal(0, level, pictures().shape)
    return np.clip(pictures() + noise, 0, 255).astype(np.uint8)


def test_equal_pictures_are_perfect() -> None:
    assert psnr(pictures(), pictures(), WEIGHT) == 99
    assert ssim(pictures(), pictures(), WEIGHT) == pytest.approx(1)
    assert gmsd(pictures(), pictures(), WEIGHT) == pytest.approx(0, abs=1e-9)


def test_a_constant_error_of_ten_is_28_decibels() -> None:
    truth = np.full((1, 48, 48, 3), 100, np.uint8)
    assert psnr(truth, truth + 10, WEIGHT) == pytest.approx(20 * np.log10(255 / 10))


def test_more_damage_is_worse_by_every_measure() -> None:
    levels = [noisy(level) for level in (2, 8, 25)]
    for measure, sign in ((psnr, 1), (ssim, 1), (gmsd, -1)):
        values = [sign * measure(pictures(), picture, WEIGHT) for picture in levels]
        assert values == sorted(values, reverse=True)


def test_only_weighted_pixels_count() -> None:
    broken = pictures()
    broken[:, :24] = 0
    lower = WEIGHT.copy()
    lower[:30] = 0
    assert psnr(pictures(), broken, lower) == 99
    assert ssim(pictures(), broken, lower) == pytest.approx(1, abs=0.02)
    assert psnr(pictures(), broken, WEIGHT) < 20


def test_structure_matters_more_than_brightness() -> None:
    brighter = np.clip(pictures().astype(int) + 12, 0, 255).astype(np.uint8)
    flat = np.broadcast_to(pictures().mean(axis=(1, 2), keepdims=True), pictures().shape).astype(np.uint8)
    assert ssim(pictures(), brighter, WEIGHT) > 0.9 > 0.4 > ssim(pictures(), flat, WEIGHT)
    assert gmsd(pictures(), brighter, WEIGHT) < 0.05 < gmsd(pictures(), flat, WEIGHT)
