"""Who holds which twin's key right now: leases that end by themselves when their holders are heard of no longer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from joserfc.jwk import OKPKey
from pydantic import ValidationError

from understudy_api import token
from understudy_api.release import LEASE_TYPE, Lease
from understudy_api.verdict import Refusal

_LOOK_SECONDS: Final = 0.25


@dataclass(frozen=True)
class Departure:
    """How a holder of a key came to an end."""

    performer: str
    said_so: bool
    """False: it was heard of no longer, and has ended itself because it did not hear of us."""


class Leases:
    """Leases by twin and performer. Signed, so that a vault that was started anew knows its own again.

    `seconds`: how long a lease holds without being renewed. `clock` gives seconds that only grow.
    """

    def __init__(self, key: OKPKey, seconds: float, clock: Callable[[], float]) -> None:
        self._key = key
        self._seconds = seconds
        self._clock = clock
        self._opened_at = clock()
        self._heard: dict[tuple[str, str], float] = {}
        self._left: dict[str, set[str]] = {}
        self._changed = threading.Condition()

    def grant(self, twin: str, performer: str, caller: str, now: float) -> str:
        """A lease for a performer that is given a twin's key at `now` (Unix seconds)."""
        lease = Lease(twin=twin, performer=performer, caller=caller, iat=int(now))
        with self._changed:
            self._heard[twin, performer] = self._clock()
        return token.sign(self._key, LEASE_TYPE, lease.model_dump())

    def renew(self, leases: Iterable[str], *, leaving: bool) -> set[str]:
        """Renews leases, or ends them when their holder leaves; returns the twins they are about. Strangers' are ignored."""
        known = [lease for text in leases if (lease := self._read(text)) is not None]
        with self._changed:
            for lease in known:
                holder = (lease.twin, lease.performer)
                if leaving:
                    self._heard.pop(holder, None)
                    self._left.setdefault(lease.twin, set()).add(lease.performer)
                else:
                    self._heard[holder] = self._clock()
            self._changed.notify_all()
        return {lease.twin for lease in known}

    def until_nobody_holds(self, twin: str) -> list[Departure]:
        """Waits until no lease on the twin holds any more; who held one is told of. Grant none meanwhile.

        After a start, holders that this process never heard of are waited for as long as their leases may last.
        """
        ended: dict[str, Departure] = {}
        with self._changed:
            while True:
                now = self._clock()
                for (held, performer), heard_at in list(self._heard.items()):
                    if held == twin and now - heard_at > self._seconds:
                        del self._heard[held, performer]
                        ended[performer] = Departure(performer, said_so=False)
                held_still = any(held == twin for held, _ in self._heard)
                if not held_still and now - self._opened_at > self._seconds:
                    break
                self._changed.wait(_LOOK_SECONDS)
            for performer in self._left.pop(twin, ()):
                ended[performer] = Departure(performer, said_so=True)
        return [ended[performer] for performer in sorted(ended)]

    def _read(self, text: str) -> Lease | None:
        claims = token.verify(text, self._key, LEASE_TYPE)
        if isinstance(claims, Refusal):
            return None
        try:
            return Lease.model_validate(claims)
        except ValidationError:
            return None
