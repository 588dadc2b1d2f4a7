"""Choosing plates: a calm stretch that begins with a shut mouth and open eyes."""

from __future__ import annotations

import numpy as np
import pytest

from understudy_workers.models.plates import MOST_PLATES
from understudy_workers.training.mouth import MAP_SIDE, MouthPlace
from understudy_workers.training.rest import blink_frames, choose_plates, rest_distance, rest_frames

FACE = (128, 100, 256, 280)
PLACE = MouthPlace(192, 260, 128, 0.5)


def capture(talking: np.ndarray, blinks: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    """Small pictures whose mouth is open while `talking`, whose eyes shut at `blinks`; and loudness in dB."""
    rng = np.random.default_rng(3)
    pictures = np.full((len(talking), MAP_SIDE, MAP_SIDE), 120.0)
    pictures += rng.normal(0, 0.5, pictures.shape)
    pictures[:, 44:50, 44:84] = 60
    for start in blinks:
        pictures[start : start + 3, 44:50, 44:84] = 140
    pictures[talking, 74:90, 56:72] -= 50
    loudness = np.where(talking, 42.0, 2.0)
    return pictures.clip(0, 255).astype(np.uint8), loudness


def flags(count: int, *quiet: tuple[int, int]) -> np.ndarray:
    talking = np.ones(count, bool)
    for start, end in quiet:
        talking[start:end] = False
    return talking


def test_takes_the_longest_silence() -> None:
    pictures, loudness = capture(flags(600, (50, 70), (200, 320), (400, 430)))
    choice = choose_plates(pictures, loudness, FACE, PLACE)
    assert 203 <= choice.start < 317
    assert len(choice.quiet) == choice.count


def test_without_a_long_silence_takes_the_calmest_stretch() -> None:
    pictures, loudness = capture(flags(600, (100, 115), (300, 320), (345, 365), (390, 410)))
    choice = choose_plates(pictures, loudness, FACE, PLACE)
    assert choice.count == MOST_PLATES
    assert 300 <= choice.start <= 320
    assert 0 < len(choice.quiet) < choice.count
    assert choice.quiet[0] == 0


def test_never_begins_in_a_blink() -> None:
    pictures, loudness = capture(flags(400, (100, 250)), blinks=(103, 160, 380))
    choice = choose_plates(pictures, loudness, FACE, PLACE)
    blinking = blink_frames(pictures, FACE)
    assert not blinking[choice.start : choice.start + 3].any()
    assert {160 - choice.start, 161 - choice.start} <= set(choice.busy)


def test_stays_inside_the_capture() -> None:
    for count in (30, 149, 151):
        pictures, loudness = capture(flags(count, (count - 20, count)))
        choice = choose_plates(pictures, loudness, FACE, PLACE)
        assert choice.start >= 0
        assert choice.start + choice.count <= count
        assert max(choice.quiet) < choice.count


def test_blinks_are_found_with_a_frame_to_either_side() -> None:
    pictures, _ = capture(flags(300), blinks=(50, 200))
    found = np.flatnonzero(blink_frames(pictures, FACE))
    assert list(found) == [49, 50, 51, 52, 53, 199, 200, 201, 202, 203]


@pytest.mark.parametrize("opened", [1, 2])
def test_an_open_mouth_in_silence_is_no_rest(opened: int) -> None:
    talking = flags(300, (100, 160))
    pictures, loudness = capture(talking)
    pictures[130 : 130 + opened, 74:90, 56:72] = 40
    resting = rest_frames(rest_distance(pictures, loudness, PLACE), loudness)
    assert not resting[130 : 130 + opened].any()
    assert resting[110:125].all()
    assert not resting[:95].any()
