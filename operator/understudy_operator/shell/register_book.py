"""The register of licenses in the ledger bucket: read by twin, each entry once, since no entry ever changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pydantic import ValidationError

from understudy_api.digest import digest_bytes
from understudy_api.genesis import twin_id
from understudy_api.register import Registered, claimed_terms, register_key, register_prefix, sameness
from understudy_api.terms import Terms
from understudy_operator.core.actions import RegisterLicense
from understudy_operator.core.registration import UNREGISTERED, Registration, Rival
from understudy_operator.core.state import TwinView
from understudy_operator.shell.errors import ConflictError, OutageError
from understudy_operator.shell.objects import Objects

FRESH_SECONDS: Final = 5.0
"""How old another operator's recording may be before this one knows of it. Its own it knows at once."""


@dataclass
class _Known:
    """What was read of one twin's register, entry by entry."""

    entries: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Number and place of each license by the digest of its token."""
    places: dict[str, int] = field(default_factory=dict)
    """Number of the first license that says the same, by `sameness`."""
    rivals: list[tuple[int, Rival]] = field(default_factory=list)
    """Exclusive licenses with their places."""
    following: int = 0
    read_at: float = float("-inf")
    reading: threading.Lock = field(default_factory=threading.Lock)

    def take_in(self, license_token: str) -> None:
        """The next entry."""
        terms = claimed_terms(license_token)
        place = self.place(terms, self.following)
        if terms is not None:
            self.places.setdefault(sameness(terms), place)
        if terms is not None and terms.exclusive:
            self.rivals.append((place, Rival(license_token, terms)))
        self.entries.setdefault(digest_bytes(license_token.encode()), (self.following, place))
        self.following += 1

    def place(self, terms: Terms | None, otherwise: int) -> int:
        """Where a license stands that says this: beside the first that said the same."""
        return otherwise if terms is None else self.places.get(sameness(terms), otherwise)


class RegisterBook:
    """Safe for use from many threads."""

    def __init__(self, objects: Objects, bucket: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._objects = objects
        self._bucket = bucket
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def registration(self, twin: TwinView | None, license_token: str) -> Registration:
        """What the register of a twin says of a license. OutageError when it cannot be read for what it is."""
        if twin is None:
            return UNREGISTERED
        id_ = twin_id(twin.genesis)
        known = self._of(id_)
        with known.reading:
            if self._clock() - known.read_at >= FRESH_SECONDS:
                self._read_on(id_, known)
            entry = known.entries.get(digest_bytes(license_token.encode()))
            number, own = entry or (None, known.place(claimed_terms(license_token), known.following))
            rivals = tuple(rival for place, rival in known.rivals if place < own)
            return Registration(number=number, following=known.following, rivals=rivals)

    def record(self, action: RegisterLicense) -> None:
        """Give a license its number. ConflictError when another got it meanwhile: what is there now decides anew."""
        key = register_key(action.twin_id, action.number)
        written = self._objects.create(self._bucket, key, action.registered.model_dump_json().encode())
        known = self._of(action.twin_id)
        with known.reading:
            known.read_at = float("-inf")
        if not written:
            raise ConflictError(f"{key}: another license was recorded there first")

    def _of(self, twin: str) -> _Known:
        with self._lock:
            return self._known.setdefault(twin, _Known())

    def _read_on(self, twin: str, known: _Known) -> None:
        """Take in what was added since the last time."""
        now = self._clock()
        after = register_key(twin, known.following - 1) if known.following else ""
        for key in self._objects.keys(self._bucket, register_prefix(twin), after):
            if key != register_key(twin, known.following):
                raise _broken(key, f"entry {known.following} should come next")
            known.take_in(self._entry(key).license)
        known.read_at = now

    def _entry(self, key: str) -> Registered:
        try:
            return Registered.model_validate_json(self._objects.get(self._bucket, key) or b"")
        except ValidationError as error:
            raise _broken(key, "it is no entry of a register") from error


def _broken(key: str, message: str) -> OutageError:
    return OutageError("ledger", f"{key}: {message}; restore the register, no license of this twin is valid meanwhile")
