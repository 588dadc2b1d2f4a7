"""How far a grant reaches: metered seconds and items, what is in flight included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SLACK_SECONDS: Final = 1e-6


@dataclass(frozen=True)
class Quota:
    """What is `committed` by receipts so far, and what is `granted` in total; no granted items: the license bounds none."""

    committed_seconds: float
    granted_seconds: float
    committed_items: int = 0
    granted_items: int | None = None

    def reaches(self, seconds: float, in_flight_seconds: float, in_flight_items: int) -> bool:
        """Whether one more item of that length fits beside those that performers hold."""
        enough = self.committed_seconds + in_flight_seconds + seconds <= self.granted_seconds + _SLACK_SECONDS
        bound = self.granted_items
        return enough and (bound is None or self.committed_items + in_flight_items < bound)
