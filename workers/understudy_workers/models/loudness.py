"""Loudness and true peak after ITU-R BS.1770-4, and bringing mono speech to a target of both."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

TARGET_LUFS: Final = -16.0
PROMISED_DBTP: Final = -1.0
CEILING_DBTP: Final = PROMISED_DBTP - 0.2
"""Where the limiter holds the true peak: a little under what is promised, for what its own gain ride adds."""

_BLOCK_SECONDS, _STEP_SECONDS = 0.4, 0.1
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, -10.0
_CLOSE_LU: Final = 0.2
_OVERSAMPLING: Final = 4
_LIMITER_SECONDS: Final = 0.004

Samples = npt.NDArray[np.float32]


def loudness_lufs(samples: Samples, rate_hz: int) -> float:
    """Integrated loudness of mono samples in LUFS, gated; -inf where no 400 ms block reaches -70 LUFS."""
    weighted = _k_weight(samples.astype(np.float64), rate_hz)
    block, step = round(_BLOCK_SECONDS * rate_hz), round(_STEP_SECONDS * rate_hz)
    if len(weighted) < block:
        weighted = np.pad(weighted, (0, block - len(weighted)))
    sums = np.concatenate([[0.0], np.cumsum(weighted**2)])
    starts = np.arange(0, len(weighted) - block + 1, step)
    power = np.maximum((sums[starts + block] - sums[starts]) / block, 1e-20)
    lufs = -0.691 + 10 * np.log10(power)
    loud = power[lufs > _ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return float("-inf")
    gate = -0.691 + 10 * np.log10(loud.mean()) + _RELATIVE_GATE_LU
    kept = power[(lufs > _ABSOLUTE_GATE_LUFS) & (lufs > gate)]
    return float(-0.691 + 10 * np.log10(kept.mean()))


def true_peak(samples: Samples) -> float:
    """Largest magnitude between the samples too, by four-fold band-limited interpolation; linear, 0 when empty."""
    return float(np.max(_envelope(samples.astype(np.float64)), initial=0.0))


def normalise(samples: Samples, rate_hz: int) -> Samples:
    """The same speech at about -16 LUFS with a true peak under -1 dB; silence stays silence.

    A limiter with 4 ms of look-ahead takes single peaks down, so that a peaky voice is as loud as a dense one.
    """
    lufs = loudness_lufs(samples, rate_hz)
    if lufs == float("-inf"):
        return samples.astype(np.float32)
    result = samples.astype(np.float64)
    for _ in range(3):  # limiting lowers the loudness a little: make up for it
        lufs = loudness_lufs(result.astype(np.float32), rate_hz)
        if abs(lufs - TARGET_LUFS) < _CLOSE_LU:
            break
        result = _limit(result * 10 ** ((TARGET_LUFS - lufs) / 20), rate_hz)
    return _under_promise(result, rate_hz).astype(np.float32)


def _under_promise(samples: npt.NDArray[np.float64], rate_hz: int) -> npt.NDArray[np.float64]:
    """The samples with no peak above what is promised: where a fast gain ride made new ones, it is ridden again, then trimmed."""
    promised = 10 ** (PROMISED_DBTP / 20)
    peak = float(_envelope(samples).max(initial=0.0))
    if peak < promised:
        return samples
    again = _limit(samples, rate_hz)
    return again * min(1.0, 0.999 * promised / max(float(_envelope(again).max(initial=0.0)), 1e-9))


def _limit(samples: npt.NDArray[np.float64], rate_hz: int) -> npt.NDArray[np.float64]:
    ceiling = 10 ** (CEILING_DBTP / 20)
    needed = np.minimum(1.0, ceiling / np.maximum(_envelope(samples), 1e-9))
    if needed.min() >= 1.0:
        return samples
    half = max(round(_LIMITER_SECONDS * rate_hz / 2), 1)
    padded = np.pad(needed, 2 * half, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1).min(axis=1)
    window = np.hanning(2 * half + 3)[1:-1]
    return samples * np.convolve(lowest, window / window.sum(), mode="valid")


def _envelope(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Per sample the largest magnitude of the signal in the sample's own interval, four points each."""
    if not len(samples):
        return np.zeros(0)
    length = _smooth(len(samples))
    fine = np.fft.irfft(np.fft.rfft(samples, length), _OVERSAMPLING * length) * _OVERSAMPLING
    return np.asarray(np.abs(fine).reshape(-1, _OVERSAMPLING).max(axis=1)[: len(samples)])


def _smooth(length: int) -> int:
    """The next multiple of 1024: a length without large prime factors, which a Fourier transform is fast at."""
    return -(-length // 1024) * 1024


def _k_weight(samples: npt.NDArray[np.float64], rate_hz: int) -> npt.NDArray[np.float64]:
    """The samples through the K filter."""
    padded = _smooth(len(samples) + rate_hz // 2)
    return np.asarray(np.fft.irfft(np.fft.rfft(samples, padded) * _k_response(padded, rate_hz), padded)[: len(samples)])


@lru_cache(maxsize=8)
def _k_response(padded: int, rate_hz: int) -> npt.NDArray[np.complex128]:
    """The K filter: BS.1770's two stages, redesigned for `rate_hz` from their analogue parameters (De Man 2014)."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(padded))
    shelf = _shelf(rate_hz)
    high_pass = _high_pass(rate_hz)
    response: npt.NDArray[np.complex128] = np.ones_like(z)
    for numerator, denominator in (shelf, high_pass):
        response *= np.polyval(numerator[::-1], z) / np.polyval(denominator[::-1], z)
    response.flags.writeable = False
    return response


def _shelf(rate_hz: int) -> tuple[list[float], list[float]]:
    frequency_hz, gain_db, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = float(np.tan(np.pi * frequency_hz / rate_hz))
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    scale = 1 + k / q + k * k
    numerator = [
        (high + band * k / q + k * k) / scale,
        2 * (k * k - high) / scale,
        (high - band * k / q + k * k) / scale,
    ]
    return numerator, [1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale]


def _high_pass(rate_hz: int) -> tuple[list[float], list[float]]:
    frequency_hz, q = 38.13547087602444, 0.5003270373238773
    k = float(np.tan(np.pi * frequency_hz / rate_hz))
    scale = 1 + k / q + k * k
    return [1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale]
