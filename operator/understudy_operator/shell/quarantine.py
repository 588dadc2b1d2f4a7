"""Quarantine in the staging bucket: list what is kept under an ended license, then move it where only an administrator reads.

The operator moves, not the pool: whoever is to be kept from the files cannot be the one that puts them away. Every step
leaves whole objects and is done again harmlessly; at most one part of the list is in memory.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final

from understudy_api import quarantine
from understudy_api.digest import digest_bytes
from understudy_api.ledger.chain import Link
from understudy_api.ledger.entry import Committed, Delivered
from understudy_api.quarantine import MAX_PART_FILES, KeptFile, Part
from understudy_operator.core.state import QuarantineView
from understudy_operator.shell.errors import ConflictError
from understudy_operator.shell.ledger import Ledger
from understudy_operator.shell.objects import Objects

MOVERS: Final = 8
"""Copies under way at a time."""
LINKS: Final = 16
"""Links of a chain that are read for one look at what was delivered."""
MAX_LISTED: Final = 10_000
"""Items that one Delivered entry names at most."""


class Quarantine:
    """The quarantine of every license. Safe for use from many threads."""

    def __init__(self, objects: Objects, bucket: str, ledger: Ledger) -> None:
        self._objects = objects
        self._bucket = bucket
        self._ledger = ledger
        self._lock = threading.Lock()
        self._listed: dict[str, int] = {}
        """First link that was not looked at for delivered items, by account."""

    def view(self, account: str) -> QuarantineView:
        """How far it is for a license."""
        parts = self._count(f"{quarantine.folder(account)}manifest/")
        if not parts:
            return QuarantineView()
        newest = self._part(account, parts - 1)
        moved = self._count(f"{quarantine.folder(account)}moved/")
        return QuarantineView(
            parts=parts,
            moved=moved,
            manifest=digest_bytes(quarantine.to_bytes(newest)) if newest.last else None,
            files=newest.files,
            bytes=newest.bytes,
            delivered=self._delivered(account) if newest.last and moved == parts else (),
        )

    def list_part(self, account: str, number: int) -> None:
        """Write a part of the list. ConflictError when another one stands there."""
        before = self._part(account, number - 1) if number else None
        reached = before.kept[-1].key if before and before.kept else ""
        found = list(islice(self._kept(account, reached), MAX_PART_FILES + 1))
        kept, last = tuple(found[:MAX_PART_FILES]), len(found) <= MAX_PART_FILES
        part = quarantine.next_part(before, kept, last) if before else quarantine.first_part(account, kept, last)
        key = quarantine.part_key(account, number)
        if not self._objects.create(self._bucket, key, quarantine.to_bytes(part)):
            raise ConflictError(f"{key}: another part was written there first")

    def move_part(self, account: str, number: int) -> None:
        """Move the files of a part: all copies first, then the originals go, then a note says so."""
        kept = self._part(account, number).kept
        with ThreadPoolExecutor(MOVERS, "quarantine") as movers:
            moved = sum(movers.map(lambda one: self._copied(account, one), kept))
        self._objects.delete(self._bucket, [one.key for one in kept])
        note = json.dumps({"moved": moved, "gone": len(kept) - moved}).encode()
        self._objects.put(self._bucket, quarantine.moved_key(account, number), note)

    def _copied(self, account: str, one: KeptFile) -> bool:
        """Whether the file is in quarantine now; one that somebody deleted after it was listed is not."""
        there = quarantine.file_key(account, one.key)
        if self._objects.copy(self._bucket, one.key, there):
            return True
        return any(found.key == there for found in self._objects.entries(self._bucket, there, "", 1))

    def _kept(self, account: str, reached: str) -> Iterator[KeptFile]:
        """Everything that is kept under a license, in the order of keys, after the key reached."""
        folders = [f"{kind}/{account}/" for kind in quarantine.KEPT]
        folders += [f"orders/{uid}/items/" for uid in self._ledger.jobs(account)]
        for folder in sorted(folders):
            after = reached if reached.startswith(folder) else ""
            if not after and folder < reached:
                continue
            while found := self._objects.entries(self._bucket, folder, after, MAX_PART_FILES):
                yield from (KeptFile(key=one.key, etag=one.etag, bytes=one.bytes) for one in found)
                after = found[-1].key

    def _part(self, account: str, number: int) -> Part:
        data = self._objects.get(self._bucket, quarantine.part_key(account, number))
        if data is None:
            raise ConflictError(f"{quarantine.part_key(account, number)}: no such part; look again")
        return Part.model_validate_json(data)

    def _count(self, prefix: str) -> int:
        return len(self._objects.keys(self._bucket, prefix))

    def _delivered(self, account: str) -> tuple[Delivered, ...]:
        """The next lists of delivered items that the chain does not hold; () once it holds all."""
        with self._lock:
            first = self._listed.get(account, 0)
        while links := self._ledger.links(account, first, LINKS):
            missing = [one for one in self._ledger.unwritten(account, delivered(links)) if isinstance(one, Delivered)]
            if missing:
                return tuple(missing)
            first += len(links)
            with self._lock:
                self._listed[account] = first
        return ()


def delivered(links: list[Link]) -> list[Delivered]:
    """What was counted in these links, job by job: it was handed to delivery when it was."""
    items: dict[str, list[str]] = {}
    for link in links:
        for one in link.entries:
            if isinstance(one, Committed):
                items.setdefault(one.uid, []).append(one.item)
    return [
        Delivered(uid=uid, items=tuple(found[first : first + MAX_LISTED]))
        for uid, found in sorted(items.items())
        for first in range(0, len(found), MAX_LISTED)
    ]
