"""Finding the mouth: where the picture moves with the voice, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from understudy_workers.models.voice import SAMPLES_PER_FRAME
from understudy_workers.training.mouth import (
    LARGEST_CROP,
    MAP_SIDE,
    SMALLEST_CROP,
    changes,
    find_mouth,
    loudness_track,
)

FACE = (140, 100, 240, 280)
COUNT = 240


def talk(centre: tuple[int, int], follows: float, seed: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures with a patch at `centre` (x, y) that changes with loudness, and an edge that moves with the head."""
    rng = np.random.default_rng(seed)
    loudness = 45 * np.clip(np.sin(np.arange(COUNT) / 2.3), 0, 1) * rng.uniform(0.6, 1, COUNT)
    other = rng.normal(0, 12, COUNT)
    poses = np.column_stack([np.sin(np.arange(COUNT) / 30)])
    pictures = np.full((COUNT, MAP_SIDE, MAP_SIDE), 130.0)
    x, y = centre
    signal = follows * loudness + (1 - follows) * other
    pictures[:, y - 4 : y + 5, x - 7 : x + 8] -= signal[:, None, None]
    pictures[:, :, 30:34] += 40 * poses[:, 0][:, None, None]
    return np.clip(pictures + rng.normal(0, 1, pictures.shape), 0, 255).astype(np.uint8), loudness, poses


@pytest.mark.parametrize("centre", [(64, 78), (58, 70), (70, 82)])
def test_finds_what_moves_with_the_voice(centre: tuple[int, int]) -> None:
    pictures, loudness, poses = talk(centre, 1.0)
    place = find_mouth(pictures, loudness, poses, FACE)
    assert place is not None
    x, y = centre[0] * 4, centre[1] * 4
    assert place.left < x - 28
    assert place.left + place.side > x + 28
    assert place.top < y - 16
    assert place.top + place.side > y + 16
    assert place.strength > 0.8
    assert place.side % 16 == 0
    assert SMALLEST_CROP <= place.side <= LARGEST_CROP


def test_what_moves_by_itself_is_no_mouth() -> None:
    pictures, loudness, poses = talk((64, 78), 0.0)
    assert find_mouth(pictures, loudness, poses, FACE) is None


def test_a_still_picture_has_no_mouth() -> None:
    pictures = np.full((60, MAP_SIDE, MAP_SIDE), 90, np.uint8)
    loudness = np.random.default_rng(1).uniform(20, 50, 60)
    assert find_mouth(pictures, loudness, np.zeros((60, 1)), FACE) is None


def test_the_head_is_taken_out_of_the_changes() -> None:
    poses = np.column_stack([np.sin(np.arange(100) / 9)])
    pictures = np.clip(120 + 50 * poses[:, :, None] + np.zeros((100, 4, 4)), 0, 255).astype(np.uint8)
    assert changes(pictures, poses, np.zeros(100)).max() < 1.5


def test_loudness_is_in_decibels_over_minus_sixty() -> None:
    samples = np.zeros(4 * SAMPLES_PER_FRAME, np.float32)
    samples[SAMPLES_PER_FRAME : 2 * SAMPLES_PER_FRAME] = 1.0
    samples[2 * SAMPLES_PER_FRAME : 3 * SAMPLES_PER_FRAME] = 0.1
    assert loudness_track(samples) == pytest.approx([0, 60, 40, 0], abs=0.01)
