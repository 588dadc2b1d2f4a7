"""Seconds of work by stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Counts wall-clock seconds under names; `stages` holds what was counted so far."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._started = time.perf_counter()

    @property
    def total_seconds(self) -> float:
        """Seconds since this stopwatch was made."""
        return time.perf_counter() - self._started

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the block under `name`, also when it raises."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        """Counts seconds measured elsewhere; negative ones take away."""
        self.stages[name] = self.stages.get(name, 0.0) + seconds
