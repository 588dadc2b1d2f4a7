"""What the lips uncover: teeth with gums, the tongue, and the dark behind them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from .field import Array
from .lips import MouthShape
from .mesh import Mesh, bare_mesh, face_normals, sheet_faces
from .targets import Articulation


def _arc(width: float, depth: float, count: int) -> npt.NDArray[np.float64]:
    """Points [count, 2] (x, z) along a dental arch that bends back from its front."""
    u = np.linspace(-1.5, 1.5, count)
    return np.stack([np.sin(u) * width, (np.cos(u) - 1.0) * depth], 1)


def build_teeth(shape: MouthShape, front_z: float, upper: bool) -> Mesh:
    """One row of teeth with its gum: `tint` runs 0 (edge) to 1 (gum), `uv` holds arch length and height in cm."""
    columns, rows = 141, 16
    arc = _arc(2.3 if upper else 2.05, 3.4, columns)
    v = np.linspace(0, 1, rows)
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(arc, axis=0).T))])
    length -= length[-1] / 2
    size = 0.80 if upper else 0.60
    pitch = 0.78 if upper else 0.52
    phase = (
        np.abs(((length / pitch) % 1.0) - 0.5) * 2
        if not upper
        else np.abs((((length + pitch / 2) / pitch) % 1.0) - 0.5) * 2
    )
    if upper:
        phase = np.abs((((length) / pitch + 0.0) % 1.0) - 0.5) * 2
    gap = np.clip((phase - 0.80) / 0.2, 0, 1) ** 1.6
    edge = 0.05 * gap + 0.05 * (np.abs(length) / pitch > 1.0) * (np.abs(length) / pitch < 2.0)
    height = np.where(v[:, None] < 0.45, v[:, None] / 0.45 * size, size + (v[:, None] - 0.45) / 0.55 * 0.9)
    height = height + edge[None] * (v[:, None] < 0.1)
    round_front = 0.10 * np.sin(np.pi * np.clip(v / 0.45, 0, 1))[:, None] - gap[None] * 0.10 * (v[:, None] < 0.5)
    gum_out = 0.06 * np.clip((v - 0.45) / 0.2, 0, 1)[:, None]
    sign = 1.0 if upper else -1.0
    x = np.repeat(arc[None, :, 0], rows, 0)
    z = front_z + arc[None, :, 1] + round_front + gum_out - 1.6 * np.clip(v - 0.5, 0, 1)[:, None] ** 1.5
    points = (
        np.stack([x, shape.centre[1] - (0.42 if upper else 0.30) + sign * height, z], -1)
        .reshape(-1, 3)
        .astype(np.float32)
    )
    faces = sheet_faces(rows, columns, wrap=False)
    normals = face_normals(points, faces)
    normals *= np.sign(normals[:, 2:] + 1e-6)
    mesh = bare_mesh(points, normals, faces)
    tint = np.repeat(np.clip((v - 0.45) / 0.03, 0, 1), columns).astype(np.float32)
    # The cheeks keep light from the back teeth.
    side = np.clip(1.08 - 0.62 * (np.abs(x) / 2.1) ** 2.2, 0.12, 1.0).reshape(-1).astype(np.float32)
    return replace(mesh, tint=tint, gloss=np.tile(gap, rows).astype(np.float32), ambient=side)


def build_cavity(shape: MouthShape, front_z: float) -> Mesh:
    """A dark bowl behind the teeth, wide enough to be met through any opening."""
    y, x = np.meshgrid(np.linspace(-2.0, 1.2, 15), np.linspace(-2.9, 2.9, 15), indexing="ij")
    z = front_z - 2.4 - 0.16 * (x**2 + y**2)
    points = np.stack([x, y + shape.centre[1], z], -1).reshape(-1, 3).astype(np.float32)
    normals = np.tile(np.array([0, 0, 1], np.float32), (len(points), 1))
    return bare_mesh(points, normals, sheet_faces(15, 15, wrap=False))


def build_tongue(shape: MouthShape, front_z: float) -> Mesh:
    """A tongue blade at rest behind the lower teeth; `uv` holds (across, along) in [-1, 1] x [0, 1] for `pose_tongue`."""
    t, u = np.meshgrid(np.linspace(0, 1, 20), np.linspace(-1, 1, 21), indexing="ij")
    width = 1.45 * np.sqrt(np.clip(1 - (1 - t) ** 2.6, 0.02, 1))
    x = u * width
    y = (
        shape.centre[1]
        - 0.62
        + 0.30 * np.sin(t * np.pi * 0.8)
        - 0.16 * np.exp(-((u / 0.22) ** 2)) * np.clip(t * 3, 0, 1)
        - 0.45 * u**4
    )
    z = front_z - 0.45 - 3.0 * t
    points = np.stack([x, y, z], -1).reshape(-1, 3).astype(np.float32)
    faces = sheet_faces(20, 21, wrap=False)
    normals = face_normals(points, faces)
    normals *= np.sign(normals[:, 1:2] + 1e-6)
    return replace(bare_mesh(points, normals, faces), uv=np.stack([u, t], -1).reshape(-1, 2).astype(np.float32))


def pose_tongue(tongue: Mesh, pose: Articulation) -> Array:
    """Tongue positions before the jaw moves them: `tip` lifts the front to the upper teeth, `body` the back."""
    along = tongue.uv[:, 1]
    points = tongue.points.copy()
    front, back = np.exp(-((along / 0.35) ** 2)), np.exp(-(((along - 0.65) / 0.35) ** 2))
    points[:, 1] += (0.95 * pose.tip) * front + (0.75 * pose.body - 0.25) * back + 0.15
    points[:, 2] += 0.45 * pose.tip * front + 0.15 * pose.body
    return points
