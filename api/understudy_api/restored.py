"""What an object keeps over a restore: the API server gives it another UID and begins its generations anew.

Receipts, claims and staged files are named by the UID of a RenderJob, and a license is pinned to the UID of its brand's Namespace. So
an object that is created again from a backup says in two annotations which one it was. `65-restored.yaml` lets nobody write them on
a RenderJob who may not `restore` it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

UID_ANNOTATION: Final = "understudy.dev/restored-uid"
GENERATION_ANNOTATION: Final = "understudy.dev/restored-generation"
ROOM_GENERATIONS: Final = 1000
"""How often an object may have changed after it was saved: orders of a lower generation than the receipts know are refused."""

_UID: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
_GENERATION: Final = re.compile(r"[0-9]{1,9}")


def lasting_uid(metadata: Mapping[str, Any]) -> str:
    """The UID that an object had first; its own unless it was restored. An annotation that is no UID counts for nothing."""
    named = str(_annotations(metadata).get(UID_ANNOTATION, ""))
    return named if _UID.fullmatch(named) else str(metadata["uid"])


def earlier_generations(metadata: Mapping[str, Any]) -> int:
    """How many generations count before an object's own; 0 unless it was restored."""
    named = str(_annotations(metadata).get(GENERATION_ANNOTATION, ""))
    return int(named) if _GENERATION.fullmatch(named) else 0


def restored(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Annotations that make an object created anew the one whose saved metadata these are."""
    said = {UID_ANNOTATION: lasting_uid(metadata)}
    if "generation" in metadata:  # a Namespace has none
        earlier = earlier_generations(metadata) + int(metadata["generation"]) + ROOM_GENERATIONS
        said[GENERATION_ANNOTATION] = str(earlier)
    return said


def _annotations(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    return metadata.get("annotations") or {}
