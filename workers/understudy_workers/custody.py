"""Twins' keys in this process's memory: asked for by right of an order, held on a lease, gone with the twin.

While a key is held the vault is told so every few seconds. When it answers that the twin was erased, or is heard of no
longer than the lease lasts, the process ends itself at once: its memory is the only place where that key still is.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from understudy_api.order import TrainingOrder
from understudy_api.release import HEARTBEAT_SECONDS, RenderingClaim, TrainingClaim
from understudy_api.verdict import Refusal
from understudy_workers.objects import OutageError
from understudy_workers.sealing import Seal
from understudy_workers.vault import Release
from understudy_workers.work import Permit

KEPT_TWINS: Final = 3
"""As many twins as a performer keeps warm."""
MAX_RIGHTS: Final = 64
"""Licenses a key is remembered to be released for; for an older one it is asked again."""

log = structlog.get_logger("custody")


class Vault(Protocol):
    """Whom to ask; `understudy_workers.vault.VaultClient` is the real one."""

    def ask(self, claim: RenderingClaim | TrainingClaim) -> Release | Refusal:
        """The twin's data key, or why it is not given."""

    def beat(self, leases: tuple[str, ...], *, leaving: bool = False) -> frozenset[str]:
        """Says what is held; the twins that are erased."""

    def close(self) -> None:
        """Lets connections go."""


@dataclass
class _Held:
    """One twin's key: for which licenses it was released, on which lease, and when the vault was last heard of it."""

    seal: Seal
    lease: str
    lease_seconds: float
    heard_at: float
    rights: OrderedDict[str, None] = field(default_factory=OrderedDict)


def end_process() -> None:
    """Ends this process at once, its memory with it."""
    os._exit(70)


class Custody:
    """The keys one process holds, at most `kept` twins' at a time. `leave` is called when it has to end itself."""

    def __init__(
        self,
        vault: Vault,
        *,
        kept: int = KEPT_TWINS,
        leave: Callable[[], None] = end_process,
        beat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._vault = vault
        self._kept = kept
        self._leave = leave
        self._beat_seconds = beat_seconds
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._followers: list[Callable[[str], None]] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._pulse: threading.Thread | None = None

    def follow(self, forget: Callable[[str], None]) -> None:
        """Has `forget(twin)` called when a twin's key goes: what was opened with it has to go too."""
        self._followers.append(forget)

    def seal(self, permit: Permit) -> Seal | Refusal:
        """The twin's key, released for the permit's license; or why the vault refuses. Raises VaultOutageError."""
        held = self._held.get(permit.twin.id)
        if held is not None and permit.license_digest in held.rights:
            self._held.move_to_end(permit.twin.id)
            return held.seal
        claim = RenderingClaim(
            uid=permit.order_uid,
            pool=permit.pool,
            making=permit.making,
            genesis=permit.genesis,
            key_records=permit.key_records,
            grant=permit.grant,
            clearance=permit.clearance,
        )
        return self._ask(claim, permit.license_digest)

    def training_seal(self, order: TrainingOrder) -> Seal | Refusal:
        """The key of a twin that is to be trained, made now if there is none; or why not. Raises VaultOutageError."""
        return self._ask(TrainingClaim(order=order), order.digest)

    def forget(self, twin: str) -> None:
        """Lets a twin's key go, and whatever was opened with it."""
        with self._lock:
            held = self._held.pop(twin, None)
        if held is None:
            return
        for follower in self._followers:
            follower(twin)
        try:
            self._vault.beat((held.lease,), leaving=True)
        except OutageError as error:
            log.warning("lease not given back; it runs out by itself", twin=twin[:12], error=str(error))

    def close(self) -> None:
        """Lets all keys go."""
        for twin in list(self._held):
            self.forget(twin)
        self._closed.set()
        if self._pulse is not None:
            self._pulse.join()
        self._vault.close()

    def _ask(self, claim: RenderingClaim | TrainingClaim, right: str) -> Seal | Refusal:
        release = self._vault.ask(claim)
        if isinstance(release, Refusal):
            return release
        while len(self._held) >= self._kept and release.twin not in self._held:
            self.forget(next(iter(self._held)))
        with self._lock:
            held = self._held.get(release.twin)
            if held is None:
                seal = Seal(release.twin, release.data_key)
                held = _Held(seal, release.lease, release.lease_seconds, release.asked_at)
                self._held[release.twin] = held
            held.lease, held.heard_at = release.lease, release.asked_at
            held.rights[right] = None
            while len(held.rights) > MAX_RIGHTS:
                held.rights.popitem(last=False)
            self._held.move_to_end(release.twin)
        if self._pulse is None:
            self._pulse = threading.Thread(target=self._beat, name="custody", daemon=True)
            self._pulse.start()
        return held.seal

    def _beat(self) -> None:
        while not self._closed.wait(self._beat_seconds):
            with self._lock:
                held = dict(self._held)
            if held:
                self._stay_in_touch(held)

    def _stay_in_touch(self, held: dict[str, _Held]) -> None:
        asked_at = time.monotonic()
        gone: frozenset[str] = frozenset()
        try:
            gone = self._vault.beat(tuple(one.lease for one in held.values()))
            for one in held.values():
                one.heard_at = max(one.heard_at, asked_at)
        except OutageError as error:
            log.warning("the vault is not heard", error=str(error))
        if gone & held.keys():
            self._depart(held, "its owner had a twin erased", gone)
        late = [twin for twin, one in held.items() if time.monotonic() - one.heard_at > one.lease_seconds]
        if late:
            self._depart(held, "the vault was not heard of for as long as a key may be held", frozenset(late))

    def _depart(self, held: dict[str, _Held], why: str, twins: frozenset[str]) -> None:
        log.error("ends itself", why=why, twins=[twin[:12] for twin in sorted(twins)])
        try:
            self._vault.beat(tuple(one.lease for one in held.values()), leaving=True)
        except OutageError as error:
            log.warning("could not say so", error=str(error))
        finally:
            self._leave()
