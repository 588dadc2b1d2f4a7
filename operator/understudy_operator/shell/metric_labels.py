"""Label values that stay few, whatever people name things: the first so many, all after them together."""

from __future__ import annotations

import threading
from typing import Final

OTHER: Final = "other"
MAX_POOLS: Final = 16
"""RenderPools that are told apart."""
MAX_CURRENCIES: Final = 8
"""Currencies that are told apart. What is in another one is added to nothing: no sum may mix them."""


class Labels:
    """Combinations of label values: the first `most` that are seen, all after them as `other`. From any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[tuple[str, ...]] = set()
        self._lock = threading.Lock()

    def bounded(self, *values: str) -> tuple[str, ...]:
        """The values, or `other` for each of them."""
        with self._lock:
            if values not in self._known and len(self._known) >= self._most:
                return (OTHER,) * len(values)
            self._known.add(values)
        return values
