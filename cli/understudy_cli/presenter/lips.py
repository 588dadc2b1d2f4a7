"""The lips: a sheet around the mouth that is a closed function of the articulation.

Its rows run from the fold inside the mouth over the wet edge and the border of the red to skin, its columns around the
mouth. At its outer rows it lies exactly on the head's surface.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .field import Array, Table, front_depths, gradients
from .mesh import Mesh, bare_mesh, face_normals, sheet_faces
from .targets import Articulation

Wide = npt.NDArray[np.float64]

INSIDE_ROWS, RED_ROWS, SKIN_ROWS, COLUMNS = 7, 16, 18, 144


@dataclass(frozen=True)
class MouthShape:
    """Rest measures in cm: middle of the closed line, half width, heights and bulges of the lips."""

    centre: tuple[float, float] = (0.0, -5.95)
    half_width: float = 2.3
    upper: float = 0.54
    lower: float = 0.74
    bow: float = 0.14
    upper_bulge: float = 0.26
    lower_bulge: float = 0.36
    skin_reach: tuple[float, float, float] = (1.75, 1.15, 1.75)
    smile: float = 0.30


@dataclass(frozen=True)
class LipPatch:
    """The lips at rest and what is needed to pose them: see `pose_lips`."""

    shape: MouthShape
    mesh: Mesh
    angle: Wide
    rest_depth: Array
    surface_normals: Array
    trust: Array
    front: float


def _arch(a: Wide, power: float) -> Wide:
    arch: Wide = np.maximum(0.0, 1.0 - a * a) ** power
    return arch


@dataclass(frozen=True)
class LipCurves:
    """Wet edge and border of the red, each [columns, 3] in cm about the mouth's middle (z forward of the skin), and
    which columns belong to the upper lip."""

    edge: Wide
    border: Wide
    above: npt.NDArray[np.bool_]


def lip_curves(shape: MouthShape, pose: Articulation, angle: Wide) -> LipCurves:
    """The lips' lines at the given angles about the mouth's middle, for a pose."""
    a = np.cos(angle)
    above = np.sin(angle) >= 0
    width = shape.half_width * (1.0 + 0.20 * pose.width - 0.50 * pose.round + 0.02 * pose.open)
    corner = shape.smile * (1.0 - 0.35 * pose.round) + 0.32 * pose.corner + 0.05 * pose.width - 0.10 * pose.open
    line = corner * a * a - 0.05 * np.exp(-((a / 0.25) ** 2)) + 0.03 * np.cos(a * 7.0) * _arch(a, 1.0)
    round_gap = _arch(a, 0.5 + 0.25 * pose.round)
    rise = (0.26 * pose.open + 0.34 * pose.upper + 0.5 * max(0.0, pose.round * pose.open)) * round_gap
    # A closing lower lip presses against the upper one; a tucked one goes up and behind the upper teeth.
    fall = 1.62 * pose.open * round_gap - 0.30 * pose.tuck * _arch(a, 0.7)
    edge_y = line + np.where(above, rise, -fall)
    press = np.clip(pose.press, 0.0, 1.0)
    thick = 1.0 - 0.28 * press + 0.22 * pose.round - 0.06 * pose.width
    bow = shape.bow * np.exp(-(((np.abs(a) - 0.2) / 0.16) ** 2)) - shape.bow * 0.5 * np.exp(-((a / 0.1) ** 2))
    upper = (shape.upper * _arch(a, 0.62) + bow) * (thick - 0.18 * pose.upper) * (1.0 - 0.10 * pose.open)
    lower = shape.lower * _arch(a, 0.5) * (thick - 0.55 * pose.tuck) * (1.0 - 0.08 * pose.open)
    border_y = edge_y + np.where(above, upper, -lower)
    curve = -((a * width) ** 2 - (a * shape.half_width) ** 2) * 0.08
    push = 0.75 * pose.round * _arch(a, 0.4) + curve
    edge_z = push - 0.05 - 0.04 * pose.open - np.where(above, 0.0, 0.42 * pose.tuck * _arch(a, 0.6)) - 0.10 * press
    drop = np.where(above, 0.0, 0.28 * pose.open * pose.jaw) * _arch(a, 0.6)
    border = np.stack([a * width * 1.045, border_y, push * 0.8 - drop * 0.8], 1)
    edge = np.stack([a * width, edge_y, edge_z - drop], 1)
    return LipCurves(edge, border, above)


def _spine(shape: MouthShape, angle: Wide) -> Wide:
    """Rest front-view positions [rows, columns, 2] of the whole sheet, the inside folded onto the wet edge."""
    rest = lip_curves(shape, Articulation(), angle)
    edge, border = rest.edge[:, :2], rest.border[:, :2]
    side, up, down = shape.skin_reach
    out = border + np.stack([np.cos(angle) * side, np.where(np.sin(angle) > 0, up, down) * np.sin(angle)], 1)
    rows = [np.repeat(edge[None], INSIDE_ROWS, 0)]
    t = np.linspace(0, 1, RED_ROWS)[:, None, None]
    rows.append(edge[None] + (border - edge)[None] * t)
    t = np.linspace(0, 1, SKIN_ROWS + 1)[1:, None, None]
    rows.append(border[None] + (out - border)[None] * t)
    return np.concatenate(rows) + shape.centre


def build_lips(shape: MouthShape, table: Table) -> LipPatch:
    """Lay the sheet on the sculpture at rest; `tint` is 1 on the red and in the mouth, `gloss` where it is wet."""
    angle = np.linspace(0, 2 * np.pi, COLUMNS, endpoint=False) + np.pi / COLUMNS
    spine = _spine(shape, angle)
    rows = len(spine)
    flat = spine.reshape(-1, 2).astype(np.float32)
    depth = front_depths(table, flat, 16.0, 0.0)
    points = np.concatenate([flat, depth[:, None]], 1)
    row = np.repeat(np.arange(rows), COLUMNS)
    tint = np.clip((INSIDE_ROWS + RED_ROWS - 0.2 - row) / 2.2, 0, 1).astype(np.float32)
    faces = np.ascontiguousarray(sheet_faces(rows, COLUMNS, wrap=True)[:, ::-1])
    mesh = bare_mesh(points, gradients(table, points, 0.06), faces)
    mesh = replace(mesh, tint=tint, gloss=np.clip((INSIDE_ROWS + 6 - row) / 6.0, 0, 1).astype(np.float32))
    trust = np.clip((row - INSIDE_ROWS - RED_ROWS - 1) / 10.0, 0, 1).astype(np.float32)
    return LipPatch(shape, mesh, angle, depth, mesh.normals, trust, float(depth[row < INSIDE_ROWS].max()))


def lip_shade(patch: LipPatch) -> Array:
    """Standing shade [n] in [0, 1] of the lips upon themselves and the skin: the line between, corners, under the lower."""
    t = (np.arange(INSIDE_ROWS + RED_ROWS + SKIN_ROWS) - INSIDE_ROWS)[:, None] / RED_ROWS
    low = np.clip(-np.sin(patch.angle), 0, 1)[None]
    corner = np.exp(-((np.sin(patch.angle)[None] / 0.16) ** 2))
    line = 0.62 * np.exp(-((np.clip(t, 0, 9) / 0.16) ** 2))
    under = 0.34 * low**0.7 * np.exp(-(((t - 1.12) / 0.28) ** 2))
    pit = 0.45 * corner * np.exp(-(((t - 0.85) / 0.35) ** 2))
    return ((1 - line) * (1 - under) * (1 - pit)).reshape(-1).astype(np.float32)


def pose_lips(patch: LipPatch, pose: Articulation, drift: Array) -> tuple[Array, Array]:
    """Positions and normals [n, 3] of the sheet; `drift` [n, 3] is what the skin around the mouth does by itself."""
    shape, angle = patch.shape, patch.angle
    now, rest = lip_curves(shape, pose, angle), lip_curves(shape, Articulation(), angle)
    rows = INSIDE_ROWS + RED_ROWS + SKIN_ROWS
    spine = patch.mesh.points.reshape(rows, COLUMNS, 3).astype(np.float64)
    flow = drift.reshape(rows, COLUMNS, 3)
    out = np.empty_like(spine)
    centre = np.array([*shape.centre, 0.0])
    above = now.above[:, None]
    t = np.linspace(0, 1, RED_ROWS)[:, None, None]
    base = spine[INSIDE_ROWS : INSIDE_ROWS + RED_ROWS]
    middle = now.edge + (now.border - now.edge) * t + centre
    bulge = np.where(above, shape.upper_bulge, shape.lower_bulge) * _arch(np.cos(angle), 0.45)[:, None]
    profile = np.sin(np.pi * np.clip(t, 0, 1) ** 0.8) * (1.0 - 0.25 * t)
    swell = bulge * profile * (1.0 - 0.35 * pose.press + 0.15 * pose.round)
    out[INSIDE_ROWS : INSIDE_ROWS + RED_ROWS] = middle
    out[INSIDE_ROWS : INSIDE_ROWS + RED_ROWS, :, 2] = base[:, :, 2] + middle[:, :, 2] + swell[:, :, 0]
    moved = now.border - rest.border - flow[INSIDE_ROWS + RED_ROWS - 1]
    fade = np.linspace(0, 1, SKIN_ROWS + 1)[1:, None, None]
    ease = 1.0 - fade * fade * (3.0 - 2.0 * fade)
    rest_push = (rest.border[:, 2:] * ease)[:, :, 0]
    # Skin does not follow the sharp change at the corners: away from the red, neighbours share their movement.
    moved = moved + (_share(moved) - moved) * np.minimum(1.0, fade * 5.0)
    out[INSIDE_ROWS + RED_ROWS :] = spine[INSIDE_ROWS + RED_ROWS :] + flow[INSIDE_ROWS + RED_ROWS :] + moved * ease
    out[INSIDE_ROWS + RED_ROWS :, :, 2] += rest_push
    out[:INSIDE_ROWS] = _fold(out[INSIDE_ROWS], now.above)
    points = out.reshape(-1, 3).astype(np.float32)
    normals = face_normals(points, patch.mesh.faces)
    return points, normals


def _share(moved: Wide) -> Wide:
    """Movement [columns, 3] blurred around the mouth."""
    reach = np.minimum(np.arange(COLUMNS), COLUMNS - np.arange(COLUMNS))
    kernel = np.exp(-((reach / 7.0) ** 2))
    kernel /= kernel.sum()
    return np.fft.irfft(np.fft.rfft(moved, axis=0) * np.fft.rfft(kernel)[:, None], n=COLUMNS, axis=0)


def _fold(edge: Wide, above: npt.NDArray[np.bool_]) -> Wide:
    """The wet inner side: curls from the edge back over the teeth, [INSIDE_ROWS, columns, 3], deepest row first."""
    s = np.linspace(1, 0, INSIDE_ROWS + 1)[:-1, None]
    fold = np.repeat(edge[None], INSIDE_ROWS, 0)
    fold[:, :, 2] -= 0.75 * s**0.9
    fold[:, :, 1] += np.where(above, 1.0, -1.0) * (0.50 * s**1.6 + 0.02 * s)
    fold[:, :, 0] *= 1.0 + 0.05 * s
    return fold
