"""Eyes: the lid aperture that is cut out of the skin, eyeballs behind it, and lashes along the upper lid.

Eye coordinates are cm from the eye's centre in the face's front view, with x counted towards the temple.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from .field import Array
from .mesh import Mesh, bare_mesh, sheet_faces


@dataclass(frozen=True)
class EyeShape:
    """Where the right-hand eye sits (cm, the other is mirrored) and how its opening is drawn."""

    centre: tuple[float, float, float] = (3.2, 0.0, 6.6)
    radius: float = 1.5
    half_width: float = 1.58
    upper: float = 0.65
    lower: float = 0.46
    tilt: float = 0.09
    lash_length: float = 0.45
    iris_radius: float = 0.78
    iris: tuple[float, float, float] = (0.16, 0.30, 0.36)


@njit(cache=True, fastmath=True)
def lid_edges(x: float, half_width: float, upper: float, lower: float, tilt: float) -> tuple[float, float]:
    """Heights (upper, lower) of the lid edges in cm at eye coordinate `x`; equal at and beyond the corners."""
    t = x / half_width
    arch = max(0.0, 1.0 - t * t)
    middle = tilt * t - 0.10 * (1.0 - arch)
    top = middle + upper * arch**0.62 * (1.0 - 0.16 * t)
    bottom = middle - lower * arch**0.8 * (1.0 + 0.22 * t)
    return top, bottom


@njit(cache=True, fastmath=True)
def aperture(u: float, v: float, eye: Array, open_left: float, open_right: float) -> float:
    """How far inside the lid opening the front-view point (u, v) lies, in cm; negative outside.

    `eye` is [centre x, centre y, half width, upper, lower, tilt]; lids at `open_*` = 1 are at rest, at 0 shut.
    """
    amount = open_right if u > 0.0 else open_left
    x, y = abs(u) - eye[0], v - eye[1]
    if abs(x) > eye[2] or abs(y) > 1.5:
        return -1.0
    top, bottom = lid_edges(x, eye[2], eye[3], eye[4], eye[5])
    shut = bottom + 0.10 * (top - bottom)
    top = shut + (top - shut) * amount
    bottom = bottom + (shut - bottom) * max(0.0, 1.0 - amount) * 0.7
    return float(min(top - y, y - bottom))


def eye_row(shape: EyeShape) -> Array:
    """The numbers of `shape` that the compiled functions read."""
    x, y, _ = shape.centre
    return np.array([x, y, shape.half_width, shape.upper, shape.lower, shape.tilt], np.float32)


def eyeballs(shape: EyeShape) -> Mesh:
    """Two spheres; `tint` is -1 for the eye at negative x and +1 for the other."""
    theta = np.linspace(0.0, np.pi * 0.5, 28)
    phi = np.linspace(0.0, 2 * np.pi, 48, endpoint=False)
    t, p = np.meshgrid(theta, phi, indexing="ij")
    ball = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], -1).reshape(-1, 3)
    faces = sheet_faces(len(theta), len(phi), wrap=True)
    points = np.concatenate([ball * shape.radius + np.array(shape.centre) * (side, 1, 1) for side in (-1, 1)])
    mesh = bare_mesh(
        points.astype(np.float32),
        np.concatenate([ball, ball]).astype(np.float32),
        np.concatenate([faces, faces + len(ball)]),
    )
    tint = np.repeat(np.array([-1, 1], np.float32), len(ball))
    return Mesh(**{**vars(mesh), "tint": tint})


def lash_roots(shape: EyeShape, count: int) -> Array:
    """Eye x coordinates of the upper lashes, denser towards the temple."""
    spread = np.linspace(-0.86, 0.98, count)
    return (np.sign(spread) * np.abs(spread) ** 0.9 * shape.half_width).astype(np.float32)


def lashes(shape: EyeShape, openings: tuple[float, float], count: int = 44) -> tuple[Array, Array]:
    """Upper lashes as slim triangles: points [2 * count * 3, 3] and normals, for the (left, right) lid openings."""
    root = lash_roots(shape, count)
    edges = np.array([lid_edges(x, shape.half_width, shape.upper, shape.lower, shape.tilt) for x in root])
    shut = edges[:, 1] + 0.10 * (edges[:, 0] - edges[:, 1])
    lean = root / shape.half_width
    jitter = np.sin(np.arange(count) * 12.9898) * 0.5
    length = shape.lash_length * (0.75 + 0.35 * lean) * (1.0 + 0.25 * jitter)
    parts = []
    for side, amount in zip((-1, 1), openings, strict=True):
        height = shut + (edges[:, 0] - shut) * amount
        lift = 0.25 + 0.75 * amount - 0.55 * (1 - amount)
        bulge = np.sqrt(np.maximum(0.2, (shape.radius + 0.16) ** 2 - root**2 * 0.8 - height**2))
        base = np.stack([root, height, bulge], 1)
        tip = base + np.stack([length * (0.55 * lean + 0.14 * jitter), length * lift, length * 0.55 + 0 * lean], 1)
        half = np.array([0.035, 0.0, 0.0])
        triangle = np.stack([base - half, base + half, tip], 1).reshape(-1, 3)
        parts.append((triangle + np.array(shape.centre)) * (side, 1, 1))
    points = np.concatenate(parts).astype(np.float32)
    return points, np.tile(np.array([0, 0, 1], np.float32), (len(points), 1))


def lash_mesh(shape: EyeShape, count: int = 44) -> Mesh:
    """The lashes of open eyes as a mesh whose points are replaced every frame."""
    points, normals = lashes(shape, (1.0, 1.0), count)
    return bare_mesh(points, normals, np.arange(len(points), dtype=np.int32).reshape(-1, 3))
