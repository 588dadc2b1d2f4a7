"""The last seen version of every object, so that a reconcile need not ask the API server for what it was told."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from understudy_operator.shell import views
from understudy_operator.shell.key import Key

Body = Mapping[str, Any]

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Store:
    """Objects by key, never older than the newest event, list or answer to a write it was given.

    Resource versions of one API server grow with time, so a late event about an old version, or about an object that
    is known to be gone, changes nothing. Bodies are shared, not copied: nobody may change them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bodies: dict[Key, Body] = {}
        self._gone: dict[Key, int] = {}
        self._keys: dict[str, Key] = {}

    def get(self, key: Key) -> Body | None:
        """The object, or None when none is known."""
        with self._lock:
            return self._bodies.get(key)

    def all(self, kind: str) -> list[Body]:
        """All known objects of a kind."""
        with self._lock:
            return [body for key, body in self._bodies.items() if key.kind == kind]

    def uids(self, kind: str) -> frozenset[str]:
        """Uids of all known objects of a kind."""
        return frozenset(views.uid(body) for body in self.all(kind))

    def key_of(self, uid: str) -> Key | None:
        """The object that bears a uid."""
        with self._lock:
            return self._keys.get(uid)

    def put(self, body: Body) -> Body | None:
        """Remember an object unless something newer is known; returns what was known before."""
        key, version = Key.of(body), version_of(body)
        with self._lock:
            known = self._bodies.get(key)
            if version > max(self._gone.get(key, -1), -1 if known is None else version_of(known)):
                self._keep(key, body)
            return known

    def remove(self, key: Key, version: int) -> None:
        """Remember that the object was gone at a resource version."""
        with self._lock:
            self._remove(key, version)

    def replace(self, kind: str, bodies: Iterable[Body], list_version: int) -> set[Key]:
        """Take over a full list of a kind; returns the keys that appeared, changed or went unnoticed."""
        listed = {Key.of(body): body for body in bodies}
        with self._lock:
            changed = set(self._missing(kind, listed, list_version))
            for key in changed:
                self._remove(key, list_version)
            for key, body in listed.items():
                known = self._bodies.get(key)
                newest = max(self._gone.get(key, -1), -1 if known is None else version_of(known))
                if version_of(body) > newest:
                    self._keep(key, body)
                    changed.add(key)
            # Events older than a list never come after it: what went before need not be remembered any longer.
            self._gone = {k: v for k, v in self._gone.items() if k.kind != kind or v >= list_version}
        return changed

    def _missing(self, kind: str, listed: Mapping[Key, Body], list_version: int) -> Iterator[Key]:
        for key, body in self._bodies.items():
            if key.kind == kind and key not in listed and version_of(body) <= list_version:
                yield key

    def _keep(self, key: Key, body: Body) -> None:
        known = self._bodies.get(key)
        if known is not None:
            self._keys.pop(views.uid(known), None)
        self._bodies[key] = slim(body)
        self._keys[views.uid(body)] = key
        self._gone.pop(key, None)

    def _remove(self, key: Key, version: int) -> None:
        known = self._bodies.get(key)
        if known is None or version_of(known) <= version:
            self._bodies.pop(key, None)
            if known is not None:
                self._keys.pop(views.uid(known), None)
            self._gone[key] = max(version, self._gone.get(key, -1))


def slim(body: Body) -> Body:
    """An object without what the API server keeps for others and what repeats its spec: half its memory."""
    metadata = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
    if annotations := metadata.get("annotations"):
        metadata["annotations"] = {name: value for name, value in annotations.items() if name != _APPLIED}
    return {**body, "metadata": metadata}


def version_of(body: Body) -> int:
    """The resource version as a number that grows."""
    return int(body["metadata"]["resourceVersion"])
