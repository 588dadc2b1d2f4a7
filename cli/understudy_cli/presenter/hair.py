"""Hair as strands: each grows from the scalp, follows the head at its own height, and falls.

Strands are streamlines over offset surfaces of the sculpture, gathered into locks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .field import Array, Table, distances, gradients
from .hair_light import light_strands
from .light import display
from .look import HairStyle
from .mesh import Faces

Wide = npt.NDArray[np.float64]

SKULL = np.array([0.0, 2.6, -0.9])


@dataclass(frozen=True)
class Hair:
    """Knots of all strands one after another [n, 3], `lengths` knots per strand, colours (display 0-1) and widths
    in cm per knot, and `grip` [n], how much a knot follows the head."""

    points: Array
    lengths: Faces
    colours: Array
    widths: Array
    grip: Array


def _scalp(table: Table, count: int, rng: np.random.Generator) -> Wide:
    """Points spread over the upper and back skull, on the sculpture's surface."""
    i = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 1.55 * i / count), np.pi * (1 + 5**0.5) * i
    ray = np.stack([np.sin(polar) * np.cos(turn), np.cos(polar), np.sin(polar) * np.sin(turn)], 1)
    ray += rng.normal(0, 0.012, ray.shape)
    points = SKULL + ray * 6.0
    for _ in range(14):
        gap = distances(table, points.astype(np.float32))
        points -= ray * gap[:, None] * 0.9
    return points


def hairline_at(x: Wide, style: HairStyle) -> Wide:
    """Height in cm of the front hairline over |x|: an arch from temple to temple, minus infinity beyond it."""
    t = np.clip(np.abs(x) / style.hairline_half, 0, 1)
    arch = style.hairline_low + (style.hairline - style.hairline_low) * (1 - t**2.7) ** (1 / 2.7)
    return np.where(np.abs(x) < style.hairline_half, arch, -99.0)


def _hairline(points: Wide, style: HairStyle, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Which scalp points bear hair: behind a line from the forehead round the temples to the nape."""
    x, y, z = points[:, 0], points[:, 1], points[:, 2]
    front = y > hairline_at(x, style) + rng.exponential(0.16, len(points)) - 0.1
    side = (z < style.sideburn_z) & (y > style.nape + 0.45 * np.clip(z + 4, 0, 9))
    side &= (y > style.side_low - 0.5 * np.clip(z, -9, 9)) | (z < -3.5)
    return (front & (z > 0) & (y > style.side_low)) | side


def grow(style: HairStyle, table: Table, seed: int) -> tuple[Wide, Wide]:
    """Strands [count, knots, 3] and their depth in the hair (0 at the scalp, 1 outermost) [count]."""
    rng = np.random.default_rng(seed)
    roots = _scalp(table, style.strands * 2, rng)
    roots = roots[_hairline(roots, style, rng)]
    layer = rng.random(len(roots)) ** 0.8
    # Sides and back may be cut shorter than the top.
    full = style.side_share + (1 - style.side_share) * np.clip((roots[:, 1] - 4.0) / 3.5, 0, 1)
    lift = style.lift[0] + (style.lift[1] - style.lift[0]) * layer * full
    lift *= 0.40 + 0.60 * np.clip(np.abs(roots[:, 0] - style.part_x) / 4.5, 0, 1)
    locks = _locks(roots, style, rng)
    position, knots = roots.copy(), [roots.copy()]
    length = style.length * full * (1 + style.uneven * rng.normal(0, 1, len(roots)))
    spread = full[:, None]
    step = length / style.knots
    for k in range(1, style.knots):
        along = k / style.knots
        heading = _heading(position, roots, style, along)
        position = position + heading * step[:, None]
        height = lift * min(1.0, 0.35 + along * style.rise)
        near = position.astype(np.float32)
        gap, normal = distances(table, near), gradients(table, near, 0.1)
        push = np.clip(height - gap, -0.9, 0.8)
        hug = np.where(push > 0, 1.0, style.hug * (position[:, 1] > style.free_below))
        position = position + normal * (push * hug)[:, None]
        knots.append(position.copy())
    strands = np.stack(knots, 1)
    return _gather(strands, locks, style, spread, rng), layer


def _heading(p: Wide, roots: Wide, style: HairStyle, along: float) -> Wide:
    """Unit direction of growth: away from the parting, then down, kept out of the face."""
    side = np.sign(roots[:, 0] - style.part_x + 0.12 * np.sin(roots[:, 2] * 3.0) + 1e-6)
    away = np.stack([side, -0.15 + 0 * side, style.sweep + 0 * side], 1)
    fall = np.stack([0 * side, -1 + 0 * side, 0 * side], 1)
    turn = np.clip((style.turn_y - p[:, 1]) / 4.0 + along * 0.4, 0, 1)[:, None]
    heading = away * (1 - turn) + fall * turn
    face = np.clip((style.face_half - np.abs(p[:, 0])) / 1.0, 0, 1) * (p[:, 2] > 1.0) * (p[:, 1] < style.turn_y)
    heading[:, 0] += np.sign(p[:, 0]) * face * 1.6
    heading[:, 2] -= face * 0.7
    inward = np.clip((style.curl_y - p[:, 1]) / 3.0, 0, 1) * style.curl
    heading[:, 0] -= np.sign(p[:, 0]) * inward
    if style.style == "crop":
        front = np.clip((roots[:, 2] + 1.0) / 6.0, 0, 1)[:, None]
        up = np.stack([0.45 + 0.12 * side, 0.30 - 0.5 * along + 0 * side, 0.25 - 1.0 * along + 0 * side], 1)
        back = np.stack([0.10 * np.sign(roots[:, 0]), -0.65 + 0 * side, -0.55 + 0 * side], 1)
        heading = up * front + back * (1 - front)
    unit: Wide = heading / (np.linalg.norm(heading, axis=1, keepdims=True) + 1e-9)
    return unit


def _locks(roots: Wide, style: HairStyle, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """For each strand the index of the strand that leads its lock."""
    leaders = rng.choice(len(roots), style.locks, replace=False)
    best = np.full(len(roots), np.inf)
    lock = np.zeros(len(roots), np.int64)
    for leader in leaders:
        gap = ((roots - roots[leader]) ** 2).sum(1)
        closer = gap < best
        lock[closer], best[closer] = leader, gap[closer]
    return lock


def _gather(
    strands: Wide, lock: npt.NDArray[np.int64], style: HairStyle, spread: Wide, rng: np.random.Generator
) -> Wide:
    """Draw strands towards their lock's leader, and wave each lock a little."""
    along = np.linspace(0, 1, strands.shape[1])[None, :, None]
    pull = style.clump * along**0.8 * (0.6 + 0.4 * rng.random((len(strands), 1, 1)))
    out = strands + (strands[lock] - strands) * pull
    phase = rng.random((len(strands), 1))[lock[:, None], 0] * 6.28
    wave = np.sin(along[..., 0] * style.waves * 6.28 + phase) * style.wave * along[..., 0] * spread
    side = np.stack([np.abs(out[..., 2]) * 0 + 0.6, 0 * wave, 0.8 + 0 * wave], -1)
    out = out + side * wave[..., None] * np.sign(out[..., :1] + 1e-6)
    fuzz = np.cumsum(rng.normal(0, style.fuzz, out.shape), 1) * along * spread[..., None]
    loose: Wide = out + fuzz
    return loose


def build_hair(style: HairStyle, table: Table, seed: int, detail: float = 1.0) -> Hair:
    """Grow (a share `detail` of the strands, as much thicker), light and pack the hair; strands that can never be seen from the front are left out."""
    rng = np.random.default_rng(seed + 1)
    style = replace(style, strands=int(style.strands * detail), width=style.width / detail)
    strands, layer = grow(style, table, seed)
    linear = light_strands(strands, layer, style, table, rng)
    seen = (strands[..., 2].max(1) > style.back_z) & (np.abs(strands).max((1, 2)) < 30)
    strands, linear, layer = strands[seen], linear[seen], layer[seen]
    order = np.argsort(layer + 0.02 * strands[..., 2].mean(1))
    strands, linear = strands[order], linear[order]
    count, knots, _ = strands.shape
    along = np.linspace(0, 1, knots)[None]
    width = style.width * (1 - 0.75 * along**4) * np.clip(0.35 + along * 6, 0, 1) * rng.uniform(0.7, 1.2, (count, 1))
    grip = np.clip(1 + (strands[..., 1] + 8) * 0.05, 0.55, 1.0)
    return Hair(
        np.ascontiguousarray(strands.reshape(-1, 3).astype(np.float32)),
        np.full(count, knots, np.int32),
        np.ascontiguousarray(display(linear).reshape(-1, 3)),
        np.ascontiguousarray(width.reshape(-1).astype(np.float32)),
        grip.reshape(-1).astype(np.float32),
    )
