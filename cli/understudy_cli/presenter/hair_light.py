"""Light on hair, strand by strand: Kajiya and Kay's model ("Rendering fur with three dimensional textures", 1989) with
two shifted highlights, measured once because lamps and camera hardly move against the head."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .field import Array, Table, gradients
from .light import KEY
from .look import HairStyle

Wide = npt.NDArray[np.float64]


def light_strands(strands: Wide, layer: Wide, style: HairStyle, table: Table, rng: np.random.Generator) -> Array:
    """Linear colour [count, knots, 3] of each knot under the studio's fixed lights."""
    tangent = np.gradient(strands, axis=1)
    tangent /= np.linalg.norm(tangent, axis=2, keepdims=True) + 1e-9
    flat = strands.reshape(-1, 3).astype(np.float32)
    normal = gradients(table, flat, 0.4).reshape(strands.shape)
    half = KEY + np.array([0, 0, 1], np.float32)
    half = half / np.linalg.norm(half)
    shift = rng.normal(0, 0.05, (len(strands), 1))
    tk = (tangent * KEY).sum(2)
    th = (tangent * half).sum(2)
    nk = np.clip((normal * KEY).sum(2) * 0.75 + 0.25, 0, 1)
    diffuse = np.sqrt(np.clip(1 - tk**2, 0, 1)) * (0.25 + 0.75 * nk)
    first = np.clip(1 - (th + shift + 0.10) ** 2, 0, 1) ** 60
    second = np.clip(1 - (th + shift - 0.12) ** 2, 0, 1) ** 18
    along = np.linspace(0, 1, strands.shape[1])[None, :]
    tone = 1 + rng.normal(0, 0.13, (len(strands), 1))
    mix = np.clip(along + rng.normal(0, 0.12, (len(strands), 1)), 0, 1)[..., None]
    base = (np.array(style.root) * (1 - mix) + np.array(style.tip) * mix) * tone[..., None]
    depth = (0.28 + 0.72 * layer)[:, None] * (0.62 + 0.38 * np.clip((strands[..., 1] + 9) / 10, 0, 1))
    back = np.clip(-normal[..., 2] * 0.6 + np.abs(normal[..., 0]) * 0.8 - 0.25, 0, 1) ** 2
    light = base * (0.50 + 1.5 * diffuse)[..., None] * depth[..., None]
    light = light + np.array(style.sheen) * (0.16 * first * nk * depth)[..., None]
    light = light + base * (1.6 * second * nk * depth)[..., None]
    rim = np.where(strands[..., :1] > 0, np.array([0.72, 0.86, 1.0]), np.array([1.0, 0.82, 0.62]))
    light = light + rim * (back * 0.16)[..., None] * (0.4 + base * 3)
    colour: Array = light.astype(np.float32)
    return colour
