"""Seconds of work by stage, and when each was at work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Lap(NamedTuple):
    """A stretch of work on one stage, in Unix seconds."""

    stage: str
    began_at: float
    ended_at: float


class Stopwatch:
    """Counts wall-clock seconds under names; `stages` holds what was counted so far, `laps` when that was."""

    def __init__(self) -> None:
        self.laps: list[Lap] = []
        self._wall = time.time() - time.perf_counter()
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
            ended = time.perf_counter()
            self.add(name, ended - started)
            self.laps.append(Lap(name, self._wall + started, self._wall + ended))

    def add(self, name: str, seconds: float) -> None:
        """Counts seconds measured elsewhere; negative ones take away."""
        self.stages[name] = self.stages.get(name, 0.0) + seconds
