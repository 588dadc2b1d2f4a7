"""From features to codes: where windows look, how codes are smoothed, how takes end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from understudy_workers.models.hearing import SCALES, WINDOW, mouth_codes, smooth, windows
from understudy_workers.models.phones import FEATURES, PER_FRAME


class Echo:
    """Stands where a session does and gives back the middle feature of the sharpest scale."""

    def run(self, _: Any, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        return [inputs["windows"][:, :2]]


def test_a_constant_is_heard_as_itself_at_every_scale() -> None:
    heard = windows(np.full((40, FEATURES), 0.7, np.float32))
    assert heard.shape == (10, WINDOW)
    assert heard == pytest.approx(0.7, abs=1e-5)


@pytest.mark.parametrize("frame", [0, 7, 12, 24])
def test_windows_look_at_their_own_frame(frame: int) -> None:
    features = np.zeros((25 * PER_FRAME, FEATURES), np.float32)
    features[frame * PER_FRAME : (frame + 1) * PER_FRAME] = 1
    heard = windows(features).reshape(25, len(SCALES), FEATURES)
    assert (heard.mean(2).argmax(0) == frame).all()
    if 0 < frame < 24:
        inner = heard[:, 0, 0]
        assert inner[frame - 1] == pytest.approx(inner[frame + 1], rel=1e-3)


def test_wider_scales_hear_further() -> None:
    features = np.zeros((200, FEATURES), np.float32)
    features[100:104] = 1
    spread = (windows(features).reshape(50, len(SCALES), FEATURES)[:, :, 0] > 1e-3).sum(0)
    assert list(spread) == sorted(set(spread))


def test_no_features_no_windows() -> None:
    assert windows(np.zeros((3, FEATURES), np.float32)).shape == (0, WINDOW)
    assert mouth_codes(Echo(), np.zeros((0, FEATURES), np.float32), np.zeros(2, np.float32)).shape == (0, 2)


def test_a_take_begins_and_ends_at_rest() -> None:
    rest = np.array([5.0, -5.0], np.float32)
    codes = mouth_codes(Echo(), np.ones((80, FEATURES), np.float32), rest)
    assert codes[0] == pytest.approx(rest)
    assert codes[-1] == pytest.approx(rest)
    assert codes[3:-3] == pytest.approx(1.0, abs=1e-5)
    assert (np.diff(codes[:4, 0]) < 0).all()


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_short_takes_stay_at_rest_at_both_ends(frames: int) -> None:
    rest = np.zeros(2, np.float32)
    codes = mouth_codes(Echo(), np.ones((frames * PER_FRAME, FEATURES), np.float32), rest)
    assert len(codes) == frames
    assert not codes[0].any()
    assert not codes[-1].any()


def test_smoothing_keeps_the_sum_and_softens_steps() -> None:
    codes = np.zeros((20, 1), np.float32)
    codes[10] = 1
    soft = smooth(codes)
    assert soft.sum() == pytest.approx(1.0)
    assert 0.5 < soft[10, 0] < 0.9
