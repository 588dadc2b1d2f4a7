"""Lines about items on their way into S3, and how many of them there may be. Pure: no clock, no I/O."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from understudy_api.item_log import CUT, MAX_ITEM_BYTES, MAX_ORDER_BYTES
from understudy_workers.direction.room import Room

_ROUTINE: Final = "what goes well"
Says = Mapping[str, Any]
_ORDER: Final = ("job", "order", "pool", "trace_id")


class ItemLines:
    """Lines that wait to be written, of at most MAX_ITEM_BYTES about one item or take and MAX_ORDER_BYTES in all.

    What no longer fits is left out, and one line says so.
    """

    def __init__(self) -> None:
        self._room = Room(MAX_ORDER_BYTES)
        self._bytes: Counter[str] = Counter()
        self._cut: set[str] = set()
        self._pending: list[bytes] = []

    def __len__(self) -> int:
        """Lines that wait."""
        return len(self._pending)

    @property
    def is_full(self) -> bool:
        """Whether there is no more room for what goes well."""
        return _ROUTINE in self._cut

    def resume(self, spent: int) -> None:
        """So many bytes were written by others before."""
        self._room.spent = max(self._room.spent, spent)

    def add(self, at: float, event: str, says: Says, *, routine: bool = True) -> None:
        """Adds a line, as of Unix seconds, that says which order, which item or take, and what became of it."""
        about = str(says.get("item") or says.get("take") or "")
        line = _line(at, event, "info" if routine else "warning", says)
        fits = self._bytes[about] + len(line) <= MAX_ITEM_BYTES
        if fits and self._room.take(len(line), routine=routine):
            self._bytes[about] += len(line)
            self._pending.append(line)
            return
        known = {key: says[key] for key in _ORDER if key in says}
        if fits:
            cut = _ROUTINE if routine else "everything"
            self._say_cut(at, cut, {**known, "left_out": cut, "limit_bytes": MAX_ORDER_BYTES})
        else:
            named = {key: says[key] for key in ("item", "take") if key in says}
            self._say_cut(at, about, {**known, **named, "limit_bytes": MAX_ITEM_BYTES})

    def _say_cut(self, at: float, what: str, says: Says) -> None:
        if what not in self._cut:
            self._cut.add(what)
            self._pending.append(_line(at, CUT, "warning", says))

    def taken(self) -> tuple[list[bytes], int]:
        """The lines that wait, which wait no longer, and the bytes of all lines so far."""
        lines, self._pending = self._pending, []
        return lines, self._room.spent

    def put_back(self, lines: list[bytes]) -> None:
        """Lines that could not be written wait again."""
        self._pending[:0] = lines


def _line(at: float, event: str, level: str, says: Says) -> bytes:
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({**says, "event": event, "level": level, "timestamp": when}).encode() + b"\n"
