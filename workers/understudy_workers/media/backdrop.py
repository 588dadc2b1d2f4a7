"""The studio beyond the plate: its background continued to every side, ever softer, without a seam.

The presenter is cut out of the rest plate (GrabCut, seeded with where presenters stand), the hole is filled from
around, and the edges are drawn outward under a blur that grows with distance. Towards the plate's own edge its wall
fades into this backdrop; the presenter stays sharp, but a shoulder that leaves the plate melts away instead of ending
at a line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from understudy_workers.media.yuv import Bytes

Floats = npt.NDArray[np.float32]

_CUTOUT_SIDE = 128  # pixels; enough to tell a person from a wall
_RIM = 0.09  # width of the plate's fading rim, in plate sides
_CONTACT = 0.03  # of an edge: what counts as touching it, and the rows over which a contour's slope is taken
_TOUCHES, _LEAVES = 0.6, 1.2  # pixels a contour draws in per row
# Mirrors a square so that the edge in question is the left one and rows stay rows; twice gives it back.
_EDGES: dict[str, Callable[[npt.NDArray[Any]], npt.NDArray[Any]]] = {
    "left": lambda square: square,
    "top": lambda square: square.T,
    "right": lambda square: square[:, ::-1],
    "bottom": lambda square: square[::-1, ::-1].T,
}
_BLURS = ((0.0, 0.006), (0.12, 0.03), (0.36, 0.10))  # (distance from the rim's inside, blur's sigma), in plate sides


@dataclass(frozen=True)
class Backdrop:
    """A continued studio in plate pixels, RGB 0-255.

    ``canvas`` [h, w, 3] holds the plate's corner at (``left``, ``top``); ``opacity`` [side, side] in 0-1 says how
    much of the plate itself shows at each of its pixels.
    """

    canvas: Floats
    left: int
    top: int
    opacity: Floats

    def fade(self, plate: Bytes) -> Bytes:
        """A plate [side, side, 3] whose rim has become the backdrop."""
        if self.opacity.min() == 1:
            return plate
        faded: Bytes = cv2.blendLinear(plate, self._behind, self.opacity, 1 - self.opacity)
        return faded

    @cached_property
    def _behind(self) -> Bytes:
        side = len(self.opacity)
        behind = self.canvas[self.top : self.top + side, self.left : self.left + side]
        return np.clip(np.rint(behind), 0, 255).astype(np.uint8)


def extend_studio(plate: Bytes, left: int, top: int, right: int, bottom: int) -> Backdrop:
    """The studio of a square plate [side, side, 3] RGB, continued by so many plate pixels on each side."""
    side = len(plate)
    person = cut_out_person(plate)
    around = cv2.dilate(person, np.ones((side // 40, side // 40), np.uint8))
    wall = _fill(plate.astype(np.float32), around)
    canvas = cv2.copyMakeBorder(wall, top, bottom, left, right, cv2.BORDER_REPLICATE)
    rim = round(_RIM * side)
    distance = _distance(canvas.shape[:2], (left + rim, top + rim), side - 2 * rim)
    softened = [_blurred(canvas, sigma * side) for _, sigma in _BLURS]
    marks = np.array([mark * side for mark, _ in _BLURS], np.float32)
    soft = softened[0]
    for nearer, farther, layer in zip(marks, marks[1:], softened[1:], strict=False):
        weight = np.clip((distance - nearer) / (farther - nearer), 0, 1)[..., None]
        soft = soft + (layer - soft) * weight
    opens = (left > 0, top > 0, right > 0, bottom > 0)
    return Backdrop(soft, left, top, _opacity(person, opens))


def cut_out_person(plate: Bytes) -> Bytes:
    """Where the presenter is in a square plate: 1 inside, 0 outside, [side, side] uint8."""
    return _cut_out(plate.tobytes(), len(plate))


@lru_cache(maxsize=4)  # a twin's outputs ask for the same plate
def _cut_out(plate: bytes, side: int) -> Bytes:
    picture = np.frombuffer(plate, np.uint8).reshape(side, side, 3)
    small = cv2.resize(picture, (_CUTOUT_SIDE, _CUTOUT_SIDE), interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[0:_CUTOUT_SIDE, 0:_CUTOUT_SIDE] / _CUTOUT_SIDE
    marks = np.full(small.shape[:2], cv2.GC_PR_BGD, np.uint8)
    marks[(y > 0.70) & (np.abs(x - 0.5) < 0.2 + (y - 0.7))] = cv2.GC_PR_FGD
    marks[np.hypot((x - 0.5) / 0.24, (y - 0.45) / 0.36) < 1] = cv2.GC_PR_FGD
    sure = (np.hypot((x - 0.5) / 0.13, (y - 0.45) / 0.24) < 1) | ((y > 0.88) & (np.abs(x - 0.5) < 0.2))
    marks[sure] = cv2.GC_FGD
    marks[(y < 0.55) & (np.abs(x - 0.5) > 0.45)] = cv2.GC_BGD
    marks[(y < 0.04) & (np.abs(x - 0.5) > 0.25)] = cv2.GC_BGD
    cv2.setRNGSeed(0)  # GrabCut's clusters start at random
    state = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(cv2.cvtColor(small, cv2.COLOR_RGB2BGR), marks, None, *state, 3, cv2.GC_INIT_WITH_MASK)
    person = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, pieces = cv2.connectedComponents(person)
    whole = np.isin(pieces, np.unique(pieces[sure])).astype(np.float32)
    soft = cv2.resize(whole, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(soft > 0.5, np.uint8)


def _fill(picture: Floats, hole: Bytes) -> Floats:
    """The picture with the hole filled from around it, from the nearest surroundings that reach."""
    known = (1 - hole).astype(np.float32)
    filled = picture * known[..., None]
    reached = known
    for sigma in (0.01, 0.03, 0.1, 0.3):
        weight = _blurred(known, sigma * len(hole))
        average = _blurred(picture * known[..., None], sigma * len(hole)) / np.maximum(weight, 1e-4)[..., None]
        share = np.clip(weight * 8, 0, 1) * (1 - reached)
        filled = filled + average * share[..., None]
        reached = reached + share
    return np.asarray(filled / np.maximum(reached, 1e-4)[..., None], np.float32)


def _blurred(picture: Floats, sigma: float) -> Floats:
    """A Gaussian blur; wide ones are done on a smaller picture."""
    shrink = int(min(16, max(1, sigma // 4)))
    height, width = picture.shape[:2]
    small_size = (max(2, width // shrink), max(2, height // shrink))
    small = picture if shrink == 1 else cv2.resize(picture, small_size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REPLICATE)
    if shrink > 1:
        small = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(small, np.float32)


def _distance(shape: tuple[int, ...], corner: tuple[int, int], side: int) -> Floats:
    """Each pixel's distance from a square, 0 inside."""
    beyond = []
    for length, start in ((shape[1], corner[0]), (shape[0], corner[1])):
        at = np.arange(length, dtype=np.float32)
        beyond.append(np.maximum(np.maximum(start - at, at - (start + side - 1)), 0))
    return np.hypot(beyond[0][None, :], beyond[1][:, None])


def _opacity(person: Bytes, opens: tuple[bool, bool, bool, bool]) -> Floats:
    """1 inside and on the presenter, 0 at the edges beyond which the studio goes on and where the presenter leaves."""
    side = len(person)
    wall = np.ones((side, side), np.float32)
    body = wall.copy()
    at = np.arange(side, dtype=np.float32)
    rise = np.clip(at / (_RIM * side), 0, 1)
    rise = rise * rise * (3 - 2 * rise)
    cut = np.clip((at + 0.5) / 2, 0, 1)  # two pixels: a clean edge without stairs
    for edge in (name for name, is_open in zip(_EDGES, opens, strict=True) if is_open):
        leaves = _leaving(_EDGES[edge](person))
        wall *= _EDGES[edge](np.broadcast_to(rise, (side, side)))
        body *= _EDGES[edge](cut * (1 - leaves * (1 - rise)))
    inside = cv2.GaussianBlur(person.astype(np.float32), (0, 0), side * 0.004)
    return np.asarray(wall + (body - wall) * np.clip(2 * inside, 0, 1), np.float32)


def _leaving(person: Bytes) -> Floats:
    """Per row [side, 1] in 0-1, how much the presenter leaves across the left edge.

    A contour that meets the edge at an angle leaves; one that runs along it, a rounded shoulder, only touches.
    """
    side = len(person)
    touches = person[:, :2].max(1).astype(np.float32)
    rows = np.flatnonzero(touches)
    if len(rows) < _CONTACT * side:
        return np.zeros((side, 1), np.float32)
    up = round(_CONTACT * side)
    above = person[max(0, rows[0] - up)]
    distance = int(np.argmax(above)) if above.any() else side
    depth = np.clip((distance / up - _TOUCHES) / (_LEAVES - _TOUCHES), 0, 1)
    spread = cv2.GaussianBlur(touches, (0, 0), side * 0.04).reshape(side, 1)
    return np.asarray(depth * np.clip(2 * spread, 0, 1), np.float32)
