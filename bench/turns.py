"""Two sides that take turns on the same cores: every ten seconds one is frozen and the other goes on.

A shared machine is now faster, now slower, for minutes at a time, and two long runs one after the other mostly measure
that. Short turns meet the same weather; much shorter ones would measure how a farm comes back from having been frozen.
"""

from __future__ import annotations

import contextlib
import itertools
import signal
import time
from collections.abc import Callable, Iterable

import psutil

TURN_SECONDS = 10.0

Processes = Callable[[], Iterable[psutil.Process]]


class Turns:
    """Who ran when. Both sides' processes are asked for anew at each turn: a side may start some on the way."""

    def __init__(self, *sides: Processes) -> None:
        self._sides = sides
        self._stops: list[list[tuple[float, float]]] = [[] for _ in sides]

    def take(self, over: list[Callable[[], bool]], look_seconds: float = 0.1) -> None:
        """Lets the sides run in turns until each is `over`; one that is over leaves its turns to the others."""
        since: list[float | None] = [None] * len(self._sides)
        try:
            for turn in itertools.cycle(range(len(self._sides))):
                if all(done() for done in over):
                    return
                if over[turn]():
                    continue
                self._let(turn, since)
                ends = time.monotonic() + TURN_SECONDS
                while time.monotonic() < ends and not over[turn]():
                    time.sleep(look_seconds)
        finally:
            for side in range(len(self._sides)):
                self._go_on(side, since)

    def frozen(self, side: int) -> Callable[[float, float], float]:
        """How long a side was frozen between two times of the monotonic clock, in seconds."""
        stops = self._stops[side]
        return lambda began, ended: sum(max(min(end, ended) - max(start, began), 0.0) for start, end in stops)

    def _let(self, turn: int, since: list[float | None]) -> None:
        for side in range(len(self._sides)):
            if side != turn and since[side] is None:
                _signal(self._sides[side](), signal.SIGSTOP)
                since[side] = time.monotonic()
        self._go_on(turn, since)

    def _go_on(self, side: int, since: list[float | None]) -> None:
        start = since[side]
        if start is not None:
            self._stops[side].append((start, time.monotonic()))
            since[side] = None
            _signal(self._sides[side](), signal.SIGCONT)


def _signal(processes: Iterable[psutil.Process], number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
