"""Recorded owner acts in the ledger bucket: read by twin, written once each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from understudy_api.owner_word import OwnerWord, Recorded, owner_word
from understudy_operator.core.actions import RecordAct
from understudy_operator.shell.errors import ConflictError
from understudy_operator.shell.objects import Objects

FRESH_SECONDS: Final = 5.0
"""How old another operator's recording may be before this one knows of it. Its own it knows at once."""


@dataclass(frozen=True)
class _Known:
    """What was read of one twin's book."""

    records: dict[str, Recorded]
    word: OwnerWord
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
        with self._lock:
            known = self._known.get(twin_id)
        if known is not None and self._clock() - known.read_at < FRESH_SECONDS:
            return known.word
        return self._read(twin_id, known.records if known else {}).word

    def record(self, action: RecordAct) -> None:
        """Keep an act. ConflictError when another one stands at its key: what is there now decides anew."""
        data = action.recorded.model_dump_json().encode()
        written = self._objects.create(self._bucket, action.key, data)
        with self._lock:
            known = self._known.pop(action.twin_id, None)
        read = self._read(action.twin_id, known.records if known else {})
        if not written and read.records[action.key].act != action.recorded.act:
            raise ConflictError(f"{action.key}: another act was recorded there first")

    def forget(self, twin_id: str) -> None:
        """Somebody else recorded an act of this twin: the next look reads what is new."""
        with self._lock:
            known = self._known.get(twin_id)
            if known is not None:
                self._known[twin_id] = replace(known, read_at=float("-inf"))

    def _read(self, twin_id: str, records: dict[str, Recorded]) -> _Known:
        now, found = self._clock(), dict(records)
        for prefix in (f"keys/{twin_id}/", f"acts/{twin_id}/"):
            for key in self._objects.keys(self._bucket, prefix):
                if key not in found and (data := self._objects.get(self._bucket, key)):
                    found[key] = Recorded.model_validate_json(data)
        chain = tuple(found[key].act for key in sorted(found) if key.startswith("keys/"))
        acts = [one for key, one in found.items() if key.startswith("acts/")]
        known = _Known(found, owner_word(chain, acts), now)
        with self._lock:
            self._known[twin_id] = known
        return known
