"""Following a head: known motions come back, blinks and lost points do not disturb."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from understudy_workers.training.steady import PARALLAX, HeadTracker, learn_poses, settle

FACE = (120, 100, 270, 300)


@pytest.fixture(scope="module")
def texture() -> np.ndarray:
    noise = np.random.default_rng(4).uniform(0, 255, (64, 64)).astype(np.float32)
    return (
        cv2.GaussianBlur(cv2.resize(noise, (512, 512), interpolation=cv2.INTER_CUBIC), (0, 0), 2)
        .clip(0, 255)
        .astype(np.uint8)
    )


def similarity(x: float, y: float, degrees: float, size: float) -> np.ndarray:
    matrix = cv2.getRotationMatrix2D((256, 256), degrees, size)
    matrix[:, 2] += (x, y)
    return matrix


def moved(texture: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return cv2.warpAffine(texture, matrix, (512, 512), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize(
    ("x", "y", "degrees", "size"), [(0, 0, 0, 1), (3.5, -2, 0, 1), (0, 0, 2, 1), (0, 0, 0, 1.03), (-4, 2, -1.5, 0.98)]
)
def test_a_known_motion_comes_back(texture: np.ndarray, x: float, y: float, degrees: float, size: float) -> None:
    truth = similarity(x, y, degrees, size)
    matrix, rest = HeadTracker(texture, FACE).follow(moved(texture, truth))
    corners = np.array([[200.0, 300], [330, 400]])
    error = corners @ (matrix - truth)[:, :2].T + (matrix - truth)[:, 2]
    assert np.abs(error).max() < 0.4
    assert np.nanmedian(np.abs(rest)) < 0.2


def test_follows_far_when_it_goes_step_by_step(texture: np.ndarray) -> None:
    tracker = HeadTracker(texture, FACE)
    for step in range(1, 16):
        matrix, _ = tracker.follow(moved(texture, similarity(2.5 * step, -step, 0, 1)))
    assert matrix[:, 2] == pytest.approx([37.5, -15], abs=0.6)


def test_a_blink_is_not_a_motion(texture: np.ndarray) -> None:
    blinking = texture.copy()
    blinking[190:215, 160:350] = 128
    matrix, _ = HeadTracker(texture, FACE).follow(blinking)
    assert matrix == pytest.approx(np.eye(2, 3), abs=0.3)


def test_a_featureless_face_is_refused() -> None:
    with pytest.raises(ValueError, match="8 or more points"):
        HeadTracker(np.full((512, 512), 127, np.uint8), FACE)


def test_poses_are_of_size_one_and_name_the_motion() -> None:
    time = np.arange(200)
    x, y = 6 * np.sin(time / 20), 0.05 * np.cos(time / 9)
    matrices = np.stack([similarity(a, b, 0, 1) for a, b in zip(x, y, strict=True)])
    points = np.linspace(-1, 1, 40)
    turning = np.cos(time / 31)[:, None] * points[None]
    rests = np.stack([turning, np.zeros_like(turning)], -1)
    rests[::7, 3] = np.nan
    scale = learn_poses(matrices[:150], rests[:150])
    poses = scale.poses(matrices, rests)
    assert poses.shape == (200, 4 + PARALLAX)
    assert poses[:150, 0].std() == pytest.approx(1, abs=0.01)
    assert poses[:, 1].std() < 0.3
    assert abs(np.corrcoef(poses[:, 4], np.cos(time / 31))[0, 1]) > 0.99


def test_settling_takes_jitter_out_and_keeps_the_way() -> None:
    truth = np.stack([similarity(k / 10, 0, 0, 1) for k in range(100)])
    noisy = truth + np.random.default_rng(1).normal(0, 0.2, truth.shape)
    assert np.abs(settle(noisy) - truth).mean() < 0.7 * np.abs(noisy - truth).mean()
    assert settle(truth)[2:-2] == pytest.approx(truth[2:-2], abs=1e-6)
