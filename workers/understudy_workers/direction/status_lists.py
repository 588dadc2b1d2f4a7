"""The director's own look at owners' status lists: a revocation reaches it while the operator is silent.

What it holds is verified with the keys that came with the order, and goes with the last order that names it. A grant says
which list the operator judged by; the newer of the two words counts, and what either revoked stays revoked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import structlog

from understudy_api.clauses.parties import status_objection
from understudy_api.grant import Grant
from understudy_api.keyring import Keyring, read_keyring
from understudy_api.order import Order
from understudy_api.status_list import StatusList, read_status_list
from understudy_api.status_source import StatusSettings, named_entry, poll_seconds, source, standing
from understudy_api.term_parts import StatusEntry
from understudy_api.terms import License, read_license
from understudy_api.use import Usage
from understudy_api.verdict import Refusal
from understudy_workers.direction.status_fetch import Fetcher, FetchError

LOOK_SECONDS: Final = 1.0
"""How often it is looked whether a list is due."""
AT_ONCE: Final = 32

Source = tuple[str, str]
"""A twin's id and the name of a source."""

log = structlog.get_logger("status")


@dataclass(frozen=True)
class Named:
    """The place in a status list that an order's license names, and the keys the list has to be signed with."""

    ring: Keyring
    entry: StatusEntry

    @property
    def source(self) -> Source:
        """Which list it is."""
        return self.ring.twin_id, source(self.entry.uri)


def named(order: Order) -> Named | None:
    """What an order's license names; None when it names no list, or its signatures do not hold."""
    if named_entry(order.license) is None:
        return None
    ring = read_keyring(order.genesis, order.key_records)
    found = read_license(order.license, ring) if isinstance(ring, Keyring) else None
    if not isinstance(ring, Keyring) or not isinstance(found, License) or found.terms.status is None:
        return None
    return Named(ring, found.terms.status)


class StatusLists:
    """The newest list of each source that an order names. One event loop only."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._held: dict[Source, StatusList] = {}
        self._asked_at: dict[Source, float] = {}
        self._problems: dict[Source, str] = {}

    def refusal(self, of: Named, grant: Grant | None, now: float) -> Refusal | None:
        """Why nothing may be handed out for a license at `now` (Unix seconds), by the newer word of list and grant."""
        held, granted = self._held.get(of.source), grant.status_iat if grant else None
        usage = Usage(status=None if granted is None else "valid", status_iat=granted)
        if held is not None:
            stands = standing(held, of.entry)
            if stands.status == "revoked" or granted is None or held.iat >= granted:
                usage = stands.usage()
        objection = status_objection(of.entry, usage, now)
        if objection is None:
            return None
        return Refusal(reason=objection.reason, message=f"license: the owner's status list: {objection.cure}")

    async def keep(self, settings: StatusSettings, wanted: Callable[[], Iterable[Named]]) -> None:
        """Asks for the lists that orders name, for ever."""
        fetcher = Fetcher(settings)
        try:
            while True:
                await self._ask_due(fetcher, settings.farm_url, {one.source: one for one in wanted()})
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await fetcher.close()

    async def _ask_due(self, fetcher: Fetcher, farm_url: str | None, wanted: dict[Source, Named]) -> None:
        for known in (self._held, self._asked_at, self._problems):
            for gone in known.keys() - wanted.keys():
                del known[gone]
        now, room = asyncio.get_running_loop().time(), asyncio.Semaphore(AT_ONCE)

        async def ask(key: Source, of: Named) -> None:
            async with room:
                self._note(key, await self._ask(fetcher, farm_url, of))

        due = [(key, of) for key, of in wanted.items() if self._is_due(key, of, now)]
        self._asked_at |= {key: now for key, _ in due}
        answers = await asyncio.gather(*(ask(key, of) for key, of in due), return_exceptions=True)
        for (key, _), broke in zip(due, answers, strict=True):
            if broke is not None:  # What nobody foresaw about one list stops no other.
                log.error("asking broke", twin=key[0][:12], source=key[1], exc_info=broke)

    def _is_due(self, key: Source, of: Named, now: float) -> bool:
        asked_at = self._asked_at.get(key)
        return asked_at is None or now >= asked_at + poll_seconds(of.entry.ttl_seconds)

    async def _ask(self, fetcher: Fetcher, farm_url: str | None, of: Named) -> str:
        """Asks for one list and holds it; one line when that was nothing."""
        try:
            if of.entry.uri is not None:
                text = await fetcher.fetch(of.entry.uri)
            elif farm_url is not None:
                text = await fetcher.fetch_farms(f"{farm_url.rstrip('/')}/v1/status/{of.ring.twin_id}")
            else:
                return "status_lists.farm_url is not set: the farm's own lists are not asked for"
        except FetchError as error:
            return str(error)
        before = self._held.get(of.source)
        found = await asyncio.to_thread(read_status_list, text, of.ring, self._clock(), before)
        if isinstance(found, Refusal):
            return f"{found.message} ({found.reason})"
        self._held[of.source] = found
        return ""

    def _note(self, key: Source, problem: str) -> None:
        if problem == self._problems.get(key):
            return
        if problem:
            log.warning("no newer status list", twin=key[0][:12], source=key[1], error=problem)
        else:
            log.info("status list came", twin=key[0][:12], source=key[1])
        self._problems[key] = problem
