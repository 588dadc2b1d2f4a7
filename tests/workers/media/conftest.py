"""A drawn presenter: a graded wall, a blazer, a head that moves a little from plate to plate, a mouth that opens."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import pytest

SIDE = 512
Plate = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Rect:
    x: int
    y: int
    width: int
    height: int


def draw_plate(step: int = 0, opening: int = 3, shoulder: int = 200, blazer_y: int = 520) -> Plate:
    """One plate [512, 512, 3]: ``shoulder`` is half the blazer's width, widest at ``blazer_y``."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    plate = np.stack([120 + 40 * x, 130 + 30 * x - 20 * y, 110 + 20 * y], 2).astype(np.uint8)
    centre = 256 + step
    cv2.ellipse(plate, (256, blazer_y), (shoulder, 130), 0, 0, 360, (60, 80, 150), -1, cv2.LINE_AA)
    cv2.rectangle(plate, (centre - 45, 300), (centre + 45, 420), (205, 160, 140), -1)
    cv2.ellipse(plate, (centre, 220), (90, 130), 0, 0, 360, (225, 180, 160), -1, cv2.LINE_AA)
    cv2.ellipse(plate, (centre, 290), (34, opening), 0, 0, 360, (120, 40, 50), -1, cv2.LINE_AA)
    return plate


@pytest.fixture(scope="session")
def mouth() -> Rect:
    return Rect(192, 226, 128, 128)


@pytest.fixture(scope="session")
def plates() -> Plate:
    return np.stack([draw_plate(step) for step in range(6)])


@pytest.fixture(scope="session")
def patches(plates: Plate, mouth: Rect) -> Plate:
    """For each plate its mouth wide open; the rectangle's border as in the plate."""
    faces = [draw_plate(step, opening=26) for step in range(len(plates))]
    return np.stack([cut(face, mouth) for face in faces])


def cut(plate: Plate, rect: Rect) -> Plate:
    return plate[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]


@pytest.fixture(scope="session")
def draw() -> Callable[..., Plate]:
    """Draws one plate; see ``draw_plate``."""
    return draw_plate
