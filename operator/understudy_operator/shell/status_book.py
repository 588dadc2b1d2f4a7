"""Status lists that were believed, kept in the ledger bucket: a restart neither goes back in time nor brings a license back.

Each source of a twin has a chain of its own, `status/{twin}/{source}/{sequence}.json`, written by conditional creates: of two
operators that judged by the same list one is first, and the other judges anew. So the newest list repeats every revocation
before it. A list that says the same as the one kept last is kept only now and then; what it says is known already.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.owner_word import Recorded
from understudy_api.status_list import STATUS_LIST_TYPE, StatusList, recorded_list
from understudy_api.status_source import FARM
from understudy_api.verdict import Refusal
from understudy_operator.core.delivered import NOT_DELIVERED, DeliveredList
from understudy_operator.shell.errors import ConflictError, OutageError
from understudy_operator.shell.objects import Objects

FRESH_SECONDS: Final = 5.0
"""How old another operator's recording may be before this one knows of it. Its own it knows at once."""
KEEP_SECONDS: Final = 3600
"""How much newer a list is that is kept although it says the same."""
MAX_KNOWN_BYTES: Final = 256 << 20
"""Of lists kept in memory; the one asked for longest ago is read again when it is wanted."""
MAX_KNOWN: Final = 65_536

Source = tuple[str, str]
"""A twin's id and the name of a source."""


@dataclass(frozen=True)
class Held:
    """The newest list of one source, and the place in its chain of the one kept last."""

    token: str
    list: StatusList
    sequence: int
    kept_iat: int

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, about."""
        return len(self.token) + len(self.list.data)


@dataclass(frozen=True)
class _Known:
    held: Held | None
    read_at: float


class StatusBook:
    """Safe for use from many threads."""

    def __init__(self, objects: Objects, bucket: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._objects = objects
        self._bucket = bucket
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[Source, _Known] = OrderedDict()
        self._bytes = 0

    def newest(self, twin_id: str, source: str) -> Held | None:
        """The newest list of a twin from a source; None when there is none. OutageError when it cannot be read."""
        with self._lock:
            known = self._known.get((twin_id, source))
            if known is not None:
                self._known.move_to_end((twin_id, source))
        if known is not None and self._clock() - known.read_at < FRESH_SECONDS:
            return known.held
        read_at = self._clock()
        return self._remember((twin_id, source), _Known(self._read(twin_id, source, known), read_at))

    def delivered(self, twin_id: str, act: str) -> DeliveredList:
        """What is known beside an owner act; nothing is looked for when the act is no list."""
        if token.type_of(act) != STATUS_LIST_TYPE:
            return NOT_DELIVERED
        held = self.newest(twin_id, FARM)
        data = self._objects.get(self._bucket, delivered_key(twin_id, act))
        at = float(data) if data else held.list.iat if held is not None and held.token == act else None
        return DeliveredList(held.list if held else None, held.sequence + 1 if held else 0, at)

    def deliver(self, twin_id: str, sequence: int, recorded: Recorded) -> None:
        """Keep a delivered list at its place in the chain, and that it was. ConflictError when another stands there."""
        self._keep(twin_id, FARM, sequence, recorded)
        self._objects.create(self._bucket, delivered_key(twin_id, recorded.act), str(recorded.accepted_at).encode())

    def believe(self, twin_id: str, source: str, held: Held | None, read: StatusList, recorded: Recorded) -> None:
        """Hold a list that follows `held`, and keep it where it says something new. ConflictError: judge it anew."""
        if held is not None and _says_the_same(held.list, read) and read.iat < held.kept_iat + KEEP_SECONDS:
            self._remember((twin_id, source), _Known(replace(held, token=recorded.act, list=read), self._clock()))
            return
        self._keep(twin_id, source, held.sequence + 1 if held else 0, recorded)

    def _keep(self, twin_id: str, source: str, sequence: int, recorded: Recorded) -> None:
        key = list_key(twin_id, source, sequence)
        written = self._objects.create(self._bucket, key, recorded.model_dump_json().encode())
        with self._lock:
            self._forget((twin_id, source))
        held = self.newest(twin_id, source)
        if not written and (held is None or held.token != recorded.act):
            raise ConflictError(f"{key}: another list was recorded there first")

    def _read(self, twin_id: str, source: str, known: _Known | None) -> Held | None:
        """The list kept last; the one known when nobody kept another since."""
        held = known.held if known else None
        after = list_key(twin_id, source, held.sequence) if held else ""
        keys = self._objects.keys(self._bucket, f"status/{twin_id}/{source}/", after)
        if not keys:
            return held
        data = self._objects.get(self._bucket, keys[-1])
        found = Recorded.model_validate_json(data) if data else None
        read = recorded_list(found.act) if found else None
        if found is None or read is None or isinstance(read, Refusal):
            raise OutageError("ledger", f"{keys[-1]}: is no status list any more; nothing is granted by it")
        return Held(found.act, read, int(keys[-1].rpartition("/")[2].removesuffix(".json")), read.iat)

    def _remember(self, name: Source, read: _Known) -> Held | None:
        """Keep what was read unless another thread read something newer; as many as there is room for."""
        with self._lock:
            known = self._forget(name)
            if known is not None and known.held is not None and _is_newer(known.held, read.held):
                read = known
            self._known[name] = read
            self._bytes += read.held.size_bytes if read.held else 0
            while len(self._known) > 1 and (self._bytes > MAX_KNOWN_BYTES or len(self._known) > MAX_KNOWN):
                self._forget(next(iter(self._known)))
        return read.held

    def _forget(self, name: Source) -> _Known | None:
        known = self._known.pop(name, None)
        self._bytes -= known.held.size_bytes if known is not None and known.held is not None else 0
        return known


def list_key(twin_id: str, source: str, sequence: int) -> str:
    """Object key of a list: of two that follow the same list, one stands."""
    return f"status/{twin_id}/{source}/{sequence:08d}.json"


def delivered_key(twin_id: str, act: str) -> str:
    """Object key that says when a list was delivered."""
    return f"status/{twin_id}/delivered/{digest_bytes(act.encode())}"


def _says_the_same(one: StatusList, other: StatusList) -> bool:
    return (one.bits, one.data) == (other.bits, other.data)


def _is_newer(one: Held, other: Held | None) -> bool:
    return other is None or (one.sequence, one.list.iat) > (other.sequence, other.list.iat)
