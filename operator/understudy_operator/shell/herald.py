"""Tells the vault what owners signed, and remembers how that went. Acts are signed: no account is needed to deliver them."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx
import structlog
from pydantic import ValidationError

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.owner_word import Heard
from understudy_api.release import Heeded, OwnersWord
from understudy_api.settings import VaultAddress
from understudy_api.verdict import Refusal, Verdict
from understudy_operator.core.actions import TellVault
from understudy_operator.core.state import Untold, VaultView
from understudy_operator.core.telling import UNAVAILABLE
from understudy_operator.shell.act_book import ActBook

ERASE_TYPE: Final = "likeness-erase+jwt"
TIMEOUT_SECONDS: Final = 10.0
"""An erasure may take longer: the vault goes on with it, and answers with its receipt when it is told again."""
AWAY_SECONDS: Final = 3.0
"""How long after a vault did not answer nobody else waits for it; less than an act waits to be told again."""
REFUSED_SECONDS: Final = 600.0
"""How long an act that the vault refused is not told again."""

log = structlog.get_logger("herald")


@dataclass(frozen=True)
class _Problem:
    refusal: Refusal
    at: float

    def holds(self, now: float) -> bool:
        """Whether the vault need not be asked again: what it refused it refuses for a while."""
        return self.refusal.reason != UNAVAILABLE and now - self.at < REFUSED_SECONDS


class Herald:
    """The way to one vault, or to none. Safe to use from many threads. `clock` gives seconds that only grow."""

    def __init__(
        self,
        address: VaultAddress | None,
        book: ActBook,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._book = book
        self._clock = clock
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._problems: dict[str, _Problem] = {}
        self._away_until = float("-inf")
        self._http = None if address is None else _client(address)

    def view(self, twin_id: str, act: str) -> VaultView | None:
        """What the vault knows of an act; None where no vault runs."""
        if self._http is None:
            return None
        digest = digest_bytes(act.encode())
        with self._lock:
            problem = self._problems.get(digest)
        return VaultView(
            untold=self.untold(twin_id),
            heard=self._book.heard(twin_id).get(digest),
            problem=problem.refusal if problem else None,
        )

    def untold(self, twin_id: str) -> tuple[Untold, ...]:
        """A twin's recorded acts that the vault has not taken in, oldest first, without those it refused lately."""
        if self._http is None:
            return ()
        heard, now = self._book.heard(twin_id), self._clock()
        with self._lock:
            refused = {digest for digest, problem in self._problems.items() if problem.holds(now)}
        acts = self._book.acts(twin_id)
        return tuple(one for one in acts if digest_bytes(one.act.encode()) not in heard.keys() | refused)

    def tell(self, action: TellVault) -> None:
        """Deliver an act. An answer that says it was taken in is noted for good; what else comes is remembered."""
        digest = digest_bytes(action.act.encode())
        answer = self._deliver(action, action.key_records)
        if isinstance(answer, Refusal) and answer.reason == "KeyRecordBackwards":
            answer = self._deliver(action, self._book.word(action.twin_id).key_records)
        if isinstance(answer, Refusal):
            log.warning("the vault did not take an act in", act=digest[:16], reason=answer.reason, error=answer.message)
            with self._lock:
                self._problems[digest] = _Problem(answer, self._clock())
            return
        self._book.note(action.twin_id, Heard(act=digest, at=self._wall_clock(), receipt=answer.receipt))
        with self._lock:
            self._problems.pop(digest, None)

    def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            self._http.close()

    def _deliver(self, action: TellVault, records: tuple[str, ...]) -> Heeded | Refusal:
        if self._http is None:
            return _unavailable("no vault runs here")
        if self._clock() < self._away_until:
            return _unavailable(f"{self._http.base_url}: did not answer just now")
        word = OwnersWord(genesis=action.genesis, key_records=records, act=action.act)
        try:
            answer = self._http.post("/v1/acts", content=word.model_dump_json())
            if answer.status_code == httpx.codes.FORBIDDEN:
                return Verdict.model_validate_json(answer.content).refusals[0]
            if answer.status_code != httpx.codes.OK:
                return _unavailable(f"{answer.request.url}: HTTP {answer.status_code}")
            return Heeded.model_validate_json(answer.content)
        except httpx.HTTPError as error:
            if token.type_of(action.act) != ERASE_TYPE:  # an erasure is answered when nobody holds the key any more
                self._away_until = self._clock() + AWAY_SECONDS
            return _unavailable(f"{self._http.base_url}: does not answer ({error or type(error).__name__})")
        except (ValidationError, IndexError):
            return _unavailable(f"{self._http.base_url}: unreadable answer; do vault and operator run one release?")


def _unavailable(what: str) -> Refusal:
    return Refusal(reason=UNAVAILABLE, message=f"vault: {what}; it is told again until it takes the act in")


def _client(address: VaultAddress) -> httpx.Client:
    return httpx.Client(
        base_url=address.url,
        verify=ssl.create_default_context(cafile=str(address.ca_file) if address.ca_file else None),
        headers={"Content-Type": "application/json"},
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
    )
