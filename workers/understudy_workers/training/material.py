"""All that training takes from a capture: steadied mouth squares, head poses, speech, and where to hold out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from understudy_api.verdict import Refusal
from understudy_workers.models.geometry import steadied
from understudy_workers.models.phones import PhoneEncoder
from understudy_workers.training.capture import SIDE, read_pictures, read_sound, speech_of
from understudy_workers.training.mouth import MAP_SIDE, MouthPlace, find_mouth, loudness_track
from understudy_workers.training.rest import PlateChoice, choose_plates
from understudy_workers.training.steady import HeadTracker, PoseScale, learn_poses, settle

HELD_OUT_SHARE: Final = 0.15
GAP_FRAMES: Final = 12
"""Frames between the training and the held-out part that belong to neither: their sound windows overlap both."""

_FIRST: Final = 50

Rgb = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Material:
    """A capture taken apart. Arrays run over its n pictures.

    `squares` uint8 [n, side, side, 3]; `matrices` [n, 2, 3] from reference to picture; `poses` [n, 7]; `features`
    [4 n, 32] of `speech`; `loudness` [n] dB. Training uses frames before `training_end` only, scoring from
    `held_start` on. `plates` are whole pictures uint8 [P, 512, 512, 3], chosen by `choice`.
    """

    place: MouthPlace
    squares: Rgb
    matrices: npt.NDArray[np.float64]
    poses: Floats
    speech: Floats
    features: Floats
    loudness: npt.NDArray[np.float64]
    training_end: int
    held_start: int
    choice: PlateChoice
    plates: Rgb


@dataclass(frozen=True)
class _Motion:
    matrices: npt.NDArray[np.float64]
    rests: npt.NDArray[np.float64]
    small: npt.NDArray[np.uint8]


def gather(path: Path, face: tuple[int, int, int, int]) -> Material | Refusal:
    """Reads a checked capture twice: once for the head's motion, once for the mouth's pixels.

    What only shows on the way (a picture that cannot be decoded, a face without anything to follow) is a Refusal too.
    """
    try:
        return _gather(path, face)
    except (OSError, ValueError) as error:  # PyAV's errors are one or both
        said = getattr(error, "strerror", None) or str(error)
        return Refusal(
            reason="UnusableCapture",
            message=f"capture {path.name}: wanted footage that can be read to its end, got {said[:200]}",
        )


def _gather(path: Path, face: tuple[int, int, int, int]) -> Material | Refusal:
    motion = _follow(path, face)
    frames = len(motion.matrices)
    speech = speech_of(read_sound(path), frames)
    loudness = loudness_track(speech)
    held_start = hold_out(loudness)
    end = held_start - GAP_FRAMES
    scale: PoseScale = learn_poses(motion.matrices[:end], motion.rests[:end])
    poses = scale.poses(motion.matrices, motion.rests)
    place = find_mouth(motion.small[:end], loudness[:end], poses[:end], face)
    if place is None:
        return Refusal(
            reason="NoTalkingMouth",
            message=f"capture {path.name}: wanted a mouth that moves with the voice, got a face whose motion does not "
            "follow the sound; check that sound and picture belong together",
        )
    choice = choose_plates(motion.small[:end], loudness[:end], face, place)
    squares, plates = _cut(path, motion.matrices, place, choice)
    return Material(
        place=place,
        squares=squares,
        matrices=motion.matrices,
        poses=poses.astype(np.float32),
        speech=speech,
        features=PhoneEncoder().encode(speech),
        loudness=loudness,
        training_end=end,
        held_start=held_start,
        choice=choice,
        plates=plates,
    )


def hold_out(loudness: npt.NDArray[np.float64]) -> int:
    """The frame from which on footage is held out: the quietest moment between 82 and 88 % of the capture.

    A pause is where a sentence ends, so neither part holds half of one.
    """
    frames = len(loudness)
    low, high = round(frames * (1 - HELD_OUT_SHARE - 0.03)), round(frames * (1 - HELD_OUT_SHARE + 0.03))
    calm = np.convolve(np.pad(loudness, 4, mode="edge"), np.ones(9) / 9, "valid")
    return low + int(calm[low : high + 1].argmin())


def _follow(path: Path, face: tuple[int, int, int, int]) -> _Motion:
    pictures = _grays(read_pictures(path))
    first = list(islice(pictures, _FIRST))
    tracker = HeadTracker(_typical(first, face), face)
    matrices, rests, small = [], [], []
    for picture in chain(first, pictures):
        matrix, rest = tracker.follow(picture)
        matrices.append(matrix)
        rests.append(rest)
        small.append(cv2.resize(picture, (MAP_SIDE, MAP_SIDE), interpolation=cv2.INTER_AREA))
    settled = settle(np.array(matrices))
    steady = [_steadied_small(picture, matrix) for picture, matrix in zip(small, settled, strict=True)]
    return _Motion(settled, np.array(rests), np.array(steady))


def _typical(grays: list[npt.NDArray[np.uint8]], face: tuple[int, int, int, int]) -> npt.NDArray[np.uint8]:
    """The picture whose upper face is nearest to the median of all: not one in the middle of a blink."""
    x, y, width, height = face
    uppers = np.array([g[max(y, 0) : y + height // 2 : 4, max(x, 0) : x + width : 4] for g in grays], np.float32)
    distance = np.abs(uppers - np.median(uppers, axis=0)).mean((1, 2))
    return grays[int(distance.argmin())]


def _steadied_small(small: npt.NDArray[np.uint8], matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """The whole picture at a quarter of its size, the head's motion taken out."""
    moved = np.column_stack([matrix[:, :2], matrix[:, 2] * MAP_SIDE / SIDE])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (MAP_SIDE, MAP_SIDE)
    return np.asarray(cv2.warpAffine(small, moved, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _cut(path: Path, matrices: npt.NDArray[np.float64], place: MouthPlace, choice: PlateChoice) -> tuple[Rgb, Rgb]:
    squares = np.empty((len(matrices), place.side, place.side, 3), np.uint8)
    plates: list[Rgb] = []
    for index, (picture, matrix) in enumerate(zip(read_pictures(path), matrices, strict=True)):
        squares[index] = steadied(picture, matrix, place.left, place.top, place.side)
        if choice.start <= index < choice.start + choice.count:
            plates.append(picture)
    return squares, np.stack(plates)


def _grays(pictures: Iterator[Rgb]) -> Iterator[npt.NDArray[np.uint8]]:
    return (_gray(picture) for picture in pictures)


def _gray(picture: Rgb) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
