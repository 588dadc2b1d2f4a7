"""The studio's light on a surface: a soft key from the upper left, a weak fill, sky and floor, two rim lights behind.

Colours are linear until `tone`. Directions are unit vectors towards the light.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .field import Array

KEY = np.array([-0.42, 0.50, 0.76], np.float32) / np.float32(np.linalg.norm([-0.42, 0.50, 0.76]))
FILL = np.array([0.75, 0.05, 0.66], np.float32)
_WARM = np.array([1.0, 0.93, 0.84], np.float32)
_COOL = np.array([0.80, 0.92, 1.0], np.float32)
_SKY = np.array([0.92, 0.96, 1.0], np.float32)
_RIM_LEFT = np.array([0.75, 0.645, 0.525], np.float32)
_RIM_RIGHT = np.array([0.684, 0.817, 0.95], np.float32)


def display(linear: Array) -> Array:
    """Linear light to display values in [0, 1]: a filmic shoulder, then a 1/2.2 power."""
    x = np.clip(linear, 0, None)
    shown: Array = (np.clip(x * (1 + x * 0.11) / (1 + x * 0.62), 0, 1) ** 0.4545).astype(np.float32)
    return shown


_TONES = display(np.linspace(0.0, 4.0, 4097, dtype=np.float32))


@njit(cache=True, fastmath=True, inline="always")
def tone(value: float) -> float:
    """`display` of one number, from a table."""
    x = min(3.999, max(0.0, value)) * 1024.0
    i = int(x)
    return float(_TONES[i] + (_TONES[i + 1] - _TONES[i]) * (x - i))


@njit(cache=True, fastmath=True)
def highlight(n: Array, rough: float) -> float:
    """How strongly the key light glints (GGX lobe) off a surface with unit normal `n`, seen from the front."""
    hx, hy, hz = KEY[0], KEY[1], KEY[2] + 1.0
    scale = 1.0 / np.sqrt(hx * hx + hy * hy + hz * hz)
    nh = max(0.0, (n[0] * hx + n[1] * hy + n[2] * hz) * scale)
    a2 = rough * rough * rough * rough
    return float(a2 / ((nh * nh * (a2 - 1.0) + 1.0) ** 2 * 4.0 + 1e-6))


@njit(cache=True, fastmath=True)
def light_surface(
    pixel: Array, n: Array, base: Array, ambient: float, key: float, soft: Array, gloss: float, rough: float
) -> None:
    """Set `pixel` [3] to the display colour of an opaque surface.

    `n` is the unit normal, `base` the albedo, `ambient` and `key` how much of sky and key light arrive (0-1), `soft`
    [3] how far light wraps round for each colour (translucence), `gloss` and `rough` the strength and width of glints.
    """
    nk = n[0] * KEY[0] + n[1] * KEY[1] + n[2] * KEY[2]
    nf = n[0] * FILL[0] + n[1] * FILL[1] + n[2] * FILL[2]
    edge = (1.0 - max(0.0, n[2])) ** 3
    left = max(0.0, -0.82 * n[0] + 0.30 * n[1] - 0.25 * n[2] + 0.25)
    right = max(0.0, 0.86 * n[0] + 0.25 * n[1] - 0.25 * n[2] + 0.25)
    shine = gloss * highlight(n, rough) * max(0.0, nk) * key * (0.04 + 0.5 * edge)
    sky = 0.5 + 0.5 * n[1]
    for c in range(3):
        wrap = soft[c]
        diffuse = max(0.0, (nk + wrap) / (1.0 + wrap))
        diffuse *= 1.0 - wrap * (1.0 - diffuse)
        # Scattering lets more red than blue through the edge of a shadow: a cheap stand-in for a power below one.
        shadow = key * (1.0 + wrap * 0.9 * (1.0 - key))
        open_ = ambient * (1.0 + wrap * 0.8 * (1.0 - ambient))
        light = 1.62 * _WARM[c] * diffuse * shadow
        light += 0.34 * _COOL[c] * max(0.0, (nf + 0.4) / 1.4) * open_
        light += open_ * (0.12 + 0.22 * sky) * _SKY[c]
        rim = (_RIM_LEFT[c] * left + _RIM_RIGHT[c] * right) * edge * ambient
        pixel[c] = tone(base[c] * (light + rim * 1.4) + shine * _WARM[c] * 2.2 + rim * 0.10 + gloss * 0.012 * open_)
