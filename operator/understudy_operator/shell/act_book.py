"""Recorded owner acts in the ledger bucket: read by twin, written once each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from understudy_api.owner_word import Heard, OwnerWord, Recorded, heard_key, owner_word
from understudy_operator.core.actions import RecordAct
from understudy_operator.core.state import Untold
from understudy_operator.shell.errors import ConflictError
from understudy_operator.shell.objects import Objects

FRESH_SECONDS: Final = 5.0
"""How old another operator's recording may be before this one knows of it. Its own it knows at once."""


@dataclass(frozen=True)
class _Known:
    """What was read of one twin's book."""

    records: dict[str, Recorded]
    word: OwnerWord
    heard: dict[str, Heard]
    read_at: float


class ActBook:
    """Safe for use from many threads. What was read once never changes: keys are only ever added."""

    def __init__(self, objects: Objects, bucket: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._objects = objects
        self._bucket = bucket
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def word(self, twin_id: str) -> OwnerWord:
        """What the owner of a twin has said so far."""
        return self._look(twin_id).word

    def acts(self, twin_id: str) -> tuple[Untold, ...]:
        """Every recorded act and key record, in the order of their recording, each with the key records of then."""
        known = self._look(twin_id)
        chain = [known.records[key] for key in sorted(known.records) if key.startswith("keys/")]
        ordered = sorted(known.records.values(), key=lambda one: one.accepted_at)
        return tuple(_with_records(one, chain) for one in ordered)

    def heard(self, twin_id: str) -> Mapping[str, Heard]:
        """The acts that the vault has taken in, by their digests."""
        return self._look(twin_id).heard

    def note(self, twin_id: str, heard: Heard) -> None:
        """Keep that the vault took an act in; the first note of it stands."""
        self._objects.create(self._bucket, heard_key(twin_id, heard.act), heard.model_dump_json().encode())
        with self._lock:
            known = self._known.pop(twin_id, None)
        self._read(twin_id, known)

    def record(self, action: RecordAct) -> None:
        """Keep an act. ConflictError when another one stands at its key: what is there now decides anew."""
        data = action.recorded.model_dump_json().encode()
        written = self._objects.create(self._bucket, action.key, data)
        with self._lock:
            known = self._known.pop(action.twin_id, None)
        read = self._read(action.twin_id, known)
        if not written and read.records[action.key].act != action.recorded.act:
            raise ConflictError(f"{action.key}: another act was recorded there first")

    def forget(self, twin_id: str) -> None:
        """Somebody else recorded an act of this twin: the next look reads what is new."""
        with self._lock:
            known = self._known.get(twin_id)
            if known is not None:
                self._known[twin_id] = replace(known, read_at=float("-inf"))

    def _look(self, twin_id: str) -> _Known:
        with self._lock:
            known = self._known.get(twin_id)
        if known is not None and self._clock() - known.read_at < FRESH_SECONDS:
            return known
        return self._read(twin_id, known)

    def _read(self, twin_id: str, before: _Known | None) -> _Known:
        now, found = self._clock(), dict(before.records) if before else {}
        for prefix in (f"keys/{twin_id}/", f"acts/{twin_id}/"):
            for key in self._objects.keys(self._bucket, prefix):
                if key not in found and (data := self._objects.get(self._bucket, key)):
                    found[key] = Recorded.model_validate_json(data)
        chain = tuple(found[key].act for key in sorted(found) if key.startswith("keys/"))
        acts = [one for key, one in found.items() if key.startswith("acts/")]
        known = _Known(found, owner_word(chain, acts), self._notes(twin_id, before.heard if before else {}), now)
        with self._lock:
            self._known[twin_id] = known
        return known

    def _notes(self, twin_id: str, before: Mapping[str, Heard]) -> dict[str, Heard]:
        found = dict(before)
        for key in self._objects.keys(self._bucket, f"heard/{twin_id}/"):
            digest = key.rpartition("/")[2].removesuffix(".json")
            if digest not in found and (data := self._objects.get(self._bucket, key)):
                found[digest] = Heard.model_validate_json(data)
        return found


def _with_records(one: Recorded, chain: Sequence[Recorded]) -> Untold:
    """An act with the key records that stood when it was recorded; a key record stands by itself at once."""
    place = next((number for number, record in enumerate(chain, 1) if record.act == one.act), None)
    earlier = tuple(record.act for record in chain if record.accepted_at <= one.accepted_at)
    records = earlier if place is None else tuple(record.act for record in chain[:place])
    return Untold(act=one.act, key_records=records, accepted_at=one.accepted_at)
