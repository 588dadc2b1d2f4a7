"""Status lists as the operator knows them: polled from the addresses that licenses name, looked up for every decision."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from understudy_api.genesis import twin_id
from understudy_api.keyring import Keyring, read_keyring
from understudy_api.owner_word import Recorded
from understudy_api.status_list import read_status_list
from understudy_api.status_source import UNLISTED, Standing, named_entry, poll_seconds, source, standing
from understudy_api.term_parts import StatusEntry
from understudy_api.terms import read_license
from understudy_api.verdict import Refusal
from understudy_operator.shell.act_book import ActBook
from understudy_operator.shell.errors import ConflictError, OutageError
from understudy_operator.shell.key import Key
from understudy_operator.shell.objects import S3RefusalError
from understudy_operator.shell.status_book import StatusBook
from understudy_operator.shell.status_fetch import Fetcher, FetchError
from understudy_operator.shell.store import Store

LOOK_SECONDS: Final = 1.0
"""How often it is looked whether a list is due."""
MAX_ADDRESSES: Final = 16
"""Addresses asked for one twin; a license that names yet another finds no list and is refused."""
AT_ONCE: Final = 32
CLOSE_SECONDS: Final = 1.0

Source = tuple[str, str]
"""A twin's id and the name of an address."""

log = structlog.get_logger("status")


@dataclass
class _Named:
    """One twin's list at one address, as Licenses name it; their signatures are checked before it is asked for."""

    uri: str
    ttl_seconds: int
    licenses: list[Key]


class StatusLists:
    """`poll` belongs to one thread; everything else may be called from any."""

    def __init__(
        self,
        book: StatusBook,
        acts: ActBook,
        store: Store,
        fetcher: Fetcher,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.book = book
        self._acts = acts
        self._store = store
        self._fetcher = fetcher
        self._clock = clock
        self._wall_clock = wall_clock
        self._problems: dict[Source, str] = {}
        self._asked_at: dict[Source, float] = {}
        self._entries: dict[str, tuple[str, StatusEntry] | None] = {}
        """By uid of a License: what its token names, which never changes."""
        self._turn = threading.Lock()
        self._runner: asyncio.Runner | None = None

    def standing(self, license_token: str) -> Standing:
        """Where a license stands by the newest list that is known; its signature is for others to check."""
        named = named_entry(license_token)
        if named is None:
            return UNLISTED
        twin, entry = named
        held = self.book.newest(twin, source(entry.uri))
        return standing(held.list if held else None, entry, self._problems.get((twin, source(entry.uri)), ""))

    def poll(self) -> set[Key]:
        """Ask for every list that is due; returns the Licenses about which there is news."""
        named, now = self._named(), self._clock()
        for known in (self._problems, self._asked_at):
            for gone in known.keys() - named.keys():
                del known[gone]
        due = [key for key, one in named.items() if self._is_due(key, one, now)]
        self._asked_at |= dict.fromkeys(due, now)
        asked = [(key, named[key], ring) for key in due if (ring := self._ring(named[key])) is not None]
        if not asked:
            return set()
        with self._turn:
            self._runner = self._runner or asyncio.Runner()
            return self._runner.run(self._ask_all(asked))

    def close(self) -> None:
        """Let connections go, unless somebody still asks."""
        if self._runner is None or not self._turn.acquire(timeout=CLOSE_SECONDS):
            return
        try:
            self._runner.run(self._fetcher.close())
            self._runner.close()
            self._runner = None
        finally:
            self._turn.release()

    def _is_due(self, key: Source, named: _Named, now: float) -> bool:
        asked_at = self._asked_at.get(key)
        return asked_at is None or now >= asked_at + poll_seconds(named.ttl_seconds)

    async def _ask_all(self, due: list[tuple[Source, _Named, Keyring]]) -> set[Key]:
        room = asyncio.Semaphore(AT_ONCE)

        async def ask(key: Source, named: _Named, ring: Keyring) -> bool:
            async with room:
                try:
                    text = await self._fetcher.fetch(named.uri)
                except FetchError as error:
                    return self._noted(key, str(error))
            return await asyncio.to_thread(self._take, key, ring, text)

        news = await asyncio.gather(*(ask(*one) for one in due), return_exceptions=True)
        told = [self._broke(key, new) for (key, _, _), new in zip(due, news, strict=True)]
        return {license_ for (_, named, _), new in zip(due, told, strict=True) if new for license_ in named.licenses}

    def _broke(self, key: Source, new: bool | BaseException) -> bool:
        """Whether there is news; what nobody foresaw about one list is told of that list, and stops no other."""
        if isinstance(new, bool):
            return new
        log.error("asking broke", twin=key[0][:12], source=key[1], exc_info=new)
        return self._noted(key, f"operator: {type(new).__name__} while it asked for the list; see its log")

    def _take(self, key: Source, ring: Keyring, text: str) -> bool:
        """Believe a list that came, or remember why not; whether that is news."""
        now = self._wall_clock()
        try:
            held = self.book.newest(*key)
            if held is not None and held.token == text and not held.list.is_stale(now):
                return self._noted(key, "")
            read = read_status_list(text, ring, now, held.list if held else None)
            if isinstance(read, Refusal):
                return self._noted(key, f"{read.message} ({read.reason})")
            self.book.believe(*key, held, read, Recorded(act=text, accepted_at=now))
        except (ConflictError, OutageError, S3RefusalError) as error:
            return self._noted(key, str(error))
        self._noted(key, "")
        return True

    def _noted(self, key: Source, problem: str) -> bool:
        """Remember what is wrong with an address; whether that is news."""
        if self._problems.get(key, "") == problem:
            return False
        if problem:
            log.warning("no newer status list", twin=key[0][:12], source=key[1], error=problem)
        self._problems[key] = problem
        return True

    def _named(self) -> dict[Source, _Named]:
        """Every list at an address that a License names, at most so many of a twin."""
        bodies = {body["metadata"]["uid"]: body for body in self._store.all("License")}
        for uid in self._entries.keys() - bodies.keys():
            del self._entries[uid]
        found: dict[Source, _Named] = {}
        of_twin: Counter[str] = Counter()
        for uid, body in bodies.items():
            if uid not in self._entries:
                self._entries[uid] = named_entry(str(body.get("spec", {}).get("token", "")))
            twin, entry = self._entries[uid] or ("", None)
            if entry is None or entry.uri is None:
                continue
            key = (twin, source(entry.uri))
            if key not in found and of_twin[twin] < MAX_ADDRESSES:
                of_twin[twin] += 1
                found[key] = _Named(entry.uri, entry.ttl_seconds, [])
            if key in found:
                found[key].ttl_seconds = min(found[key].ttl_seconds, entry.ttl_seconds)
                found[key].licenses.append(Key.of(body))
        return found

    def _ring(self, named: _Named) -> Keyring | None:
        """The keys of the twin, when its owner signed one of the Licenses: nobody else sends us anywhere."""
        for key in named.licenses:
            license_ = self._store.get(key)
            spec = license_.get("spec", {}) if license_ else {}
            twin = self._store.get(Key("TwinModel", key.namespace, str(spec.get("twinRef", {}).get("name", ""))))
            genesis = str(twin.get("spec", {}).get("genesis", "")) if twin else ""
            ring = read_keyring(genesis, self._acts.word(twin_id(genesis)).key_records)
            if isinstance(ring, Keyring) and not isinstance(read_license(str(spec.get("token", "")), ring), Refusal):
                return ring
        return None
