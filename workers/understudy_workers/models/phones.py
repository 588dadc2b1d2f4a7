"""What is being said, as 52 numbers a hundredth of a second: a mel spectrogram and the phone encoder over it.

The encoder is language-independent and ships with the package (`phones.onnx`); how it was trained stands in
`understudy_workers.training.phone_encoder`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from understudy_workers.models.voice import SAMPLE_RATE_HZ, SAMPLES_PER_FRAME

MELS: Final = 64
FEATURES: Final = 52
"""32 numbers that tell phones apart, and how likely each of 20 mouth positions is (as 3 times the square root)."""

PER_FRAME: Final = 4
"""Feature vectors in one video frame: 100 a second at 25 frames a second."""

ENCODER: Final = Path(__file__).with_name("phones.onnx")

_WINDOW: Final = 551  # 25 ms
_FFT: Final = 1024
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 8000.0
_FLOOR: Final = 1e-7

Floats = npt.NDArray[np.float32]


def mel_spectrogram(samples: Floats) -> Floats:
    """Log-mel energies, [4 * frames, 64] for frames of 882 samples; 0 is about -45 dB, one unit is 20 dB.

    Row k is centred on (k + 1/2) / 100 s. Samples beyond the last whole frame are ignored.
    """
    count = len(samples) // SAMPLES_PER_FRAME * PER_FRAME
    if count == 0:
        return np.zeros((0, MELS), np.float32)
    centres = np.round((np.arange(count) + 0.5) * SAMPLE_RATE_HZ / 100).astype(np.int64)
    padded = np.pad(samples, _WINDOW)
    index = centres[:, None] + np.arange(_WINDOW) + _WINDOW - _WINDOW // 2
    window = np.hanning(_WINDOW).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(padded[index] * (2 * window / window.sum()), _FFT)) ** 2
    energies = spectrum @ _filters().T
    return np.asarray((np.log10(energies + _FLOOR) + 4.5) / 2, np.float32)


@cache
def _filters() -> npt.NDArray[np.float64]:
    """Triangles equally spaced on the mel scale (O'Shaughnessy: 2595 log10(1 + f / 700)), [64, 513]."""
    mel_low, mel_high = (2595 * np.log10(1 + f / 700) for f in (_LOWEST_HZ, _HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(mel_low, mel_high, MELS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE_HZ)
    rising = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)))


class PhoneEncoder:
    """A loaded phone encoder. Runs on one CPU thread: it costs about 1 ms a second of sound."""

    def __init__(self, model: bytes | None = None) -> None:
        """Loads an ONNX model; without one, the encoder that ships with the package."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        data = ENCODER.read_bytes() if model is None else model
        self._session: Any = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])

    def encode(self, samples: Floats) -> Floats:
        """The features of speech at 22,050 Hz and about -16 LUFS: [4 * frames, 52], all within about -1 to 3."""
        mel = mel_spectrogram(samples)
        if len(mel) == 0:
            return np.zeros((0, FEATURES), np.float32)
        return np.asarray(self._session.run(None, {"mel": mel.T[None]})[0][0].T, np.float32)
