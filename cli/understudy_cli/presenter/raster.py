"""A small z-buffer: triangles into a visibility buffer, hair strands straight into colour, then a box downsample."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from .eyes import aperture
from .field import Array
from .mesh import Faces

Bytes = npt.NDArray[np.uint8]
EYE_SKIN = 1  # the only material that is cut by the lid aperture


class Canvas(NamedTuple):
    """What is seen at each sample: depth (larger is nearer), face number (-1: none), two barycentric weights."""

    depth: Array
    face: Faces
    first: Array
    second: Array


def blank_canvas(size: int) -> Canvas:
    """An empty square canvas of `size` samples a side."""
    shape = (size, size)
    zeros = np.zeros(shape, np.float32)
    return Canvas(np.full(shape, -1e9, np.float32), np.full(shape, -1, np.int32), zeros, zeros.copy())


def turn_matrix(yaw: float, pitch: float, roll: float) -> Array:
    """Rotation [3, 3]: roll about z, then pitch about x, then yaw about y (radians)."""
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_z = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    matrix: Array = (about_y @ about_x @ about_z).astype(np.float32)
    return matrix


@njit(cache=True, fastmath=True)
def turn_points(points: Array, grip: Array, rotation: Array, pivot: Array, shift: Array) -> Array:
    """`points` [n, 3] turned about `pivot` and shifted, each only by its share `grip` [n] of the movement."""
    out = np.empty_like(points)
    for i in range(points.shape[0]):
        x, y, z = points[i, 0] - pivot[0], points[i, 1] - pivot[1], points[i, 2] - pivot[2]
        for c in range(3):
            moved = rotation[c, 0] * x + rotation[c, 1] * y + rotation[c, 2] * z + pivot[c] + shift[c]
            out[i, c] = points[i, c] + (moved - points[i, c]) * grip[i]
    return out


@njit(cache=True, fastmath=True)
def project(points: Array, samples: float, frame_cm: float, camera: float, focus: float, aim_y: float) -> Array:
    """Screen x and y in samples and depth [n, 3]: a camera on the z axis at `camera` cm that sees `frame_cm` at `focus`."""
    out = np.empty_like(points)
    for i in range(points.shape[0]):
        scale = samples / frame_cm * (camera - focus) / (camera - points[i, 2])
        out[i, 0] = samples * 0.5 + points[i, 0] * scale
        out[i, 1] = samples * 0.5 - (points[i, 1] - aim_y) * scale
        out[i, 2] = points[i, 2]
    return out


@njit(cache=True, fastmath=True)
def draw_faces(
    canvas: Canvas,
    screen: Array,
    facing: Array,
    faces: Faces,
    materials: Bytes,
    vertices: Array,
    eye: Array,
    lids: Array,
) -> None:
    """Fill `canvas` with the nearest faces. `screen` [n, 3] is x, y in samples and depth; `facing` [n] the normal's z,
    `vertices` [n, 12] has the front-view place in its last two columns.

    Faces whose three normals look away are skipped; `lids` holds the openings of the left and right eye.
    """
    height, width = canvas.depth.shape
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if max(facing[a], facing[b], facing[c]) < -0.05:
            continue
        ax, ay, bx, by, cx, cy = screen[a, 0], screen[a, 1], screen[b, 0], screen[b, 1], screen[c, 0], screen[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if abs(area) < 1e-9:
            continue
        left, right = max(0, int(np.ceil(min(ax, bx, cx)))), min(width - 1, int(np.floor(max(ax, bx, cx))))
        top, bottom = max(0, int(np.ceil(min(ay, by, cy)))), min(height - 1, int(np.floor(max(ay, by, cy))))
        inverse = 1.0 / area
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                w0 = ((bx - x) * (cy - y) - (by - y) * (cx - x)) * inverse
                w1 = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) * inverse
                w2 = 1.0 - w0 - w1
                if w0 < 0.0 or w1 < 0.0 or w2 < 0.0:
                    continue
                depth = w0 * screen[a, 2] + w1 * screen[b, 2] + w2 * screen[c, 2]
                if depth <= canvas.depth[y, x]:
                    continue
                if materials[f] == EYE_SKIN:
                    u = w0 * vertices[a, 10] + w1 * vertices[b, 10] + w2 * vertices[c, 10]
                    v = w0 * vertices[a, 11] + w1 * vertices[b, 11] + w2 * vertices[c, 11]
                    if aperture(u, v, eye, lids[0], lids[1]) > 0.0:
                        continue
                canvas.depth[y, x] = depth
                canvas.face[y, x] = f
                canvas.first[y, x] = w0
                canvas.second[y, x] = w1


@njit(cache=True, fastmath=True)
def draw_strands(image: Array, depth: Array, screen: Array, colours: Array, lengths: Faces, widths: Array) -> None:
    """Draw polylines over `image` [h, w, 3] (display values 0-1) where they are nearer than `depth`.

    `screen` [n, 3] and `colours` [n, 3] list the knots of all strands one after another, `lengths` knots each;
    `widths` [n] is the thickness in samples at each knot, and fades to transparent below one sample.
    """
    height, width = depth.shape
    start = 0
    for s in range(lengths.shape[0]):
        for k in range(start, start + lengths[s] - 1):
            x0, y0, x1, y1 = screen[k, 0], screen[k, 1], screen[k + 1, 0], screen[k + 1, 1]
            steps = int(max(abs(x1 - x0), abs(y1 - y0)) + 1.0)
            steep = abs(y1 - y0) > abs(x1 - x0)
            for i in range(steps):
                t = i / steps
                x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t
                z = screen[k, 2] + (screen[k + 1, 2] - screen[k, 2]) * t
                thick = widths[k] + (widths[k + 1] - widths[k]) * t
                cover = min(1.0, thick)
                reach = int(thick * 0.5 + 0.49)
                for o in range(-reach, reach + 1):
                    px = int(x + (0 if not steep else o) + 0.5)
                    py = int(y + (o if not steep else 0) + 0.5)
                    if px < 0 or py < 0 or px >= width or py >= height or z <= depth[py, px]:
                        continue
                    if cover > 0.55:
                        depth[py, px] = z
                    for c in range(3):
                        ink = colours[k, c] + (colours[k + 1, c] - colours[k, c]) * t
                        image[py, px, c] += (ink - image[py, px, c]) * cover
        start += lengths[s]


@njit(cache=True, fastmath=True)
def mark_strands(seen: Bytes, depth: Array, screen: Array, lengths: Faces, widths: Array) -> None:
    """Set `seen` [strands] to 1 for each strand that `draw_strands` would leave a sample of, given `depth`."""
    owner = np.full(depth.shape, -1, np.int32)
    start = 0
    for s in range(lengths.shape[0]):
        for k in range(start, start + lengths[s] - 1):
            x0, y0, x1, y1 = screen[k, 0], screen[k, 1], screen[k + 1, 0], screen[k + 1, 1]
            steps = int(max(abs(x1 - x0), abs(y1 - y0)) + 1.0)
            steep = abs(y1 - y0) > abs(x1 - x0)
            reach = int(widths[k] * 0.5 + 0.49)
            for i in range(steps):
                t = i / steps
                x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t
                z = screen[k, 2] + (screen[k + 1, 2] - screen[k, 2]) * t
                for o in range(-reach, reach + 1):
                    px, py = int(x + (0 if not steep else o) + 0.5), int(y + (o if not steep else 0) + 0.5)
                    if 0 <= px < depth.shape[1] and 0 <= py < depth.shape[0] and z > depth[py, px]:
                        depth[py, px] = z
                        owner[py, px] = s
        start += lengths[s]
    for strand in owner.ravel():
        if strand >= 0:
            seen[strand] = 1


@njit(cache=True, fastmath=True)
def shrink(image: Array, factor: int) -> Bytes:
    """Average `factor` x `factor` blocks of display values 0-1 into 8-bit RGB."""
    height, width = image.shape[0] // factor, image.shape[1] // factor
    out = np.empty((height, width, 3), np.uint8)
    scale = 255.0 / (factor * factor)
    for y in range(height):
        for x in range(width):
            for c in range(3):
                total = 0.0
                for j in range(factor):
                    for i in range(factor):
                        total += image[y * factor + j, x * factor + i, c]
                out[y, x, c] = np.uint8(min(255.0, max(0.0, total * scale + 0.5)))
    return out
