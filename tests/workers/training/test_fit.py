"""Fitting: it learns within its budget, and its export paints what it paints."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
import torch

from understudy_workers.models.face import new_session
from understudy_workers.training.fit import Examples, Fitted, export_face, fit_face, smoothed
from understudy_workers.training.network import Deployed

SIDE, COUNT = 64, 120


def examples() -> Examples:
    """Mouths whose opening and width are the codes; what is heard is the codes with an error."""
    rng = np.random.default_rng(2)
    codes = rng.uniform(0, 1, (COUNT, 2)).astype(np.float32)
    poses = rng.normal(size=(COUNT, 1)).astype(np.float32)
    squares = np.empty((COUNT, SIDE, SIDE, 3), np.uint8)
    for square, (opening, width), pose in zip(squares, codes, poses[:, 0], strict=True):
        square[:] = int(170 + 8 * pose)
        axes = (int(10 + 14 * width), int(3 + 14 * opening))
        cv2.ellipse(square, (32, 32), axes, 0, 0, 360, (150, 60, 60), -1, cv2.LINE_AA)
        cv2.ellipse(square, (32, 32), (axes[0] - 4, axes[1] - 2), 0, 0, 360, (40, 15, 15), -1, cv2.LINE_AA)
    return Examples(
        squares=squares,
        quiet=np.zeros(COUNT, np.int64),
        quiet_squares=squares[:1],
        poses=poses,
        codes=codes,
        heard=codes + rng.normal(0, 0.05, codes.shape).astype(np.float32),
        talking=smoothed(np.abs(squares - squares.mean(0)).mean((0, 3)), SIDE),
    )


SECONDS = 8.0
"""Of processor time: enough for it to learn where others use the machine's cores too."""


@pytest.fixture(scope="module")
def fitted() -> tuple[Fitted, list[tuple[float, str]], float]:
    said: list[tuple[float, str]] = []
    torch.set_num_threads(1)
    began = time.process_time()
    made = fit_face(examples(), SECONDS, 1, lambda share, what: said.append((share, what)))
    return made, said, time.process_time() - began


def error(made: np.ndarray) -> float:
    inner = slice(12, 52)
    return float(np.abs(made[:, inner, inner].astype(float) - examples().squares[:, inner, inner]).mean())


def paint(fitted: Fitted) -> np.ndarray:
    given = examples()
    quiet = given.quiet_squares[given.quiet]
    tensors = [torch.from_numpy(part) for part in (given.squares, quiet, given.poses, given.codes)]
    with torch.no_grad():
        return Deployed(fitted.net).eval()(*tensors).numpy()


def test_learns_more_than_the_linear_picture(fitted: tuple[Fitted, list[tuple[float, str]], float]) -> None:
    given = examples()
    with torch.no_grad():
        linear = fitted[0].net.linear(torch.from_numpy(given.poses), torch.from_numpy(given.codes)).numpy()
    drawn = np.clip(linear.transpose(0, 2, 3, 1) * 255, 0, 255)
    assert error(paint(fitted[0])) < error(drawn)


def test_keeps_its_budget_and_says_how_far_it_is(fitted: tuple[Fitted, list[tuple[float, str]], float]) -> None:
    made, said, seconds = fitted
    assert seconds < 2 * SECONDS, "a step begun before the end is finished, on a busy machine too"
    assert made.steps >= 10
    shares = [share for share, _ in said]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] < 1
    assert "step 10" in said[0][1]


def test_the_export_paints_the_same(fitted: tuple[Fitted, list[tuple[float, str]], float]) -> None:
    session = new_session(export_face(fitted[0].net), on_gpu=False)
    given = examples()
    wanted = paint(fitted[0])
    for rows in (slice(0, 1), slice(0, 16)):
        quiet = given.quiet_squares[given.quiet[rows]]
        feed = {"plate": given.squares[rows], "quiet": quiet, "pose": given.poses[rows], "code": given.codes[rows]}
        got = session.run(None, feed)[0]
        assert got.dtype == np.uint8
        assert np.abs(got.astype(int) - wanted[rows]).max() <= 1


def test_weights_are_never_negative_and_of_mean_one() -> None:
    weights = smoothed(np.random.default_rng(1).normal(size=(16, 16)), SIDE)
    assert weights.shape == (SIDE, SIDE)
    assert weights.min() >= 0
    assert weights.mean() == pytest.approx(1, abs=1e-3)
    assert weights[0].max() < 1e-6
