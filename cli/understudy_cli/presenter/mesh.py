"""Triangle meshes with the attributes that shading wants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from .field import Array

Faces = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Mesh:
    """Positions and unit normals [n, 3], triangles [m, 3] and, per vertex, openness and key light in [0, 1].

    `uv` [n, 2] is the rest position that textures are painted in (x, y in cm); `tint` [n] and `gloss` [n] mean what
    the mesh's material says; `grip` [n] tells how much of the head's pose a vertex follows (1 = all).
    """

    points: Array
    normals: Array
    faces: Faces
    uv: Array
    ambient: Array
    key: Array
    tint: Array
    gloss: Array
    grip: Array


def bare_mesh(points: Array, normals: Array, faces: Faces) -> Mesh:
    """A mesh that is fully open and lit, untinted, and follows the head rigidly."""
    ones = np.ones(len(points), np.float32)
    xy = np.ascontiguousarray(points[:, :2])
    return Mesh(points, normals, faces, xy, ones, ones, ones * 0, ones * 0, ones)


def front_side(mesh: Mesh) -> Mesh:
    """The mesh without what faces away from the camera even when the head turns."""
    faces = mesh.faces[(mesh.normals[:, 2] > -0.4)[mesh.faces].any(1)]
    kept, index = np.unique(faces, return_inverse=True)
    columns = {name: values[kept] for name, values in vars(mesh).items() if name != "faces"}
    return Mesh(faces=np.ascontiguousarray(index.reshape(-1, 3).astype(np.int32)), **columns)


@njit(cache=True, fastmath=True)
def face_normals(points: Array, faces: Faces) -> Array:
    """Unit vertex normals [n, 3], area-weighted over the triangles that share each vertex."""
    out = np.zeros_like(points)
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for v in (a, b, c):
            out[v, 0] += nx
            out[v, 1] += ny
            out[v, 2] += nz
    for i in range(out.shape[0]):
        length = np.sqrt(out[i, 0] ** 2 + out[i, 1] ** 2 + out[i, 2] ** 2) + 1e-12
        out[i] /= length
    return out


def sheet_faces(rows: int, columns: int, wrap: bool) -> Faces:
    """Triangles of a grid of `rows` x `columns` vertices in row-major order; `wrap` joins last column to first."""
    last = columns if wrap else columns - 1
    r, c = np.meshgrid(np.arange(rows - 1), np.arange(last), indexing="ij")
    d = (c + 1) % columns
    a, b = r * columns + c, r * columns + d
    e, f = (r + 1) * columns + c, (r + 1) * columns + d
    return np.concatenate([np.stack([a, b, f], -1).reshape(-1, 3), np.stack([a, f, e], -1).reshape(-1, 3)]).astype(
        np.int32
    )
