"""The vault's log: a line is an object, created where none is, bound to the one before it. Written before anything is done.

`log/{sequence:012d}.json` is `{"sequence", "previous": SHA-256 of the object before, "at", ...}`. Nothing is altered or
removed by this code, and the vault's account may do neither; who can write the bucket past it is found by the chain.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any, Final, Protocol

from understudy_api.digest import canonical, digest_bytes

PREFIX: Final = "log/"
START: Final = "0" * 64
"""What the first line is bound to."""


class Shelf(Protocol):
    """Where lines lie: created once, never replaced."""

    def create(self, key: str, data: bytes) -> bool:
        """Writes an object only where none is."""

    def get(self, key: str) -> bytes | None:
        """An object's bytes."""


class Journal:
    """One log, which several vaults may share: of two that write at once, one goes behind the other."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()
        self._next = -1
        self._previous = START

    def write(self, at: float, what: str, **facts: Any) -> int:
        """Appends a line and returns its sequence. Raises what the shelf raises: then nothing may be done."""
        with self._lock:
            if self._next < 0:
                self._find_end()
            while True:
                line = {"sequence": self._next, "previous": self._previous, "at": int(at), "what": what, **facts}
                data = canonical(line)
                if self._shelf.create(line_key(self._next), data):
                    self._step(data)
                    return int(line["sequence"])
                self._step(self._shelf.get(line_key(self._next)) or b"")

    def _step(self, data: bytes) -> None:
        self._previous = digest_bytes(data)
        self._next += 1

    def _find_end(self) -> None:
        """Finds the first free sequence with a number of questions that grows with its logarithm."""
        beyond = 1
        while self._shelf.get(line_key(beyond - 1)) is not None:
            beyond *= 2
        low, high = beyond // 2, beyond - 1  # lines below `low` are there, the one at `high` is not
        while low < high:
            middle = (low + high) // 2
            if self._shelf.get(line_key(middle)) is None:
                high = middle
            else:
                low = middle + 1
        self._previous = digest_bytes(self._shelf.get(line_key(low - 1)) or b"") if low else START
        self._next = low


def line_key(sequence: int) -> str:
    """Object key of a line; keys sort as sequences do."""
    return f"{PREFIX}{sequence:012d}.json"


def lines(shelf: Shelf) -> Iterator[dict[str, Any]]:
    """Every line from the first on. Raises ValueError, naming the line, where the chain does not hold."""
    previous, sequence = START, 0
    while (data := shelf.get(line_key(sequence))) is not None:
        line = json.loads(data)
        if line.get("previous") != previous or line.get("sequence") != sequence:
            raise ValueError(f"{line_key(sequence)}: wanted the line after {previous[:12]}; the log was altered")
        yield line
        previous, sequence = digest_bytes(data), sequence + 1
