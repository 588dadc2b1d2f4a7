"""Which items of an order have a receipt, and where earlier receipts stand: a few bytes an item, at a million items too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt


class Ordinals:
    """A set of ordinals below `size`: one bit each."""

    def __init__(self, size: int) -> None:
        self._bits = bytearray((size + 7) // 8)
        self._size = size
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, ordinal: int) -> bool:
        return 0 <= ordinal < self._size and bool(self._bits[ordinal >> 3] & (1 << (ordinal & 7)))

    def add(self, ordinal: int) -> None:
        """Adds an ordinal. Raises IndexError when it is not below `size`."""
        if not 0 <= ordinal < self._size:
            raise IndexError(f"ordinal {ordinal}: wanted 0 to {self._size - 1}")
        if ordinal not in self:
            self._bits[ordinal >> 3] |= 1 << (ordinal & 7)
            self._count += 1


class ItemPlaces:
    """Which segment tells of an item id: 12 bytes an item.

    Knows only the first 8 bytes of an id, so whoever asks has to look into the segments it names.
    """

    def __init__(self) -> None:
        self._ids: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
        self._sequences: npt.NDArray[np.int32] = np.empty(0, np.int32)
        self._new: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._ids) + len(self._new)

    def add(self, item_id: str, sequence: int) -> None:
        """Remembers that segment `sequence` has a receipt of an item."""
        self._new.append((int(item_id[:16], 16), sequence))
        if len(self._new) > 100_000:
            self._merge()

    def find(self, item_id: str) -> Iterator[int]:
        """Sequences of segments that may have a receipt of an item, newest first."""
        if self._new:
            self._merge()
        wanted = np.uint64(int(item_id[:16], 16))
        start, end = np.searchsorted(self._ids, wanted, "left"), np.searchsorted(self._ids, wanted, "right")
        yield from sorted({int(sequence) for sequence in self._sequences[start:end]}, reverse=True)

    def _merge(self) -> None:
        ids = np.concatenate([self._ids, np.array([new[0] for new in self._new], np.uint64)])
        sequences = np.concatenate([self._sequences, np.array([new[1] for new in self._new], np.int32)])
        order = np.argsort(ids, kind="stable")
        self._ids, self._sequences, self._new = ids[order], sequences[order], []
