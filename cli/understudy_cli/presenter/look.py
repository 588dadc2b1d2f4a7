"""What can be chosen about a presenter: sculpture, features, hair, colours, voice."""

from __future__ import annotations

from dataclasses import dataclass, field

from .eyes import EyeShape
from .field import Limb, Lump
from .lips import MouthShape

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class HairStyle:
    """How hair grows: see `hair.py`. Colours are linear RGB; lengths in cm."""

    root: Colour = (0.10, 0.045, 0.02)
    tip: Colour = (0.22, 0.10, 0.045)
    sheen: Colour = (0.85, 0.62, 0.42)
    strands: int = 8500
    style: str = "bob"
    length: float = 17.0
    uneven: float = 0.05
    knots: int = 20
    side_share: float = 1.0
    width: float = 0.062
    lift: tuple[float, float] = (0.25, 1.55)
    rise: float = 4.0
    hug: float = 0.85
    free_below: float = -1.0
    hairline: float = 6.6
    hairline_half: float = 6.3
    hairline_low: float = -3.0
    sideburn_z: float = 3.2
    nape: float = -6.0
    side_low: float = -99.0
    part_x: float = 1.6
    part_side: float = 1.0
    sweep: float = -0.28
    turn_y: float = 7.0
    face_half: float = 5.9
    curl_y: float = -8.0
    curl: float = 0.10
    locks: int = 260
    clump: float = 0.42
    waves: float = 1.5
    wave: float = 0.8
    fuzz: float = 0.012
    back_z: float = -5.0


@dataclass(frozen=True)
class Look:
    """A presenter: sculpture, features, colours (linear RGB) and the variant of the voice."""

    name: str
    voice: str
    pitch: int
    head: tuple[Lump | Limb, ...]
    torso: tuple[Lump | Limb, ...]
    eyes: EyeShape = field(default_factory=EyeShape)
    mouth: MouthShape = field(default_factory=MouthShape)
    hair: HairStyle = field(default_factory=HairStyle)
    skin: Colour = (0.72, 0.44, 0.32)
    lips: Colour = (0.56, 0.19, 0.17)
    blush: float = 0.5
    brows: Colour = (0.075, 0.036, 0.02)
    brow_weight: float = 1.15
    stubble: float = 0.0
    jacket: Colour = (0.022, 0.040, 0.075)
    shirt: Colour = (0.72, 0.70, 0.66)
    collar: bool = False
    lid_shadow: float = 0.18
    brow_height: float = 1.8
    brow_arch: float = 0.42
    wall_dark: Colour = (0.17, 0.22, 0.27)
    wall_light: Colour = (0.45, 0.53, 0.58)
    plant: Colour = (0.12, 0.24, 0.18)
