"""A status list that arrives as an OwnerAct, beside what the farm holds already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from understudy_api.status_list import StatusList


@dataclass(frozen=True)
class DeliveredList:
    """What is known when one is looked at."""

    newest: StatusList | None = None
    """The newest of the twin's lists that the farm holds."""
    sequence: int = 0
    """Place in the chain for the next one."""
    recorded_at: float | None = None
    """When this very list was recorded, Unix seconds; None: it was not."""


NOT_DELIVERED: Final = DeliveredList()
"""Beside an act that is no list."""
