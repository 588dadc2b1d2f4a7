"""Everything that differs from one frame to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from .targets import Articulation


@dataclass(frozen=True)
class Moment:
    """One frame: mouth, head turn (radians: yaw to the viewer's right, pitch up, roll clockwise) and shift (cm),
    lid openings (left, right; 1 open), gaze turn (x, y), brows (left, right, frown), breath in [-1, 1]."""

    mouth: Articulation = field(default_factory=Articulation)
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0)
    shift: tuple[float, float] = (0.0, 0.0)
    lids: tuple[float, float] = (1.0, 1.0)
    gaze: tuple[float, float] = (0.0, 0.0)
    brows: tuple[float, float, float] = (0.0, 0.0, 0.0)
    breath: float = 0.0
