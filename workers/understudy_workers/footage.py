"""What lies between the stages: a take's sound and a clip's pictures, as they are kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from understudy_workers.models.voice import SAMPLES_PER_FRAME, Word


@dataclass(frozen=True)
class Spoken:
    """A spoken take: mono int16 samples at 22,050 Hz, a whole number of 882-sample frames; words in order."""

    samples: npt.NDArray[np.int16]
    words: tuple[Word, ...]

    @property
    def frames(self) -> int:
        """Pictures the take lasts, at 25 a second."""
        return len(self.samples) // SAMPLES_PER_FRAME

    def as_float(self) -> npt.NDArray[np.float32]:
        """The samples in [-1, 1): what the face listens to, so that every format of a take moves alike."""
        return self.samples.astype(np.float32) / np.float32(32768)


@dataclass(frozen=True)
class Clip:
    """A take's pictures in one size: raw H.264 (Annex B) that begins with a key frame."""

    data: bytes
    frames: int
    width: int
    height: int
