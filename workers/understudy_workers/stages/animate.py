"""animate: sound to a performance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from understudy_workers.footage import Spoken
from understudy_workers.models.face import Performance


class Face(Protocol):
    """Anything that moves to speech: a trained twin."""

    def animate(self, samples: npt.NDArray[np.float32], between: Callable[[], None]) -> Performance:
        """One picture for each 882 samples; calls `between` every few of them."""
        ...


def animate(face: Face, spoken: Spoken, between: Callable[[], None] = lambda: None) -> Performance:
    """A take's picture, one frame for each of its sound's. What `between` raises ends it."""
    performance = face.animate(spoken.as_float(), between)
    if not len(performance.plate_indices) == len(performance.patches) == spoken.frames:
        raise RuntimeError(
            f"twin: wanted {spoken.frames} frames for this sound, got {len(performance.plate_indices)} plates and "
            f"{len(performance.patches)} mouths"
        )
    return performance
