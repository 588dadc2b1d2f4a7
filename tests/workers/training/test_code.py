"""Mouth codes: they follow the mouth, not the head."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from understudy_workers.models.geometry import mask
from understudy_workers.training.code import CODES, learn_code


def squares(opening: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Mouths as open as asked, under light that follows the head."""
    pictures = np.empty((len(opening), 96, 96, 3), np.uint8)
    for picture, height, shade in zip(pictures, opening, light, strict=True):
        picture[:] = int(170 + 20 * shade)
        cv2.ellipse(picture, (48, 52), (22, int(3 + 18 * height)), 0, 0, 360, (70, 30, 30), -1, cv2.LINE_AA)
    return pictures


@pytest.fixture(scope="module")
def talk() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    opening = np.abs(np.sin(np.arange(260) / 2.7))
    poses = np.sin(np.arange(260) / 33)[:, None].astype(np.float32)
    return squares(opening, poses[:, 0]), poses, opening


def test_the_first_code_is_the_opening(talk: tuple[np.ndarray, ...]) -> None:
    pictures, poses, opening = talk
    code, explained = learn_code(pictures[:200], poses[:200], mask(96))
    codes = code.encode(pictures[200:], poses[200:])
    assert abs(np.corrcoef(codes[:, 0], opening[200:])[0, 1]) > 0.98
    assert explained > 0.98
    assert code.importance[0] == code.importance.max()
    assert code.importance.sum() == pytest.approx(1, abs=1e-4)


def test_codes_have_deviation_one_and_are_uncorrelated(talk: tuple[np.ndarray, ...]) -> None:
    pictures, poses, _ = talk
    code, _ = learn_code(pictures, poses, mask(96), 5)
    codes = code.encode(pictures, poses)
    assert codes.dtype == np.float32
    assert np.cov(codes.T) == pytest.approx(np.eye(5), abs=0.03)


def test_the_head_leaves_no_trace(talk: tuple[np.ndarray, ...]) -> None:
    pictures, poses, _ = talk
    code, _ = learn_code(pictures, poses, mask(96))
    still = squares(np.full(50, 0.4), np.linspace(-1, 1, 50))
    codes = code.encode(still, np.linspace(-1, 1, 50)[:, None].astype(np.float32))
    assert codes[:, 0].std() < 0.1


def test_has_as_many_codes_as_asked_or_the_usual(talk: tuple[np.ndarray, ...]) -> None:
    pictures, poses, _ = talk
    assert learn_code(pictures, poses, mask(96))[0].encode(pictures[:3], poses[:3]).shape == (3, CODES)
    assert learn_code(pictures, poses, mask(96), 3)[0].encode(pictures[:3], poses[:3]).shape == (3, 3)


def test_pixels_outside_the_mask_do_not_count(talk: tuple[np.ndarray, ...]) -> None:
    pictures, poses, _ = talk
    code, _ = learn_code(pictures, poses, mask(96))
    edged = pictures.copy()
    edged[:, 0], edged[:, -1] = 0, 255
    assert code.encode(edged, poses) == pytest.approx(code.encode(pictures, poses), abs=0.25)
