"""A softly blurred studio behind the presenter: a graded wall, a warm lamp, a plant's shade, out-of-focus lights."""

from __future__ import annotations

import cv2
import numpy as np

from .field import Array
from .look import Look


def paint_studio(look: Look, size: int, seed: int) -> Array:
    """The backdrop [size, size, 3] in display values 0-1."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    wall = np.empty((size, size, 3), np.float32)
    glow = np.exp(-(((x - 0.62) / 0.55) ** 2) - ((y - 0.38) / 0.50) ** 2)
    dark, light = np.array(look.wall_dark, np.float32), np.array(look.wall_light, np.float32)
    wall[:] = dark + (light - dark) * glow[..., None]
    panel = cv2.GaussianBlur(((x > 0.06) & (x < 0.20) & (y < 0.80)).astype(np.float32), (0, 0), size * 0.018)
    wall += panel[..., None] * np.array([0.045, 0.05, 0.055], np.float32)
    shelf = cv2.GaussianBlur(((x > 0.80) & (y > 0.22) & (y < 0.245)).astype(np.float32), (0, 0), size * 0.010)
    wall -= shelf[..., None] * 0.10
    lamp = np.exp(-(((x - 0.90) / 0.07) ** 2) - ((y - 0.15) / 0.075) ** 2)
    halo = np.exp(-(((x - 0.90) / 0.26) ** 2) - ((y - 0.17) / 0.26) ** 2)
    wall += lamp[..., None] * np.array([0.42, 0.30, 0.14], np.float32)
    wall += halo[..., None] * np.array([0.16, 0.095, 0.035], np.float32)
    wall += _bokeh(size, rng)
    leaves = np.zeros((size, size), np.float32)
    for i in range(9):
        angle = np.pi * (0.15 + 0.085 * i) + rng.normal(0, 0.05)
        middle = (size * (0.07 + 0.10 * np.cos(angle)), size * (0.86 - 0.20 * np.sin(angle)))
        axes = (size * 0.11, size * 0.022)
        cv2.ellipse(leaves, (middle, (axes[0] * 2, axes[1] * 2), -np.degrees(angle)), 1.0, -1)
    leaves = cv2.GaussianBlur(leaves, (0, 0), size * 0.016)
    wall += (np.array(look.plant, np.float32) - wall) * (leaves * 0.55)[..., None]
    vignette = 1 - 0.30 * ((x - 0.5) ** 2 + (y - 0.45) ** 2) * 2
    wall *= vignette[..., None]
    # A whisper of grain keeps the smooth grades from banding once they are coded.
    wall += rng.normal(0, 0.004, (size, size, 1)).astype(np.float32)
    return np.clip(wall, 0, 1)


def _bokeh(size: int, rng: np.random.Generator) -> Array:
    """Discs of unfocused lights."""
    out = np.zeros((size, size, 3), np.float32)
    for _ in range(7):
        disc = np.zeros((size, size), np.float32)
        at = (int(size * rng.uniform(0.72, 0.98)), int(size * rng.uniform(0.30, 0.62)))
        cv2.circle(disc, at, int(size * rng.uniform(0.016, 0.034)), 1.0, -1, cv2.LINE_AA)
        disc = cv2.GaussianBlur(disc, (0, 0), size * 0.004)
        tint = np.array([1.0, rng.uniform(0.72, 0.9), rng.uniform(0.45, 0.75)], np.float32)
        out += disc[..., None] * tint * rng.uniform(0.04, 0.10)
    return out
