"""What a speaker does besides speaking: sway, nods and brows on stress, blinks, glances, breath; all from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .articulation import TimedPhone
from .moment import Moment
from .targets import NAMES, Articulation

Wide = npt.NDArray[np.float64]
BLINK = np.array([0.72, 0.22, 0.0, 0.06, 0.38, 0.72, 0.93])  # lid openings of one blink, a frame apart at 25 fps


@dataclass(frozen=True)
class Motion:
    """Tracks over the frames of a capture: turn [n, 3] radians, shift [n, 2] cm, lids [n, 2], gaze [n, 2],
    brows [n, 3], breath [n]."""

    turn: Wide
    shift: Wide
    lids: Wide
    gaze: Wide
    brows: Wide
    breath: Wide


def _wander(frames: int, period_frames: float, rng: np.random.Generator) -> Wide:
    """Smooth noise in about [-1, 1] that changes over `period_frames`."""
    knots = rng.uniform(-1, 1, int(frames / period_frames) + 4)
    at = np.arange(frames) / period_frames + 1
    i = at.astype(int)
    t = at - i
    a, b, c, d = knots[i - 1], knots[i], knots[i + 1], knots[np.minimum(i + 2, len(knots) - 1)]
    curve: Wide = (
        a * (1 - t) ** 3 + b * (3 * t**3 - 6 * t**2 + 4) + c * (-3 * t**3 + 3 * t**2 + 3 * t + 1) + d * t**3
    ) / 6
    return curve


def blink_frames(frames: int, fps: float, rng: np.random.Generator) -> list[int]:
    """First frames of blinks, 1.6 to 5.5 s apart, none in the first or last half second."""
    starts, clock = [], rng.uniform(0.8, 2.5)
    while clock * fps < frames - 0.5 * fps - len(BLINK):
        starts.append(int(clock * fps))
        clock += 0.35 if rng.random() < 0.08 else rng.uniform(1.6, 5.5)
    return starts


def stressed_seconds(phones: Sequence[TimedPhone]) -> list[float]:
    """When stressed sounds peak: those with IPA's primary stress mark."""
    return [(p.start_seconds + p.end_seconds) / 2 for p in phones if "ˈ" in p.symbol]


def plan(phones: Sequence[TimedPhone], frames: int, fps: float, seed: int) -> Motion:
    """Motion for `frames` frames; equal seeds and phones give equal motion. The head starts and ends near rest."""
    rng = np.random.default_rng(seed)
    turn = np.stack(
        [_wander(frames, 55, rng) * 0.085, _wander(frames, 48, rng) * 0.045, _wander(frames, 70, rng) * 0.035], 1
    )
    turn += np.stack([_wander(frames, 16, rng), _wander(frames, 14, rng), _wander(frames, 18, rng)], 1) * 0.007
    shift = np.stack([_wander(frames, 80, rng) * 0.28, _wander(frames, 75, rng) * 0.14], 1)
    brows = np.stack([_wander(frames, 60, rng)] * 2 + [_wander(frames, 90, rng)], 1) * (0.14, 0.14, 0.10)
    time = np.arange(frames) / fps
    for at in stressed_seconds(phones):
        pulse = np.exp(-(((time - at - 0.06) / 0.13) ** 2))
        if rng.random() < 0.38:
            turn[:, 1] -= pulse * rng.uniform(0.01, 0.035)
        if rng.random() < 0.22:
            lift = np.exp(-(((time - at) / 0.22) ** 2)) * rng.uniform(0.25, 0.65)
            brows[:, 0] += lift * rng.uniform(0.8, 1.1)
            brows[:, 1] += lift * rng.uniform(0.8, 1.1)
    # Now and then everything comes home, so that a resting face is well covered.
    home = 1 - 0.85 * np.clip(_wander(frames, 110, rng) * 1.8 + 0.1, 0, 1)
    edge = np.clip(np.minimum(np.arange(frames), frames - 1 - np.arange(frames)) / (0.8 * fps), 0, 1)
    calm = (home * edge * edge * (3 - 2 * edge))[:, None]
    gaze = _glances(frames, fps, rng) - turn[:, :2] * calm * (0.75, -0.75)
    breath = np.sin(2 * np.pi * time / 4.2 + rng.uniform(0, 6))
    return Motion(turn * calm, shift * calm, _lids(frames, fps, rng, brows), gaze, brows, breath)


def _lids(frames: int, fps: float, rng: np.random.Generator, brows: Wide) -> Wide:
    lids = np.ones(frames) * 0.97 + np.clip(brows[:, 0], 0, 1) * 0.05 + _wander(frames, 40, rng) * 0.025
    for start in blink_frames(frames, fps, rng):
        span = min(len(BLINK), frames - start)
        lids[start : start + span] *= BLINK[:span]
    return np.stack([lids, lids], 1)


def _glances(frames: int, fps: float, rng: np.random.Generator) -> Wide:
    """Small jumps of the eyes around the camera, each held for a second or so."""
    gaze = np.zeros((frames, 2))
    start = 0
    while start < frames:
        end = start + int(fps * rng.uniform(0.7, 2.2))
        gaze[start:end] = rng.normal(0, 1, 2) * (0.028, 0.016)
        start = end
    padded = np.concatenate([gaze[:1], gaze, gaze[-1:]])
    return 0.15 * padded[:-2] + 0.7 * padded[1:-1] + 0.15 * padded[2:]


def moment_at(motion: Motion, mouth: Wide, i: int) -> Moment:
    """Frame `i` of a plan with the mouth pose `mouth` (a row of `articulation.track`)."""
    pose = Articulation(**dict(zip(NAMES, (float(v) for v in mouth), strict=True)))
    yaw, pitch, roll = (float(v) for v in motion.turn[i])
    return Moment(
        mouth=pose,
        turn=(yaw, pitch, roll),
        shift=(float(motion.shift[i, 0]), float(motion.shift[i, 1])),
        lids=(float(motion.lids[i, 0]), float(motion.lids[i, 1])),
        gaze=(float(motion.gaze[i, 0]), float(motion.gaze[i, 1])),
        brows=(float(motion.brows[i, 0]), float(motion.brows[i, 1]), float(motion.brows[i, 2])),
        breath=float(motion.breath[i]),
    )
