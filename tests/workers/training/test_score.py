"""The validation record: its gates, its ceiling, and where a really trained twin stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from understudy_workers.training.likeness import psnr
from understudy_workers.training.score import BASELINES, ROWS, Score, Scores, gates, reencoded

GOOD = {
    "ceiling": Score(38, 0.98, 0.02, 0.99, 1.0, 0),
    "network": Score(29, 0.92, 0.11, 0.90, 0.9, 0),
    "linear": Score(28.5, 0.90, 0.13, 0.89, 0.9, 0),
    "frozen": Score(22.9, 0.82, 0.17, 0.1, 0.2, 0),
    "mean": Score(25.3, 0.85, 0.15, 0.0, 0.0, 0),
    "nearest": Score(24.4, 0.87, 0.14, 0.79, 1.0, 0),
    "swapped": Score(25.9, 0.86, 0.14, -0.2, 0.9, -5),
    "silent": Score(26.3, 0.87, 0.13, 0.0, 0.2, 0),
}


def scores(silent_opening: float = 0.1, **changed: Score) -> Scores:
    return Scores({**GOOD, **changed}, 300, 1500, silent_opening)


def test_a_good_twin_passes() -> None:
    assert gates(scores()) == ()


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("measure", ["psnr", "ssim", "opening"])
def test_a_better_baseline_is_named_with_both_numbers(baseline: str, measure: str) -> None:
    better = replace(GOOD[baseline], **{measure: getattr(GOOD["network"], measure) + 0.001})
    (reason,) = gates(scores(**{baseline: better}))
    assert reason.startswith(f"{measure}: wanted more than the {baseline} baseline's")
    assert reason.endswith(f"got {getattr(GOOD['network'], measure):.3f}")


def test_a_tie_is_no_victory() -> None:
    assert len(gates(scores(nearest=GOOD["network"]))) == 3


@pytest.mark.parametrize("opening", [0.46, 0.8, float("nan")])
def test_a_mouth_that_does_not_follow_the_sound_is_refused(opening: float) -> None:
    (reason,) = gates(scores(swapped=replace(GOOD["swapped"], opening=opening)))
    assert reason.startswith("opening with swapped sound")


@pytest.mark.parametrize("opening", [0.31, 1.0, float("nan")])
def test_a_mouth_that_does_not_shut_is_refused(opening: float) -> None:
    (reason,) = gates(scores(silent_opening=opening))
    assert reason.startswith("opening in silence")


def test_not_a_number_never_passes() -> None:
    assert len(gates(scores(network=Score(*[float("nan")] * 5, 0)))) >= 9


def test_rows_are_plain_numbers() -> None:
    plain = scores().plain()
    assert plain["network"] == {"psnr": 29, "ssim": 0.92, "gmsd": 0.11, "opening": 0.9, "motion": 0.9, "offset": 0}


def test_reencoding_costs_little_and_keeps_order() -> None:
    x = np.mgrid[0:64, 0:64][1]
    pictures = np.stack([np.repeat((100 + 60 * np.sin((x + 4 * k) / 9))[..., None], 3, -1) for k in range(12)])
    pictures = pictures.astype(np.uint8)
    back = reencoded(pictures)
    assert back.shape == pictures.shape
    for k in range(12):
        values = [psnr(pictures[k : k + 1], back[j : j + 1], np.ones((64, 64))) for j in range(12)]
        assert int(np.argmax(values)) == k
        assert values[k] > 32


def test_a_trained_twin_has_every_row(trained: Any) -> None:
    record = trained.result.scores
    assert tuple(record.rows) == ROWS
    assert record.held_out_frames > 40
    assert record.training_frames > 300
    for name in ROWS:
        row = record.rows[name]
        assert np.isfinite([row.psnr, row.ssim, row.gmsd, row.opening, row.motion]).all(), name
    assert record.rows["ceiling"].opening > 0.98
    assert record.rows["ceiling"].psnr == max(row.psnr for row in record.rows.values())


def test_even_a_tiny_training_beats_the_frozen_and_the_mean_mouth(trained: Any) -> None:
    rows = trained.result.scores.rows
    for name in ("frozen", "mean"):
        assert rows["network"].psnr > rows[name].psnr
        assert rows["network"].opening > rows[name].opening + 0.3
    assert rows["swapped"].opening < 0.5 * rows["network"].opening
