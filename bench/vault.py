"""What sealing costs on one core: opening a bundle, and closing clips beside making them."""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable

from bench.measure import Measurement, median
from understudy_vault.envelope import new_data_key
from understudy_workers.sealing import Seal

BUNDLE_BYTES = 200_000_000
CLIP_BYTES = 400_000
"""A second or two of 1280x720, as performers make them."""
BAR_MB_PER_SECOND = 300.0
RUNS = 5
VERSION, NAME = "ab" * 32, "cd" * 32


def run() -> list[Measurement]:
    """Rates and times."""
    seal, data = Seal("ef" * 32, new_data_key()), secrets.token_bytes(BUNDLE_BYTES)
    sealed = seal.close(data, VERSION, NAME)
    seal.open(sealed, VERSION, NAME)
    opening = [BUNDLE_BYTES / 1e6 / _seconds(lambda: seal.open(sealed, VERSION, NAME)) for _ in range(RUNS)]
    closing = [BUNDLE_BYTES / 1e6 / _seconds(lambda: seal.close(data, VERSION, NAME)) for _ in range(RUNS)]
    clip = data[:CLIP_BYTES]
    clips = [1e3 * _seconds(lambda: seal.close(clip, VERSION, NAME)) for _ in range(50)]
    return [
        median("unseal a 200 MB bundle", opening, "MB/s", bar=BAR_MB_PER_SECOND),
        median("seal a 200 MB bundle", closing, "MB/s"),
        Measurement("seal a clip of 400 kB", statistics.median(clips), "ms", note=f"{len(clips)} runs"),
    ]


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
