"""The opening gauge reads a drawn mouth, whatever the head does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from understudy_workers.training.opening import correlation, learn_gauge, offset_frames


def mouths(opening: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Skin with a dark ellipse as tall as the mouth is open; the head's shift moves a stripe beside it."""
    pictures = np.full((len(opening), 64, 64, 3), 180, np.uint8)
    for picture, height, x in zip(pictures, opening, shift, strict=True):
        cv2.ellipse(picture, (32, 36), (16, int(2 + 14 * height)), 0, 0, 360, (60, 20, 20), -1)
        picture[:, int(4 + 3 * x) : int(8 + 3 * x)] = 90
    return pictures


@pytest.fixture(scope="module")
def talk() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    opening = np.abs(np.sin(np.arange(300) / 3.1)) * rng.uniform(0.5, 1, 300)
    poses = np.column_stack([np.sin(np.arange(300) / 40)])
    loudness = 40 * opening + rng.normal(0, 6, 300)
    return mouths(opening, poses[:, 0]), loudness, poses, opening


def test_reads_how_far_a_mouth_is_open(talk: tuple[np.ndarray, ...]) -> None:
    pictures, loudness, poses, opening = talk
    gauge = learn_gauge(pictures[:200], loudness[:200], poses[:200])
    assert correlation(opening[200:], gauge.read(pictures[200:])) > 0.95


def test_the_head_does_not_count(talk: tuple[np.ndarray, ...]) -> None:
    pictures, loudness, poses, _ = talk
    gauge = learn_gauge(pictures[:200], loudness[:200], poses[:200])
    moved = gauge.read(mouths(np.full(50, 0.3), np.linspace(-1, 1, 50)))
    opened = gauge.read(mouths(np.linspace(0, 1, 50), np.zeros(50)))
    assert np.ptp(moved) < 0.35 * np.ptp(opened)


def test_what_stands_still_correlates_with_nothing() -> None:
    assert correlation(np.arange(5.0), np.zeros(5)) == 0
    assert correlation(np.arange(5.0), np.arange(5.0) * 2 + 1) == pytest.approx(1)
    assert correlation(np.arange(5.0), -np.arange(5.0)) == pytest.approx(-1)


@pytest.mark.parametrize("frames", [-4, -1, 0, 2, 5])
def test_finds_by_how_much_a_mouth_is_late(frames: int) -> None:
    truth = np.random.default_rng(1).normal(size=200)
    assert offset_frames(truth, np.roll(truth, frames)) == frames
