"""The two presenters. Both are inventions of this table; nobody real is portrayed."""

from __future__ import annotations

from .eyes import EyeShape
from .field import Limb, Lump
from .lips import MouthShape
from .look import HairStyle, Look

_ADA_HEAD: tuple[Lump | Limb, ...] = (
    Lump((0, 3.3, -0.9), (7.0, 7.7, 8.8)),
    Lump((0, 0.2, 2.4), (6.3, 7.6, 5.9), 2.0),
    Lump((0, -4.6, 2.6), (5.0, 4.9, 5.0), 2.5),
    Lump((0, -8.35, 5.6), (2.0, 1.45, 1.7), 3.4),
    Lump((4.1, -2.3, 4.8), (1.8, 1.5, 1.9), 2.2),
    Lump((2.9, -4.1, 5.6), (2.1, 2.0, 1.9), 2.2),
    Lump((0, -5.9, 5.5), (2.7, 2.0, 2.7), 1.8),
    Lump((2.6, 1.75, 6.7), (2.1, 0.75, 0.9), 1.6),
    Lump((3.1, 0.2, 9.3), (2.1, 1.15, 1.65), 1.6, carve=True),
    Lump((1.45, -0.1, 9.1), (0.85, 1.1, 1.3), 1.2, carve=True),
    Lump((3.2, 0.0, 6.55), (1.66, 1.66, 1.66), 0.7),
    Limb((0, 0.7, 7.2), (0, -2.9, 8.7), (0.58, 0.66), 1.3),
    Lump((0, -3.25, 8.95), (0.80, 0.72, 0.85), 0.7),
    Lump((0.95, -3.6, 8.15), (0.58, 0.50, 0.75), 0.6),
    Lump((0.48, -4.12, 8.75), (0.30, 0.24, 0.46), 0.25, carve=True),
    Limb((0, -4.35, 8.5), (0, -4.95, 8.5), (0.18, 0.22), 0.5, carve=True),
    Limb((0, -6.5, -2.0), (0, -17.5, -3.2), (4.0, 4.3), 1.6),
)

_ADA_TORSO: tuple[Lump | Limb, ...] = (
    Limb((0, -12.4, -3.8), (12.6, -16.6, -4.4), (2.2, 3.3), 3.0),
    Limb((12.8, -17.2, -4.4), (14.8, -28.0, -3.0), (3.3, 3.6), 1.5),
    Lump((0, -23.6, -3.9), (13.0, 9.0, 5.6), 3.0),
    Lump((4.6, -24.5, 0.2), (3.8, 3.6, 3.0), 2.5),
)

ADA = Look(
    name="ada",
    voice="f2",
    pitch=55,
    head=_ADA_HEAD,
    torso=_ADA_TORSO,
)

_BEN_HEAD: tuple[Lump | Limb, ...] = (
    Lump((0, 3.4, -0.9), (7.2, 8.0, 9.0)),
    Lump((0, 0.2, 2.4), (6.45, 7.9, 5.9), 2.0),
    Lump((0, -5.2, 2.6), (5.2, 4.9, 5.0), 2.5),
    Lump((3.6, -6.9, 2.2), (1.6, 1.7, 2.4), 3.0),
    Lump((0, -9.3, 5.7), (2.4, 1.6, 1.9), 2.6),
    Lump((4.3, -2.6, 4.6), (1.8, 1.5, 1.9), 2.2),
    Lump((2.9, -4.7, 5.4), (2.1, 2.2, 1.9), 2.2),
    Lump((0, -6.4, 5.5), (2.8, 2.2, 2.7), 1.8),
    Lump((2.5, 1.55, 7.0), (2.4, 0.75, 1.0), 1.5),
    Lump((3.2, 0.1, 9.5), (2.1, 1.1, 1.65), 1.6, carve=True),
    Lump((1.55, -0.2, 9.2), (0.85, 1.1, 1.3), 1.2, carve=True),
    Lump((3.25, 0.0, 6.45), (1.62, 1.62, 1.62), 0.6),
    Limb((0, 0.9, 7.4), (0, -3.4, 8.9), (0.68, 0.78), 1.3),
    Lump((0, -3.85, 9.05), (0.95, 0.80, 0.92), 0.7),
    Lump((1.15, -4.15, 8.15), (0.66, 0.58, 0.80), 0.6),
    Lump((0.58, -4.78, 8.75), (0.34, 0.26, 0.48), 0.25, carve=True),
    Limb((0, -5.0, 8.55), (0, -5.5, 8.55), (0.20, 0.24), 0.5, carve=True),
    Lump((7.0, -1.3, -0.8), (0.85, 2.4, 1.35), 0.5),
    Limb((7.75, 0.6, -1.5), (7.0, -3.2, 0.0), (0.40, 0.38), 0.4),
    Lump((7.5, -0.9, 0.3), (0.42, 1.25, 0.85), 0.3, carve=True),
    Limb((0, -7.0, -2.0), (0, -17.5, -3.2), (5.2, 5.5), 1.8),
)

_BEN_TORSO: tuple[Lump | Limb, ...] = (
    Limb((0, -12.9, -3.8), (15.0, -17.2, -4.4), (3.0, 4.0), 3.0),
    Limb((15.2, -18.0, -4.4), (17.0, -29.0, -3.0), (3.9, 4.2), 1.5),
    Lump((0, -23.6, -3.9), (15.5, 9.2, 6.2), 3.0),
    Limb((0, -12.2, -3.9), (0, -16.4, -2.9), (5.6, 6.3), 0.6),
    Lump((0, -12.4, 4.2), (3.6, 6.4, 4.8), 0.4, carve=True),
)

BEN = Look(
    name="ben",
    voice="m3",
    pitch=42,
    head=_BEN_HEAD,
    torso=_BEN_TORSO,
    eyes=EyeShape(
        centre=(3.25, 0.0, 6.5),
        radius=1.46,
        half_width=1.45,
        upper=0.52,
        lower=0.40,
        tilt=0.05,
        lash_length=0.26,
        iris_radius=0.70,
        iris=(0.17, 0.085, 0.035),
    ),
    mouth=MouthShape(
        centre=(0.0, -6.55),
        half_width=2.45,
        upper=0.44,
        lower=0.66,
        bow=0.09,
        upper_bulge=0.22,
        lower_bulge=0.32,
        smile=0.24,
    ),
    hair=HairStyle(
        root=(0.022, 0.014, 0.010),
        tip=(0.050, 0.030, 0.020),
        sheen=(0.55, 0.50, 0.45),
        style="crop",
        strands=9500,
        length=5.2,
        side_share=0.16,
        knots=12,
        width=0.07,
        lift=(0.20, 2.0),
        rise=1.2,
        hug=0.6,
        hairline=7.4,
        hairline_half=6.15,
        hairline_low=0.5,
        sideburn_z=0.9,
        nape=-5.0,
        side_low=1.4,
        part_x=-2.4,
        locks=420,
        clump=0.55,
        wave=0.25,
        waves=0.7,
        uneven=0.12,
        fuzz=0.02,
        back_z=-4.0,
    ),
    skin=(0.52, 0.295, 0.20),
    lips=(0.43, 0.185, 0.145),
    blush=0.35,
    brows=(0.025, 0.016, 0.012),
    brow_weight=1.55,
    brow_height=1.62,
    brow_arch=0.22,
    stubble=0.34,
    lid_shadow=0.05,
    jacket=(0.040, 0.042, 0.046),
    shirt=(0.50, 0.58, 0.68),
    collar=True,
    wall_dark=(0.20, 0.19, 0.19),
    wall_light=(0.55, 0.51, 0.46),
    plant=(0.16, 0.25, 0.17),
)

LOOKS: dict[str, Look] = {look.name: look for look in (ADA, BEN)}
