"""Reading the truth: receipt logs and training results in the receipts bucket, which the operator never writes to.

Every log is append-only and each segment carries running totals, so the newest one is enough and what was read once never
changes; only an order's last word is replaced when the order comes again at a higher generation. Keys sort as sequences do:
listing after the last one seen finds what is new.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from joserfc.jwk import OKPKey

from understudy_api import proof
from understudy_api.budget import Charge
from understudy_api.digest import digest_bytes
from understudy_api.receipt import Finished, Receipt, Segment, Totals, TrainingResult, segment_key, training_key
from understudy_api.verdict import Refusal
from understudy_operator.core.booking import Logged
from understudy_operator.core.state import LogHead, OrderLog
from understudy_operator.shell.objects import Objects

FRESH_SECONDS: Final = 10.0
"""A log nobody hinted at is listed again after this time."""
_MAX_PROVEN: Final = 1024


@dataclass(frozen=True)
class _Known:
    """What was read of one log."""

    log: OrderLog
    last_key: str
    hint: object
    read_at: float
    finished: dict[str, Finished] = field(default_factory=dict)


class Receipts:
    """The receipts bucket as the operator reads it; `farm` is the key that signed all grants. Safe for use from many threads."""

    def __init__(
        self, objects: Objects, bucket: str, farm: OKPKey, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._objects = objects
        self._bucket = bucket
        self._farm = farm
        self._clock = clock
        self._lock = threading.Lock()
        self._logs: dict[str, _Known] = {}
        self._results: dict[str, TrainingResult] = {}
        self._faults: OrderedDict[tuple[str, str, str], Refusal | None] = OrderedDict()

    def log(self, uid: str, hint: object = None, fresh_seconds: float = FRESH_SECONDS) -> OrderLog:
        """What the log of an order says.

        Asks S3 when the hint differs from the one at the last read, or after `fresh_seconds`; else memory answers.
        """
        now = self._clock()
        with self._lock:
            known = self._logs.get(uid)
        if known and known.hint == hint and now - known.read_at < fresh_seconds:
            return known.log
        read = self._read(uid, known or _Known(OrderLog(), "", None, 0.0))
        with self._lock:
            self._logs[uid] = replace(read, hint=hint, read_at=now)
        return read.log

    def segments(self, uid: str) -> Iterator[tuple[Receipt, ...]]:
        """The receipts of every segment of a log, oldest first."""
        for key in self._objects.keys(self._bucket, f"{uid}/"):
            if not _is_finished(key) and (data := self._objects.get(self._bucket, key)):
                yield Segment.model_validate_json(data).receipts

    def logged(self, uid: str, first: int, last: int, account: str) -> tuple[Logged, ...]:
        """The segments from `first` to `last`, oldest first, held against the account they are to count in.

        Fewer when one of them is not there.
        """
        found = []
        for sequence in range(first, last + 1):
            data = self._objects.get(self._bucket, segment_key(uid, sequence))
            if data is None:
                break
            segment, digest = Segment.model_validate_json(data), digest_bytes(data)
            found.append(Logged(segment=segment, digest=digest, fault=self._fault(segment, digest, uid, account)))
        return tuple(found)

    def _fault(self, segment: Segment, digest: str, uid: str, account: str) -> Refusal | None:
        """What speaks against a segment. Signatures cost a tenth of a second for 500 receipts, so answers are remembered."""
        asked = (digest, uid, account)
        with self._lock:
            if asked in self._faults:
                return self._faults[asked]
        fault = proof.fault(segment, uid, account, self._farm)
        with self._lock:
            self._faults[asked] = fault
            while len(self._faults) > _MAX_PROVEN:
                self._faults.popitem(last=False)
        return fault

    def forget(self, uid: str) -> None:
        """The object is gone: keep nothing of its log in memory."""
        with self._lock:
            self._logs.pop(uid, None)

    def training(self, digest: str) -> TrainingResult | None:
        """The result of a training order, once there is one."""
        with self._lock:
            known = self._results.get(digest)
        if known is None and (data := self._objects.get(self._bucket, training_key(digest))):
            known = TrainingResult.model_validate_json(data)
            with self._lock:
                self._results[digest] = known
        return known

    def _read(self, uid: str, known: _Known) -> _Known:
        keys = self._objects.keys(self._bucket, f"{uid}/", known.last_key)
        segments = [key for key in keys if not _is_finished(key)]
        head, finished = known.log.head, dict(known.finished)
        if segments and (data := self._objects.get(self._bucket, segments[-1])):
            head = _head(data)
        for key in keys:
            if not _is_finished(key) or _is_final(finished.get(key), head):
                continue
            if data := self._objects.get(self._bucket, key):
                finished[key] = Finished.model_validate_json(data)
        last_key = segments[-1] if segments else known.last_key
        log = OrderLog(head=head, finished=tuple(finished.values()))
        return _Known(log, last_key, None, 0.0, finished)


def _is_finished(key: str) -> bool:
    return key.rpartition("/")[2].startswith("finished-")


def _is_final(word: Finished | None, head: LogHead | None) -> bool:
    """Whether a last word can be kept: an order that failed, was stopped or comes again is spoken of anew."""
    return word is not None and word.state == "Complete" and head is not None and word.generation >= head.generation


def _head(data: bytes) -> LogHead:
    """A segment without its receipts: parsing five hundred of them for their totals would be waste."""
    found = json.loads(data)
    return LogHead(
        sequence=int(found["sequence"]),
        order=str(found["order"]),
        generation=int(found["generation"]),
        written_at=float(found["written_at"]),
        totals=Totals.model_validate(found["totals"]),
        billed_seconds=float(found.get("billed_seconds", 0)),
        billed_worker_seconds=float(found.get("billed_worker_seconds", 0)),
        billed_worker_seconds_by_group={
            str(group): float(seconds) for group, seconds in found.get("billed_worker_seconds_by_group", {}).items()
        },
        billed_items=int(found.get("billed_items", 0)),
        charge=Charge.model_validate(found["charge"]) if found.get("charge") else None,
    )
