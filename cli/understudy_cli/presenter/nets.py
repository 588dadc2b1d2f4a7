"""Surface nets: a sculpture becomes triangles, once."""

from __future__ import annotations

import numpy as np
from numba import njit

from .field import Array, Table, distances, gradients, sample_grid
from .mesh import Faces, Mesh, bare_mesh


@njit(cache=True)
def _nets(grid: Array) -> tuple[Array, Faces]:
    """Naive surface nets: one vertex for each cell the surface crosses, one quad for each grid edge it crosses."""
    nx, ny, nz = grid.shape
    index = np.full((nx, ny, nz), -1, np.int32)
    points = np.empty((nx * ny * nz // 6, 3), np.float32)
    count = 0
    for i in range(nx - 1):
        for j in range(ny - 1):
            for k in range(nz - 1):
                inside = 0
                for c in range(8):
                    inside += grid[i + (c & 1), j + ((c >> 1) & 1), k + (c >> 2)] < 0
                if inside == 0 or inside == 8:
                    continue
                sx = sy = sz = crossings = 0.0
                for c in range(8):
                    for axis in range(3):
                        if (c >> axis) & 1:
                            continue
                        d = c | (1 << axis)
                        va = grid[i + (c & 1), j + ((c >> 1) & 1), k + (c >> 2)]
                        vb = grid[i + (d & 1), j + ((d >> 1) & 1), k + (d >> 2)]
                        if (va < 0) == (vb < 0):
                            continue
                        t = va / (va - vb)
                        sx += (c & 1) + (t if axis == 0 else 0.0)
                        sy += ((c >> 1) & 1) + (t if axis == 1 else 0.0)
                        sz += (c >> 2) + (t if axis == 2 else 0.0)
                        crossings += 1.0
                points[count, 0] = i + sx / crossings
                points[count, 1] = j + sy / crossings
                points[count, 2] = k + sz / crossings
                index[i, j, k] = count
                count += 1
    return points[:count].copy(), _quads(grid, index, count)


@njit(cache=True)
def _quads(grid: Array, index: Faces, count: int) -> Faces:
    nx, ny, nz = grid.shape
    faces = np.empty((count * 4 + 8, 3), np.int32)
    used = 0
    for i in range(1, nx - 1):
        for j in range(1, ny - 1):
            for k in range(1, nz - 1):
                here = grid[i, j, k] < 0
                for axis in range(3):
                    ni, nj, nk = i + (axis == 0), j + (axis == 1), k + (axis == 2)
                    if here == (grid[ni, nj, nk] < 0):
                        continue
                    if axis == 0:
                        q = (index[i, j - 1, k - 1], index[i, j, k - 1], index[i, j, k], index[i, j - 1, k])
                    elif axis == 1:
                        q = (index[i - 1, j, k - 1], index[i - 1, j, k], index[i, j, k], index[i, j, k - 1])
                    else:
                        q = (index[i - 1, j - 1, k], index[i, j - 1, k], index[i, j, k], index[i - 1, j, k])
                    if min(q[0], q[1], q[2], q[3]) < 0:
                        continue
                    flip = 0 if here else 2
                    faces[used, 0], faces[used, 1], faces[used, 2] = q[flip], q[1], q[2 - flip]
                    faces[used + 1, 0], faces[used + 1, 1], faces[used + 1, 2] = q[flip], q[2 - flip], q[3]
                    if flip:
                        faces[used + 1, 0], faces[used + 1, 1], faces[used + 1, 2] = q[2], q[0], q[3]
                    used += 2
    return faces[:used].copy()


def skin(table: Table, low: tuple[float, float, float], high: tuple[float, float, float], step: float) -> Mesh:
    """Skin the sculpture inside a box with about one vertex per `step` cm, settled exactly on the surface."""
    origin = np.array(low, np.float32)
    shape = tuple(int(np.ceil((b - a) / step)) + 1 for a, b in zip(low, high, strict=True))
    points, faces = _nets(sample_grid(table, origin, step, shape))
    points = np.ascontiguousarray(points * np.float32(step) + origin)
    for _ in range(3):
        normals = gradients(table, points, step * 0.25)
        points -= normals * np.clip(distances(table, points), -step, step)[:, None] * 0.9
    return bare_mesh(points, gradients(table, points, 0.06), faces)
