"""Standing light of a sculpture, measured once: how open each point is to the sky, and how much key light it gets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numba import njit

from .field import Array, Table, distance
from .mesh import Mesh


@njit(cache=True, fastmath=True)
def openness(table: Table, points: Array, normals: Array, rays: Array, reach: float) -> Array:
    """Ambient occlusion in [0, 1] (1 = open): cosine-weighted `rays` [r, 3] (about +z) sampled up to `reach` cm."""
    out = np.empty(points.shape[0], np.float32)
    for i in range(points.shape[0]):
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        sign = 1.0 if nz >= 0.0 else -1.0
        a = -1.0 / (sign + nz)
        b = nx * ny * a
        total = 0.0
        for r in range(rays.shape[0]):
            u, v, w = rays[r, 0], rays[r, 1], rays[r, 2]
            dx = u * (1.0 + sign * nx * nx * a) + v * b + w * nx
            dy = u * sign * b + v * (sign + ny * ny * a) + w * ny
            dz = -u * sign * nx + -v * ny + w * nz
            clear = 1.0
            step = reach / 12.0
            t = step
            while t < reach and clear > 0.0:
                gap = distance(table, points[i, 0] + dx * t, points[i, 1] + dy * t, points[i, 2] + dz * t)
                clear = min(clear, max(0.0, 0.15 + gap * 2.2 / t))
                t += max(step * 0.7, gap)
            total += min(1.0, clear)
        out[i] = total / rays.shape[0]
    return out


@njit(cache=True, fastmath=True)
def lit(table: Table, points: Array, normals: Array, light: Array, hardness: float) -> Array:
    """Soft shadow factor in [0, 1] (1 = lit) towards the unit direction `light`; larger `hardness`, sharper edge."""
    out = np.empty(points.shape[0], np.float32)
    for i in range(points.shape[0]):
        x = points[i, 0] + normals[i, 0] * 0.08
        y = points[i, 1] + normals[i, 1] * 0.08
        z = points[i, 2] + normals[i, 2] * 0.08
        clear = 1.0
        t = 0.15
        while t < 14.0:
            gap = distance(table, x + light[0] * t, y + light[1] * t, z + light[2] * t)
            clear = min(clear, 0.5 + 0.5 * hardness * gap / t)
            if clear <= 0.0:
                break
            t += min(1.0, max(0.06, abs(gap)))
        clear = max(0.0, clear)
        out[i] = clear * clear * (3.0 - 2.0 * clear)
    return out


def bake(mesh: Mesh, table: Table, light: Array, reach_cm: float = 6.0) -> Mesh:
    """The mesh with ambient openness and key light measured against the sculpture at rest."""
    rays = hemisphere(20)
    ambient = openness(table, mesh.points, mesh.normals, rays, reach_cm)
    return replace(mesh, ambient=ambient, key=lit(table, mesh.points, mesh.normals, light, 5.0))


def hemisphere(count: int) -> Array:
    """`count` unit directions about +z with cosine density, on a golden-angle spiral."""
    i = np.arange(count) + 0.5
    radius = np.sqrt(i / count)
    angle = i * np.pi * (3.0 - np.sqrt(5.0))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1 - radius**2)], 1).astype(np.float32)
