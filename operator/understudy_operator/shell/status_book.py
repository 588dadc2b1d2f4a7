"""Status lists that were believed, kept in the ledger bucket: a restart neither goes back in time nor brings a license back."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from understudy_api import token
from understudy_api.owner_word import Recorded
from understudy_api.status_list import STATUS_LIST_TYPE, StatusList, joined, recorded_list
from understudy_api.status_source import FARM
from understudy_api.verdict import Refusal
from understudy_operator.core.delivered import NOT_DELIVERED, DeliveredList
from understudy_operator.shell.errors import ConflictError, OutageError
from understudy_operator.shell.objects import Objects

FRESH_SECONDS: Final = 5.0
"""How old another operator's recording may be before this one knows of it. Its own it knows at once."""
READ_BACK: Final = 16
"""Lists read at the start: what operators that raced each other recorded is among the newest of them."""
MAX_KNOWN_BYTES: Final = 256 << 20
"""Of lists kept in memory; the one asked for longest ago is read again when it is wanted."""
MAX_KNOWN: Final = 65_536
_LONGEST_SECONDS: Final = 2 * 86_400
"""Older lists than that are looked for only where there is no younger one."""


@dataclass(frozen=True)
class Held:
    """The newest list of one source."""

    token: str
    list: StatusList
    key: str

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, about."""
        return len(self.token) + len(self.list.data) + len(self.list.inherited)


@dataclass(frozen=True)
class _Known:
    held: Held | None
    read_at: float


class StatusBook:
    """Safe for use from many threads. Keys are only ever added, and grow with the time of signing."""

    def __init__(
        self,
        objects: Objects,
        bucket: str,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._objects = objects
        self._bucket = bucket
        self._clock = clock
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self._bytes = 0

    def newest(self, twin_id: str, source: str) -> Held | None:
        """The newest list of a twin from a source, with what earlier ones revoked; None when there is none."""
        with self._lock:
            known = self._known.get((twin_id, source))
            if known is not None:
                self._known.move_to_end((twin_id, source))
        if known is not None and self._clock() - known.read_at < FRESH_SECONDS:
            return known.held
        return self._read(twin_id, source, known.held if known else None)

    def delivered(self, twin_id: str, act: str) -> DeliveredList:
        """What is known beside an owner act; nothing is looked for when the act is no list."""
        claims = token.unverified(act, STATUS_LIST_TYPE)
        if isinstance(claims, Refusal) or not isinstance(iat := claims.get("iat"), int):
            return NOT_DELIVERED
        held = self.newest(twin_id, FARM)
        return DeliveredList(held.list if held else None, self.recorded_at(twin_id, FARM, iat, act))

    def recorded_at(self, twin_id: str, source: str, iat: int, text: str) -> float | None:
        """When this very list was recorded, Unix seconds; None when it was not."""
        data = self._objects.get(self._bucket, list_key(twin_id, source, iat))
        found = Recorded.model_validate_json(data) if data else None
        return found.accepted_at if found is not None and found.act == text else None

    def record(self, twin_id: str, source: str, iat: int, recorded: Recorded) -> None:
        """Keep a list. ConflictError when another one of that second stands there: what is there now decides anew."""
        key = list_key(twin_id, source, iat)
        written = self._objects.create(self._bucket, key, recorded.model_dump_json().encode())
        with self._lock:
            known = self._known.get((twin_id, source))
        self._read(twin_id, source, known.held if known else None)
        if not written and self.recorded_at(twin_id, source, iat, recorded.act) is None:
            raise ConflictError(f"{key}: another list of that second was recorded first")

    def _read(self, twin_id: str, source: str, held: Held | None) -> Held | None:
        """What was recorded after the list known; at the start the newest few."""
        read_at = self._clock()
        if held is not None:
            keys = self._keys(twin_id, source, held.key)
        else:
            since = max(int(self._wall_clock()) - _LONGEST_SECONDS, 0)
            keys = self._keys(twin_id, source, list_key(twin_id, source, since)) or self._keys(twin_id, source)
        for key in keys[-READ_BACK:]:
            held = self._joined(held, key)
        return self._remember((twin_id, source), _Known(held, read_at))

    def _remember(self, name: tuple[str, str], read: _Known) -> Held | None:
        """Keep what was read unless another thread read something newer; as many as there is room for."""
        with self._lock:
            known = self._known.pop(name, None)
            if known is not None and known.held is not None:
                self._bytes -= known.held.size_bytes
                if read.held is None or known.held.key > read.held.key:
                    read = known
            self._known[name] = read
            self._bytes += read.held.size_bytes if read.held else 0
            while len(self._known) > 1 and (self._bytes > MAX_KNOWN_BYTES or len(self._known) > MAX_KNOWN):
                _, oldest = self._known.popitem(last=False)
                self._bytes -= oldest.held.size_bytes if oldest.held else 0
        return read.held

    def _keys(self, twin_id: str, source: str, after: str = "") -> list[str]:
        return self._objects.keys(self._bucket, f"status/{twin_id}/{source}/", after)

    def _joined(self, held: Held | None, key: str) -> Held:
        data = self._objects.get(self._bucket, key)
        found = Recorded.model_validate_json(data) if data else None
        read = recorded_list(found.act) if found else None
        if found is None or read is None or isinstance(read, Refusal):
            raise OutageError("ledger", f"{key}: is no status list any more; nothing is granted by it")
        return Held(found.act, joined(held.list, read) if held else read, key)


def list_key(twin_id: str, source: str, iat: int) -> str:
    """Object key of a list: of two signed in one second, one stands."""
    return f"status/{twin_id}/{source}/{iat:012d}.json"
