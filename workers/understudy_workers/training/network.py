"""The face network: a linear picture of the mouth from pose and code, and a small U-Net that makes it real."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import nn
from torch.nn import functional

WIDTHS: Final = (40, 64, 96)
PATCH: Final = 4
_CONDITION: Final = 64


@dataclass(frozen=True)
class Shape:
    """Sizes of a face network: pixels along the square's side, numbers in a mouth code and in a pose."""

    side: int
    codes: int
    poses: int


class Block(nn.Module):
    """Two 3 x 3 convolutions around a residual, scaled and shifted by what is said (FiLM, Perez et al. 2018)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)
        self.film = nn.Linear(_CONDITION, 2 * width)

    def forward(self, hidden: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """[n, width, h, w] and [n, 64] -> [n, width, h, w]."""
        scale, shift = self.film(condition)[:, :, None, None].chunk(2, 1)
        inner = self.first_norm(self.first(hidden)) * (1 + scale) + shift
        inner = self.second_norm(self.second(functional.leaky_relu(inner, 0.1)))
        return functional.leaky_relu(hidden + inner, 0.1)


class LinearFace(nn.Module):
    """[pose, pose squared, code, 1] -> pixels in [0, 1], channels first; solved in closed form, then fixed."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.side = shape.side
        self.weight = nn.Parameter(torch.zeros(2 * shape.poses + shape.codes + 1, 3 * shape.side**2), False)

    def forward(self, pose: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
        """[n, poses] and [n, codes] -> [n, 3, side, side]."""
        return (design(pose, code) @ self.weight).reshape(-1, 3, self.side, self.side)


def design(pose: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
    """The regressors of the linear face: [n, 2 * poses + codes + 1]."""
    return torch.cat([pose, pose**2, code, torch.ones_like(pose[:, :1])], 1)


class FaceNet(nn.Module):
    """A steadied square whose mouth is hidden, a quiet one of nearly the same pose, a pose and a mouth code -> the square.

    All pictures are [n, 3, side, side] in [0, 1].
    """

    hidden: torch.Tensor

    def __init__(self, shape: Shape, hidden: torch.Tensor) -> None:
        """`hidden` [side, side] is 1 where the plate must not be looked at, 0 at the square's edge."""
        super().__init__()
        self.shape = shape
        self.register_buffer("hidden", hidden[None, None])
        self.linear = LinearFace(shape)
        full, half, quarter = WIDTHS
        self.condition = nn.Sequential(
            nn.Linear(shape.codes + shape.poses, _CONDITION), nn.LeakyReLU(0.1), nn.Linear(_CONDITION, _CONDITION)
        )
        self.stem = nn.Conv2d(9 * PATCH**2, full, 1)
        self.down_full, self.down_half = nn.Conv2d(full, half, 3, 2, 1), nn.Conv2d(half, quarter, 3, 2, 1)
        self.up_half, self.up_full = nn.Conv2d(quarter, half, 1), nn.Conv2d(half, full, 1)
        self.blocks = nn.ModuleList(Block(width) for width in (full, half, quarter, quarter, half, full))
        self.head = nn.Conv2d(full, 3 * PATCH**2, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def forward(self, plate: torch.Tensor, quiet: torch.Tensor, pose: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
        """See the class."""
        drawn = self.linear(pose, code)
        return drawn + self.residual(plate, quiet, drawn, pose, code)

    def residual(
        self,
        plate: torch.Tensor,
        quiet: torch.Tensor,
        drawn: torch.Tensor,
        pose: torch.Tensor,
        code: torch.Tensor,
    ) -> torch.Tensor:
        """What the linear picture lacks, [n, 3, side, side]."""
        seen = torch.cat([(plate - 0.5) * (1 - self.hidden), quiet - 0.5, drawn - 0.5], 1)
        condition = functional.leaky_relu(self.condition(torch.cat([code, pose], 1)), 0.1)
        full = functional.leaky_relu(self.stem(functional.pixel_unshuffle(seen, PATCH)), 0.1)
        full = self.blocks[0](full, condition)
        half = self.blocks[1](functional.leaky_relu(self.down_full(full), 0.1), condition)
        low = self.blocks[2](functional.leaky_relu(self.down_half(half), 0.1), condition)
        low = self.blocks[3](low, condition)
        half = self.blocks[4](half + _twice(self.up_half(low)), condition)
        full = self.blocks[5](full + _twice(self.up_full(half)), condition)
        return functional.pixel_shuffle(self.head(full), PATCH)


def _twice(hidden: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(hidden, scale_factor=2.0, mode="nearest")


class Deployed(nn.Module):
    """The face network as the farm runs it: uint8 pictures, channels last, in and out."""

    def __init__(self, net: FaceNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, plate: torch.Tensor, quiet: torch.Tensor, pose: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
        """uint8 [n, side, side, 3] twice, float [n, poses], float [n, codes] -> uint8 [n, side, side, 3]."""
        painted = self.net(unit(plate), unit(quiet), pose, code)
        return torch.clamp(painted * 255 + 0.5, 0, 255).to(torch.uint8).permute(0, 2, 3, 1)


def unit(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 [n, h, w, 3] as float [n, 3, h, w] in [0, 1]."""
    return pictures.permute(0, 3, 1, 2).to(torch.float32) / 255
