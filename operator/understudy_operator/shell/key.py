"""Which object a reconcile is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from understudy_api.kinds import KINDS
from understudy_api.model import API_VERSION

PLURALS: Final = {kind.kind: kind.plural for kind in KINDS}
NAMESPACED: Final = {kind.kind: kind.namespaced for kind in KINDS}


class Key(NamedTuple):
    """An object of one of our kinds; `namespace` is empty for a RenderPool."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Key:
        """The key of an object as the API server returns it."""
        metadata = body["metadata"]
        return cls(body["kind"], metadata.get("namespace", ""), metadata["name"])

    @property
    def collection(self) -> str:
        """The API path of the collection it is in."""
        inside = f"/namespaces/{self.namespace}" if NAMESPACED[self.kind] else ""
        return f"/apis/{API_VERSION}{inside}/{PLURALS[self.kind]}"

    @property
    def path(self) -> str:
        """The API path of the object."""
        return f"{self.collection}/{self.name}"

    def __str__(self) -> str:
        return "/".join(part for part in self if part)
