"""Writing the ledger: one chain per license in a bucket of its own, each link created by a conditional put.

Beside the chains stand side tables: `names/` says what jobs are called and may be erased; `closings/` says in which
links a job's claim may have ended, so that a job that goes on later counts on where it stopped; `facts/` says in which
links what an owner did may stand, so that it is written once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from understudy_api.digest import digest_bytes
from understudy_api.ledger import chain
from understudy_api.ledger.account import Account
from understudy_api.ledger.chain import Finding, Head, Link
from understudy_api.ledger.entry import (
    ConsentAnswered,
    ConsentAsked,
    Delivered,
    Entry,
    Erased,
    KeyRecorded,
    Quarantined,
    Released,
    Revoked,
)
from understudy_api.verdict import Refusal
from understudy_operator.shell.errors import AccountTakenError, OutageError
from understudy_operator.shell.objects import Objects

FRESH_SECONDS: Final = 10.0
"""How long a head that nobody here wrote is believed. Whoever writes on an older one learns it by the conditional put."""

FACTS: Final = (Revoked, KeyRecorded, ConsentAsked, ConsentAnswered, Erased, Delivered, Quarantined)
"""Entries that stand in a chain once: each has a place in the side table."""
MAX_KNOWN: Final = 100_000
"""Facts remembered as written; more only cost another look."""


class Ledger:
    """The ledger bucket as the operator, its only writer, sees it. Safe for use from many threads."""

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
        self._heads: dict[str, tuple[Head, float]] = {}
        self._turns: dict[str, Any] = {}
        self._least: dict[str, int] = {}
        self._stands: set[tuple[str, str]] = set()

    def account(self, account: str) -> Account:
        """A license's account after the newest link; an empty one when nothing was written yet."""
        return self.head(account).account

    def known(self, account: str) -> Account | None:
        """The account as it was last read or written here; None before that. Asks nobody."""
        with self._lock:
            found = self._heads.get(account)
        return found[0].account if found else None

    def head(self, account: str, fresh_seconds: float = FRESH_SECONDS) -> Head:
        """The newest link as far as the next has to know it. OutageError when it cannot be read for what it is."""
        now = self._clock()
        with self._lock:
            known, read_at = self._heads.get(account, (Head(Account(id=account)), float("-inf")))
        if now - read_at < fresh_seconds:
            return known
        newest = self._newest(account, known)
        with self._lock:
            there = self._heads.get(account)
            if there is None or there[0].account.sequence <= newest.account.sequence:
                self._heads[account] = (newest, now)
        return newest

    def expect(self, account: str, sequence: int) -> None:
        """A checkpoint has seen this link: a chain that ends before it was cut."""
        with self._lock:
            self._least[account] = max(self._least.get(account, -1), sequence)

    @contextmanager
    def writing(self, account: str) -> Iterator[None]:
        """Be the only thread of this process that writes to an account; may be nested."""
        with self._lock:
            turn = self._turns.setdefault(account, threading.RLock())
        with turn:
            yield

    def append(self, base: Account, entries: Sequence[Entry], names: Mapping[str, str]) -> None:
        """Write the link after `base`; AccountTakenError when somebody else did: the next look sees theirs.

        Other threads of this process are found out without asking S3; other processes by the conditional put.
        """
        account = base.id
        with self.writing(account):
            with self._lock:
                known = self._heads.get(account)
            if known is None or known[0].account.sequence != base.sequence:
                raise AccountTakenError(account, base.sequence + 1)
            link = chain.next_link(known[0], tuple(entries), self._wall_clock())
            if isinstance(link, Refusal):
                raise OutageError("ledger", f"{link.message} ({link.reason}); nothing was written")
            self._prepare(account, link, names)
            data = chain.to_bytes(link)
            written = self._objects.create(self._bucket, chain.link_key(account, link.sequence), data)
            with self._lock:
                if written:
                    self._heads[account] = (Head(link.balance, digest_bytes(data)), self._clock())
                else:
                    self._heads.pop(account, None)
        if not written:
            raise AccountTakenError(account, link.sequence)

    def next_segment(self, account: str, uid: str, length: int) -> int:
        """First segment of a job's log that does not count yet, when the job holds no claim; `length`: segments there are.

        A job that never held a claim on this account, but has a log, made it under another license: none of that counts.
        """
        if length == 0:
            return 0
        for key in reversed(self._objects.keys(self._bucket, f"closings/{account}/{uid}/")):
            link = self._link(account, int(key.rpartition("/")[2].removesuffix(".json")))
            for entry in link.entries if link else ():
                if isinstance(entry, Released) and entry.uid == uid:
                    return entry.segment
        return length

    def unwritten(self, account: str, facts: Sequence[Entry]) -> tuple[Entry, ...]:
        """Those of the facts whose ids stand in no link of the chain yet."""
        return tuple(one for one in facts if not self._stands_there(account, one.id))

    def links(self, account: str, first: int, count: int) -> list[Link]:
        """Links of a chain from `first` on, at most `count`; fewer at its end."""
        found = list[Link]()
        while len(found) < count and (link := self._link(account, first + len(found))) is not None:
            found.append(link)
        return found

    def jobs(self, account: str) -> list[str]:
        """Uids of all jobs whose claims ended under a license, sorted."""
        prefix = f"closings/{account}/"
        return sorted({key.removeprefix(prefix).partition("/")[0] for key in self._objects.keys(self._bucket, prefix)})

    def _stands_there(self, account: str, fact: str) -> bool:
        with self._lock:
            if (account, fact) in self._stands:
                return True
        for key in self._objects.keys(self._bucket, f"facts/{account}/{fact}/"):
            link = self._link(account, int(key.rpartition("/")[2].removesuffix(".json")))
            if link is not None and any(one.id == fact for one in link.entries):
                self._know(account, fact)
                return True
        return False

    def _know(self, account: str, fact: str) -> None:
        with self._lock:
            if len(self._stands) >= MAX_KNOWN:
                self._stands.clear()
            self._stands.add((account, fact))

    def _prepare(self, account: str, link: Link, names: Mapping[str, str]) -> None:
        """What has to stand before the link does. Standing there without it is harmless."""
        for uid, name in names.items():
            self._objects.put(self._bucket, f"names/{account}/{uid}", name.encode(), "text/plain; charset=utf-8")
        for entry in link.entries:
            if isinstance(entry, Released):
                key = f"closings/{account}/{entry.uid}/{link.sequence:08d}.json"
                self._objects.put(self._bucket, key, b"{}")
            if isinstance(entry, FACTS):
                key = f"facts/{account}/{entry.id}/{link.sequence:08d}.json"
                self._objects.put(self._bucket, key, b"{}")

    def _newest(self, account: str, known: Head) -> Head:
        sequence = known.account.sequence
        after = chain.link_key(account, sequence) if sequence >= 0 else ""
        keys = self._objects.keys(self._bucket, f"{chain.PREFIX}{account}/", after)
        found = chain.parse_key(keys[-1]) if keys else None
        if (found[1] if found else sequence) < self._least.get(account, -1):
            raise _broken(f"{chain.PREFIX}{account}/", f"a checkpoint has seen link {self._least[account]}")
        if found is None:
            return known
        data = self._objects.get(self._bucket, keys[-1])
        link = chain.read_link(data or b"", account, found[1])
        if isinstance(link, Finding):
            raise _broken(link.where, link.message)
        if found[1] != sequence + len(keys) or (len(keys) == 1 and link.previous != known.digest):
            raise _broken(keys[-1], "it does not follow the links before it")
        return Head(link.balance, digest_bytes(data or b""))

    def _link(self, account: str, sequence: int) -> Link | None:
        data = self._objects.get(self._bucket, chain.link_key(account, sequence))
        link = chain.read_link(data, account, sequence) if data else None
        if isinstance(link, Finding):
            raise _broken(link.where, link.message)
        return link


def _broken(where: str, message: str) -> OutageError:
    return OutageError("ledger", f"{where}: {message}; run `understudy ledger verify`, nothing is promised meanwhile")
