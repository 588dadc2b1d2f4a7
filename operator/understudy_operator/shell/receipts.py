"""Reading the truth: receipt logs, license accounts and training results in the receipts bucket.

Every log is append-only and each segment carries running totals, so the newest one is enough and what was read once never
changes; only an order's last word is replaced when the order comes again at a higher generation. Keys sort as sequences do:
listing after the last one seen finds what is new.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from understudy_api.receipt import Finished, Receipt, Segment, Totals, TrainingResult, training_key
from understudy_operator.core.account import Account, account_key
from understudy_operator.core.state import LogHead, OrderLog
from understudy_operator.shell.errors import AccountTakenError
from understudy_operator.shell.objects import Objects

FRESH_SECONDS: Final = 10.0
"""A log nobody hinted at is listed again after this time."""


@dataclass(frozen=True)
class _Known:
    """What was read of one log."""

    log: OrderLog
    last_key: str
    hint: object
    read_at: float
    finished: dict[str, Finished] = field(default_factory=dict)


class Receipts:
    """The receipts bucket as the operator reads and, for accounts only, writes it. Safe for use from many threads."""

    def __init__(
        self,
        objects: Objects,
        bucket: str,
        clock: Callable[[], float] = time.monotonic,
        prove: Callable[[], None] | None = None,
    ) -> None:
        """`prove` is called before the first account is written and raises where a write could overwrite."""
        self._objects = objects
        self._bucket = bucket
        self._clock = clock
        self._lock = threading.Lock()
        self._logs: dict[str, _Known] = {}
        self._accounts: dict[str, tuple[Account, float]] = {}
        self._prove = prove
        self._turns: dict[str, Any] = {}
        self._results: dict[str, TrainingResult] = {}

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

    def forget(self, uid: str) -> None:
        """The object is gone: keep nothing of its log in memory."""
        with self._lock:
            self._logs.pop(uid, None)

    def account(self, account: str) -> Account:
        """The newest link of a license's account; an empty one when nothing was written yet."""
        now = self._clock()
        with self._lock:
            known, read_at = self._accounts.get(account, (Account(id=account), float("-inf")))
        if now - read_at < FRESH_SECONDS:
            return known
        after = account_key(account, known.sequence) if known.sequence >= 0 else ""
        keys = self._objects.keys(self._bucket, f"accounts/{account}/", after)
        data = self._objects.get(self._bucket, keys[-1]) if keys else None
        newest = Account.model_validate_json(data) if data else known
        with self._lock:
            self._accounts[account] = (newest, now)
        return newest

    @contextmanager
    def writing(self, account: str) -> Iterator[None]:
        """Be the only thread of this process that writes to an account; may be nested."""
        with self._lock:
            turn = self._turns.setdefault(account, threading.RLock())
        with turn:
            yield

    def write_account(self, account: Account) -> None:
        """Add a link to an account's chain; AccountTakenError when somebody else did: the next read sees theirs.

        Other threads of this process are found out without asking S3; other processes by the conditional put.
        """
        with self.writing(account.id):
            with self._lock:
                known = self._accounts.get(account.id)
            if known is not None and known[0].sequence >= account.sequence:
                raise AccountTakenError(account.id, account.sequence)
            if self._prove is not None:
                self._prove()
                self._prove = None
            data = account.model_dump_json().encode()
            written = self._objects.create(self._bucket, account_key(account.id, account.sequence), data)
            with self._lock:
                if written:
                    self._accounts[account.id] = (account, self._clock())
                else:
                    self._accounts.pop(account.id, None)
        if not written:
            raise AccountTakenError(account.id, account.sequence)

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
    )
