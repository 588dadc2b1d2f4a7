"""Held-out takes for scoring a twin of the presenter: each sentence drawn twice, speaking and silent.

Both have the same head movement, blinks, brows and light; only the mouth differs. A model is given the silent frames
and the sound, so nothing of the true mouth leaks into it, and its pixels can be compared with the truth exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .look import Look
from .portrait import Portrait
from .raster import Bytes
from .script import write_script
from .sentences import Sentence
from .targets import NAMES


@dataclass(frozen=True)
class HeldOut:
    """One sentence: sound (float32, 22,050 Hz, 882 samples per frame), `truth` and `silent` frames
    [n, size, size, 3] RGB, and the generator's true lip opening [n] (0 shut, 1 wide) for scoring only."""

    sentence: Sentence
    samples: npt.NDArray[np.float32]
    truth: Bytes
    silent: Bytes
    opening: npt.NDArray[np.float64]


def hold_out(look: Look, portrait: Portrait, sentences: Iterable[Sentence], seed: int) -> Iterator[HeldOut]:
    """Draw each sentence as its own take; `portrait` must be of `look`. Equal seeds give equal frames."""
    for i, sentence in enumerate(sentences):
        performance = write_script(look, [sentence], seed + 101 * i)
        spoken = [portrait.draw(performance.moment(f)) for f in range(performance.frames)]
        silent = [portrait.draw(performance.silent_moment(f)) for f in range(performance.frames)]
        opening = np.clip(performance.mouth[:, NAMES.index("open")], 0, 1)
        yield HeldOut(sentence, performance.samples, np.stack(spoken), np.stack(silent), opening)
