"""Material: everything taken from a capture lines up, and the held-out part is out of reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from understudy_workers.models.phones import PER_FRAME
from understudy_workers.models.voice import SAMPLES_PER_FRAME
from understudy_workers.training.capture import CaptureFacts, check_capture
from understudy_workers.training.material import GAP_FRAMES, Material, gather, hold_out


@pytest.fixture(scope="module")
def material(clip: Callable[..., Path]) -> Material:
    facts = check_capture(clip(), 10)
    assert isinstance(facts, CaptureFacts)
    found = gather(clip(), facts.face)
    assert isinstance(found, Material)
    return found


def test_everything_runs_over_the_same_frames(material: Material) -> None:
    frames = len(material.squares)
    assert len(material.matrices) == len(material.poses) == len(material.loudness) == frames
    assert len(material.speech) == frames * SAMPLES_PER_FRAME
    assert len(material.features) == frames * PER_FRAME
    assert material.squares.shape[1:] == (material.place.side, material.place.side, 3)


def test_the_square_holds_the_mouth(material: Material) -> None:
    # The clip draws its mouth around (128, 165) of 256.
    place = material.place
    assert place.left + 16 < 256 < place.left + place.side - 16
    assert place.top < 312
    assert place.top + place.side > 350


def test_the_head_stands_still_in_the_squares(material: Material) -> None:
    edge = material.squares[:, :6].astype(float).mean(-1)
    raw = material.matrices[:, :, 2].std(0)
    assert raw.max() > 2
    assert edge.std(0).mean() < 6


def test_training_and_held_out_do_not_touch(material: Material) -> None:
    assert material.held_start - material.training_end == GAP_FRAMES
    share = 1 - material.held_start / len(material.squares)
    assert 0.1 < share < 0.2
    assert material.choice.start + material.choice.count <= material.training_end


def test_plates_begin_at_rest(material: Material) -> None:
    assert material.plates.shape == (material.choice.count, 512, 512, 3)
    assert 0 in material.choice.quiet
    assert material.loudness[material.choice.start] < 20


def test_sentences_are_not_cut() -> None:
    loudness = np.full(400, 45.0)
    loudness[345:356] = 3
    assert 345 <= hold_out(loudness) <= 356
