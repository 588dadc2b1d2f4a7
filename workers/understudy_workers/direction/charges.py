"""What a receipt log says of the budget of its job: the last charge, and the worker seconds that no charge covers."""

from __future__ import annotations

from collections import Counter

from understudy_api.budget import Charge
from understudy_api.receipt import Segment


class Charges:
    """Follows a log from its first segment on. Groups are told apart; the empty name stands for none."""

    def __init__(self) -> None:
        self.last: Charge | None = None
        self.worked: Counter[str] = Counter()
        """Worker seconds of the whole log."""
        self.unpriced: Counter[str] = Counter()
        """Those since the last charge."""

    def take_in(self, segment: Segment) -> None:
        """The next segment of the log."""
        worked = _worked(segment)
        if segment.charge is not None:
            self.last, self.unpriced = segment.charge, Counter()
        else:
            self.unpriced += worked - self.worked
        self.worked = worked


def _worked(segment: Segment) -> Counter[str]:
    by_group = segment.billed_worker_seconds_by_group
    rest = max(segment.billed_worker_seconds - sum(by_group.values()), 0.0)
    return Counter({**by_group, "": rest})  # type: ignore[arg-type]  # seconds are no whole numbers
