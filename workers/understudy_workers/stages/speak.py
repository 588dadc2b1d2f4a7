"""speak: words to sound."""

from __future__ import annotations

import numpy as np

from understudy_workers.footage import Spoken
from understudy_workers.models.voice import SAMPLES_PER_FRAME, Voice


def speak(voice: Voice, words: str, locale: str) -> Spoken:
    """One sentence said by a voice, in whole frames. Raises UnspeakableError for what it cannot say."""
    speech = voice.speak(words, locale)
    if len(speech.samples) == 0 or len(speech.samples) % SAMPLES_PER_FRAME:
        raise RuntimeError(
            f"voice: wanted whole frames of {SAMPLES_PER_FRAME} samples, got {len(speech.samples)} samples; a voice "
            "has to pad its takes"
        )
    samples = np.clip(np.rint(speech.samples * 32767), -32768, 32767).astype(np.int16)
    return Spoken(samples, speech.words)
