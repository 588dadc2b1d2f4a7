"""Learning to listen: it generalises over blocks of time, knows silence, and exports what it learnt."""

from __future__ import annotations

import numpy as np
import pytest

from understudy_workers.models.face import new_session
from understudy_workers.models.hearing import WINDOW
from understudy_workers.training import listen
from understudy_workers.training.listen import Heard, export_listener, learn_listener

SILENCE = (np.full(WINDOW, -3.0, np.float32), np.array([2.0, -2.0, 0.0], np.float32))
IMPORTANCE = np.array([0.6, 0.3, 0.1], np.float32)


def talk(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Windows driven by three hidden tracks, codes that bend two of them; the third code is noise."""
    rng = np.random.default_rng(seed)
    kernel = np.hanning(9) / np.hanning(9).sum()
    tracks = np.stack([np.convolve(rng.normal(size=count + 8), kernel, "valid") for _ in range(3)], 1) * 2
    mixing = np.random.default_rng(0).normal(size=(3, WINDOW)) / 4
    heard = tracks @ mixing + rng.normal(0, 0.05, (count, WINDOW))
    codes = np.stack([np.tanh(tracks[:, 0] * 1.5), tracks[:, 1] * tracks[:, 0], rng.normal(size=count)], 1)
    return heard.astype(np.float32), codes.astype(np.float32)


@pytest.fixture(scope="module")
def heard() -> Heard:
    windows, codes = talk(400)
    return learn_listener(windows, codes, IMPORTANCE, 10, SILENCE)


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def test_hears_time_it_has_not_learnt(heard: Heard) -> None:
    windows, codes = talk(200, seed=9)
    made = heard.listener.codes(windows)
    assert agreement(made[:, 0], codes[:, 0]) > 0.9
    assert agreement(made[:, 1], codes[:, 1]) > 0.6
    assert abs(agreement(made[:, 2], codes[:, 2])) < 0.3


def test_honest_codes_do_not_know_their_answers(heard: Heard) -> None:
    _, codes = talk(400)
    assert agreement(heard.honest[:, 0], codes[:, 0]) > 0.85
    assert abs(agreement(heard.honest[:, 2], codes[:, 2])) < 0.25
    assert 0.3 < heard.explained < 0.95


def test_silence_goes_with_rest(heard: Heard) -> None:
    assert heard.listener.codes(SILENCE[0][None])[0] == pytest.approx(SILENCE[1], abs=0.01)


def test_the_export_hears_the_same(heard: Heard) -> None:
    session = new_session(export_listener(heard.listener), on_gpu=False)
    for count in (1, 7, 120):
        windows, _ = talk(count, seed=4)
        got = session.run(None, {"windows": windows})[0]
        assert got == pytest.approx(heard.listener.codes(windows), abs=2e-3)


def test_long_captures_keep_their_kernel_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "MOST_EXAMPLES", 150)
    windows, codes = talk(260)
    small = learn_listener(windows, codes, IMPORTANCE, 10, SILENCE)
    assert len(small.listener.centres) == 151
    assert small.honest.shape == codes.shape


def test_equal_material_gives_an_equal_listener(heard: Heard) -> None:
    windows, codes = talk(400)
    again = learn_listener(windows, codes, IMPORTANCE, 10, SILENCE)
    assert np.array_equal(again.listener.weights, heard.listener.weights)
