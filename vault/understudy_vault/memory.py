"""What the vault remembers of owners: key records in their order, and acts that end licenses or stop a twin.

Both lie in the vault's own bucket, created once and never removed, so that nobody can undo an act by deleting it elsewhere,
and no key that an owner replaced comes back.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

from understudy_api import token
from understudy_api.acts import Act, ConsentAnswer, Erase, Resume, Revocation, Stop, read_act
from understudy_api.digest import digest_bytes
from understudy_api.keyring import KEY_RECORD_TYPE, KeyRecord, Keyring, read_keyring
from understudy_api.owner_word import OwnerWord, Recorded, owner_word, parsed
from understudy_api.verdict import Refusal


class Shelf(Protocol):
    """Where it is written down: created once, never replaced."""

    def create(self, key: str, data: bytes) -> bool:
        """Writes an object only where none is."""

    def get(self, key: str) -> bytes | None:
        """An object's bytes."""

    def keys(self, prefix: str, after: str = "") -> list[str]:
        """All keys below a prefix."""


class Memory:
    """Key records and acts by twin. Safe to use from several threads. Everything raises what the shelf raises."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._texts: dict[str, str] = {}
        self._lock = threading.Lock()

    def ring(self, genesis: str, records: Sequence[str]) -> Keyring | Refusal:
        """The keyring of these records, which have to go on from those that were seen before; new ones are kept."""
        ring = read_keyring(genesis, tuple(records))
        if isinstance(ring, Refusal):
            return ring
        known = self._read(f"keys/{ring.twin_id}/")
        if tuple(records[: len(known)]) != tuple(known):
            return Refusal(
                reason="KeyRecordBackwards",
                message=f"key records: {len(known)} are known here, wanted those and what follows, got {len(records)} "
                "that do not begin with them; deliver all of them",
            )
        for number, record in enumerate(records[len(known) :], len(known) + 1):
            key = f"keys/{ring.twin_id}/{number:04d}"
            if not self._shelf.create(key, record.encode()) and self._shelf.get(key) != record.encode():
                return Refusal(reason="KeyRecordFork", message=f"key records: another number {number} was seen first")
        return ring

    def hear(self, ring: Keyring, text: str, now: float) -> Act | KeyRecord | Refusal:
        """An act, verified; kept when it stops or erases a twin, revokes a license, lifts a stop, answers a request for
        consent or is a key record.

        A key record that the ring holds already is heard again, and changes nothing.
        """
        if text in ring.records:
            claims = token.unverified(text, KEY_RECORD_TYPE)
            return claims if isinstance(claims, Refusal) else KeyRecord.model_validate(claims)
        act = read_act(text, ring, now)
        if isinstance(act, KeyRecord):
            grown = self.ring(ring.genesis.record, (*ring.records, text))
            return grown if isinstance(grown, Refusal) else act
        if isinstance(act, Stop | Revocation | Resume | Erase | ConsentAnswer):
            self._shelf.create(f"acts/{ring.twin_id}/{digest_bytes(text.encode())}", text.encode())
        return act

    def word(self, twin: str) -> OwnerWord:
        """What was heard of a twin so far; the vault keeps no times. Acts were verified when they were taken in."""
        return owner_word((), [Recorded(act=text, accepted_at=0) for text in self._read(f"acts/{twin}/")])

    def denials(self, twin: str) -> dict[str, int]:
        """The requests that the owner said no to, by their digest, with the second at which the newest no was signed."""
        found: dict[str, int] = {}
        for text in self._read(f"acts/{twin}/"):
            act = parsed(text)
            if isinstance(act, ConsentAnswer) and act.answer == "deny":
                found[act.request] = max(act.iat, found.get(act.request, 0))
        return found

    def _read(self, prefix: str) -> list[str]:
        """The texts below a prefix in the order of their keys; each is fetched once."""
        keys = self._shelf.keys(prefix)
        for key in keys:
            if key not in self._texts:
                text = (self._shelf.get(key) or b"").decode()
                with self._lock:
                    self._texts[key] = text
        return [self._texts[key] for key in keys]
