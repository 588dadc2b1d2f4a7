"""Sealing the ledger: now and then one signed checkpoint over the heads of all chains, so that others can keep one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from joserfc.jwk import OKPKey
from pydantic import ValidationError

from understudy_api.ledger import chain, checkpoint
from understudy_api.ledger.checkpoint import ChainHead, Checkpoint
from understudy_api.verdict import Refusal
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.ledger import Ledger
from understudy_operator.shell.objects import Objects

SEAL_SECONDS: Final = 30.0
"""How often heads are looked at; nothing is written while they stand still."""


class Sealer:
    """Writes `checkpoints/{number}.json`, one after the other. One thread only."""

    def __init__(
        self,
        objects: Objects,
        bucket: str,
        ledger: Ledger,
        farm: OKPKey,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._objects = objects
        self._bucket = bucket
        self._ledger = ledger
        self._farm = farm
        self._wall_clock = wall_clock
        self._number: int | None = None
        self._sealed: tuple[ChainHead, ...] = ()
        self._accounts: set[str] = set()

    def open(self) -> None:
        """Reads the newest checkpoint: no chain may be shorter than it says. OutageError when it does not hold."""
        keys = self._objects.keys(self._bucket, checkpoint.PREFIX)
        self._number = len(keys)
        self._sealed = self._read(keys[-1]) if keys else ()
        for head in self._sealed:
            self._ledger.expect(head.account, head.sequence)
        links = self._objects.keys(self._bucket, chain.PREFIX)
        self._accounts = {found[0] for key in links if (found := chain.parse_key(key))}
        self._accounts |= {head.account for head in self._sealed}

    def seal(self, accounts: Iterable[str]) -> bool:
        """Writes a checkpoint over these accounts and all that were ever seen; False when no head moved."""
        if self._number is None:
            self.open()
        assert self._number is not None
        self._accounts |= set(accounts)
        found = [(name, self._ledger.head(name)) for name in sorted(self._accounts)]
        heads = tuple(
            ChainHead(account=name, sequence=head.account.sequence, digest=head.digest)
            for name, head in found
            if head.account.sequence >= 0
        )
        if not heads or heads == self._sealed:
            return False
        data = checkpoint.seal(heads, self._farm, self._wall_clock()).model_dump_json().encode()
        if not self._objects.create(self._bucket, checkpoint.checkpoint_key(self._number), data):
            self._number = None  # Another operator sealed: look again the next time.
            return False
        self._number, self._sealed = self._number + 1, heads
        return True

    def _read(self, key: str) -> tuple[ChainHead, ...]:
        data = self._objects.get(self._bucket, key) or b""
        try:
            heads = checkpoint.proven_heads(Checkpoint.model_validate_json(data), self._farm)
        except ValidationError as error:
            raise OutageError("ledger", f"{key}: unreadable; run `understudy ledger verify`") from error
        if isinstance(heads, Refusal):
            raise OutageError("ledger", f"{key}: {heads.message}")
        return heads
