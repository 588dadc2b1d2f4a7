"""Where the twins' data keys are kept: what any keeper of keys promises, and the words it answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from understudy_api.model import Digest, Model, Token


class KeyStoreError(Exception):
    """A key store that does not answer, or answers nonsense; one line with what, where and the cure."""


class Pin(Model):
    """What is written down when a twin's key is made and never changes afterwards."""

    twin: Digest
    genesis: Token
    created_at: int


@dataclass(frozen=True)
class Kept:
    """A twin's data key and the genesis record it was made for."""

    pin: Pin
    data_key: bytes = field(repr=False)


@dataclass(frozen=True)
class Destroyed:
    """A twin whose key was destroyed, for ever: no other is made for it here."""

    pin: Pin
    at: int


class KeyStore(Protocol):
    """Keeps one data key a twin. Safe to use from several threads and processes. Everything raises KeyStoreError."""

    @property
    def name(self) -> str:
        """What receipts call it."""

    def create(self, twin: str, genesis: str, now: int) -> bool:
        """Makes a twin's key and pins its genesis record; False, changing nothing, when there is or was one."""

    def find(self, twin: str) -> Kept | Destroyed | None:
        """A twin's key, that it was destroyed, or None when there never was one."""

    def is_destroyed(self, twin: str) -> bool:
        """Whether a twin's key was destroyed; asked often, so it reads no key."""

    def destroy(self, twin: str, now: int) -> bool:
        """Destroys a twin's key; False when there is none to destroy. Afterwards `find` says Destroyed for ever."""
