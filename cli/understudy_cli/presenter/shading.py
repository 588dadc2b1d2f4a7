"""Deferred shading: one pass over the visibility buffer gives every sample the colour of what is seen there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .eye_shading import light_eye
from .eyes import aperture
from .field import Array
from .light import light_surface
from .mesh import Faces
from .raster import EYE_SKIN, Bytes, Canvas

SKIN, LIPS, EYEBALL, TEETH, TONGUE, CAVITY, LASH, CLOTH = 0, 2, 3, 4, 5, 6, 7, 8
SKIN_SCALE, SKIN_LEFT, SKIN_TOP = 40.0, -10.0, 13.0  # texture px per cm and its first column and row in cm
CLOTH_SCALE, CLOTH_LEFT, CLOTH_TOP = 24.0, -20.0, -9.0
_FLESH = np.array([0.46, 0.22, 0.14], np.float32)
_MATTE = np.array([0.06, 0.06, 0.06], np.float32)
_WET = np.array([0.40, 0.30, 0.28], np.float32)


class Paint(NamedTuple):
    """Colours of one presenter: textures [h, w, 4], the red of the lips [3], and eyes as `eyes.eye_row` and
    `eye_shading.light_eye` want them."""

    skin: Array
    cloth: Array
    lips: Array
    eye: Array
    ball: Array


class Mood(NamedTuple):
    """What shading needs of the moment: openings of the lids [2], turn of the eyes [2], and of the mouth
    [opening 0-1, y of the upper lip's edge, y of the lower one's, z of the lips]."""

    lids: Array
    gaze: Array
    mouth: Array


@njit(cache=True, fastmath=True)
def _texel(texture: Array, x: float, y: float, out: Array) -> None:
    """Bilinear sample of `texture` [h, w, 4] at pixel coordinates into `out`."""
    x = min(max(x, 0.0), texture.shape[1] - 1.001)
    y = min(max(y, 0.0), texture.shape[0] - 1.001)
    i, j = int(x), int(y)
    fx, fy = x - i, y - j
    for c in range(4):
        top = texture[j, i, c] + (texture[j, i + 1, c] - texture[j, i, c]) * fx
        low = texture[j + 1, i, c] + (texture[j + 1, i + 1, c] - texture[j + 1, i, c]) * fx
        out[c] = top + (low - top) * fy


@njit(cache=True, fastmath=True)
def _light_skin(
    pixel: Array, m: int, n: Array, a: Array, u: float, v: float, texel: Array, paint: Paint, mood: Mood
) -> None:
    """Skin with the red of the lips (by `a[2]`) and the lines of lashes along the lids."""
    _texel(paint.skin, (u - SKIN_LEFT) * SKIN_SCALE, (SKIN_TOP - v) * SKIN_SCALE, texel)
    gloss, rough = texel[3], 0.46
    if m == LIPS:
        for c in range(3):
            texel[c] += (paint.lips[c] - texel[c]) * a[2]
        gloss += (1.0 - gloss) * a[2]
        rough -= 0.11 * a[2]
    elif m == EYE_SKIN:
        rim = -aperture(u, v, paint.eye, mood.lids[0], mood.lids[1])
        if rim < 0.13:
            upper = v > paint.eye[1] - 0.05 - 0.45 * (1.0 - mood.lids[0])
            dark = min(1.0, max(0.0, (0.13 - rim) / 0.05)) * (0.90 if upper else 0.35)
            for c in range(3):
                texel[c] *= 1.0 - dark
    light_surface(pixel, n, texel, a[0], a[1], _FLESH, gloss, rough)


@njit(cache=True, fastmath=True)
def _light_inside(pixel: Array, m: int, n: Array, a: Array, p: Array, base: Array, mouth: Array) -> None:
    """Teeth, tongue and cavity: what light comes in depends on how far the lips part and how deep it has to go."""
    cover = min(1.0, max(0.0, (mouth[1] - p[1]) / 0.55)) * min(1.0, max(0.0, (p[1] - mouth[2]) / 0.35))
    deep = min(1.0, max(0.12, 1.0 - (mouth[3] - p[2] - 0.6) / 3.4))
    dim = (0.22 + 0.78 * mouth[0]) * (0.35 + 0.65 * cover) * deep * a[0]
    if m == TEETH:
        gum, gap = a[2], 1.0 - 0.55 * a[3]
        base[0] = (0.74 - 0.30 * gum) * (0.70 + 0.30 * gap)
        base[1] = (0.69 - 0.50 * gum) * gap
        base[2] = (0.60 - 0.43 * gum) * gap
        light_surface(pixel, n, base, dim, dim, _WET, 0.7, 0.30)
    elif m == TONGUE:
        base[0], base[1], base[2] = 0.52, 0.17, 0.16
        light_surface(pixel, n, base, dim * 0.9, dim * 0.9, _WET, 0.5, 0.45)
    else:
        base[0], base[1], base[2] = 0.16, 0.03, 0.03
        light_surface(pixel, n, base, dim * dim, dim * dim, _WET, 0.0, 0.5)


@njit(cache=True, fastmath=True)
def shade(
    canvas: Canvas, backdrop: Array, vertices: Array, faces: Faces, materials: Bytes, paint: Paint, mood: Mood
) -> Array:
    """Colour every sample (display values 0-1, [h, w, 3]).

    `vertices` [n, 12] holds for each vertex its normal (3), its place in the head's own frame (3), ambient, key, tint
    and gloss, and the texture place (2).
    """
    image = backdrop.copy()
    at, texel, pixel = np.empty(12, np.float32), np.empty(4, np.float32), np.empty(3, np.float32)
    n, p, a = at[0:3], at[3:6], at[6:10]
    for y in range(canvas.depth.shape[0]):
        for x in range(canvas.depth.shape[1]):
            f = canvas.face[y, x]
            if f < 0:
                continue
            i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
            w0, w1 = canvas.first[y, x], canvas.second[y, x]
            w2 = 1.0 - w0 - w1
            for c in range(12):
                at[c] = w0 * vertices[i, c] + w1 * vertices[j, c] + w2 * vertices[k, c]
            scale = 1.0 / np.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2] + 1e-9)
            for c in range(3):
                n[c] *= scale
            m = materials[f]
            if m in (SKIN, EYE_SKIN, LIPS):
                _light_skin(pixel, m, n, a, at[10], at[11], texel, paint, mood)
            elif m == EYEBALL:
                light_eye(pixel, texel, p, a[2], paint.eye, paint.ball, mood.gaze, mood.lids)
            elif m == CLOTH:
                _texel(paint.cloth, (at[10] - CLOTH_LEFT) * CLOTH_SCALE, (CLOTH_TOP - at[11]) * CLOTH_SCALE, texel)
                light_surface(pixel, n, texel, a[0] * texel[3], a[1] * texel[3], _MATTE, 0.25, 0.6)
            elif m == LASH:
                for c in range(3):
                    pixel[c] = image[y, x, c] * 0.12
            else:
                _light_inside(pixel, m, n, a, p, texel, mood.mouth)
            for c in range(3):
                image[y, x, c] = pixel[c]
    return image
