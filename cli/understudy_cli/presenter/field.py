"""Signed-distance sculpting: a head is a short table of lumps, smoothly added to or carved from each other.

All lengths are centimetres in the head's own frame: x to the viewer's right, y up from the eye line, z towards the
camera, origin between the ears. The smooth minimum is the quadratic polynomial one (Inigo Quilez, "smooth minimum").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.float32]
Table = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lump:
    """An ellipsoid mirrored in x: `centre` and `radii` in cm; `softness` is the width of its blend in cm."""

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    softness: float = 1.0
    carve: bool = False


@dataclass(frozen=True)
class Limb:
    """A round cone mirrored in x from `start` to `end` with a radius at each; blends over `softness` cm."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    radii: tuple[float, float]
    softness: float = 1.0
    carve: bool = False


def tabulate(parts: Sequence[Lump | Limb]) -> Table:
    """Pack parts, in order, into rows that the compiled functions read."""
    rows = np.zeros((len(parts), 11))
    for row, part in zip(rows, parts, strict=True):
        row[0] = isinstance(part, Limb)
        row[1], row[2] = part.carve, part.softness
        if isinstance(part, Limb):
            row[3:6], row[6:9], row[9:11] = part.start, part.end, part.radii
        else:
            row[3:6], row[6:9] = part.centre, part.radii
    return rows


@njit(cache=True, fastmath=True)
def _part(row: Table, x: float, y: float, z: float) -> float:
    px, py, pz = x - row[3], y - row[4], z - row[5]
    if row[0] == 0.0:
        ax, ay, az = px / row[6], py / row[7], pz / row[8]
        near = np.sqrt(ax * ax + ay * ay + az * az)
        ax, ay, az = ax / row[6], ay / row[7], az / row[8]
        return float(near * (near - 1.0) / (np.sqrt(ax * ax + ay * ay + az * az) + 1e-9))
    bx, by, bz = row[6] - row[3], row[7] - row[4], row[8] - row[5]
    along = (px * bx + py * by + pz * bz) / (bx * bx + by * by + bz * bz)
    along = min(1.0, max(0.0, along))
    px, py, pz = px - along * bx, py - along * by, pz - along * bz
    return float(np.sqrt(px * px + py * py + pz * pz) - (row[9] + along * (row[10] - row[9])))


@njit(cache=True, fastmath=True)
def distance(table: Table, x: float, y: float, z: float) -> float:
    """Approximate signed distance in cm to the sculpture; negative inside."""
    x = np.sqrt(x * x + 0.002)
    total = 1e3
    for i in range(table.shape[0]):
        here = _part(table[i], x, y, z)
        k = table[i, 2]
        if table[i, 1] == 0.0:
            overlap = max(k - abs(total - here), 0.0) / k
            total = min(total, here) - overlap * overlap * k * 0.25
        else:
            overlap = max(k - abs(total + here), 0.0) / k
            total = max(total, -here) + overlap * overlap * k * 0.25
    return total


@njit(cache=True, fastmath=True)
def distances(table: Table, points: Array) -> Array:
    """`distance` for each row of `points` [n, 3]."""
    out = np.empty(points.shape[0], np.float32)
    for i in range(points.shape[0]):
        out[i] = distance(table, points[i, 0], points[i, 1], points[i, 2])
    return out


@njit(cache=True, fastmath=True)
def sample_grid(table: Table, low: Array, step: float, shape: tuple[int, int, int]) -> Array:
    """`distance` on a regular grid from `low` with pitch `step`: exact near the surface, of the right sign elsewhere."""
    out = np.empty(shape, np.float32)
    for i in range(shape[0]):
        for j in range(shape[1]):
            k = 0
            while k < shape[2]:
                here = distance(table, low[0] + i * step, low[1] + j * step, low[2] + k * step)
                # Far from the surface its sign cannot change within half the distance: fill instead of asking.
                until = min(shape[2], k + 1 + int(abs(here) * 0.5 / step))
                out[i, j, k:until] = here
                k = until
    return out


@njit(cache=True, fastmath=True)
def gradients(table: Table, points: Array, reach: float) -> Array:
    """Unit outward normals at `points` by central differences `reach` cm wide."""
    out = np.empty_like(points)
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        gx = distance(table, x + reach, y, z) - distance(table, x - reach, y, z)
        gy = distance(table, x, y + reach, z) - distance(table, x, y - reach, z)
        gz = distance(table, x, y, z + reach) - distance(table, x, y, z - reach)
        length = np.sqrt(gx * gx + gy * gy + gz * gz) + 1e-9
        out[i, 0], out[i, 1], out[i, 2] = gx / length, gy / length, gz / length
    return out


@njit(cache=True, fastmath=True)
def front_depths(table: Table, xy: Array, near: float, far: float) -> Array:
    """For each (x, y) the z of the first surface met when coming from z = `near` down to `far` (`far` if none)."""
    out = np.empty(xy.shape[0], np.float32)
    for i in range(xy.shape[0]):
        z = near
        for _ in range(96):
            gap = distance(table, xy[i, 0], xy[i, 1], z)
            if gap < 0.002 or z < far:
                break
            z -= max(0.004, gap * 0.7)
        out[i] = max(z, far)
    return out
