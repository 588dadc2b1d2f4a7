"""Units that wait to be handed out: at once, after a pause, or only to somebody else than last time."""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from typing import Generic, TypeVar

from understudy_workers.direction.units import Unit

U = TypeVar("U", bound=Unit)


class Ready(Generic[U]):
    """A first-in first-out queue with back-off."""

    def __init__(self) -> None:
        self._now: deque[U] = deque()
        self._later: list[tuple[float, int, U]] = []
        self._pushed = 0

    def __len__(self) -> int:
        return len(self._now) + len(self._later)

    @property
    def next_at(self) -> float | None:
        """When the first of the pausing units is due; None when none pauses."""
        return self._later[0][0] if self._later else None

    def push(self, unit: U, now: float) -> None:
        """Appends a unit that is ready from now on."""
        unit.ready_at = now
        self._now.append(unit)

    def push_front(self, unit: U) -> None:
        """Puts a unit before all others: it was handed out and came back untouched."""
        self._now.appendleft(unit)

    def push_later(self, unit: U, at: float) -> None:
        """Keeps a unit back until `at`."""
        unit.ready_at = at
        self._pushed += 1
        heapq.heappush(self._later, (at, self._pushed, unit))

    def wake(self, now: float) -> None:
        """Appends the units whose pause is over."""
        while self._later and self._later[0][0] <= now:
            self._now.append(heapq.heappop(self._later)[2])

    def peek(self, performer: str, performers: int) -> U | None:
        """The first unit that need not avoid this performer; units that have failed everywhere avoid nobody."""
        for unit in self._now:
            if performer not in unit.avoid or len(unit.avoid) >= performers:
                return unit
        return None

    def pop(self, performer: str, performers: int) -> U | None:
        """Takes out what `peek` shows."""
        unit = self.peek(performer, performers)
        if unit is not None:
            self._now.remove(unit)
        return unit


class KnownClips:
    """Frames of clips that exist, the latest `limit` of them: a forgotten one is found again in the clip cache."""

    def __init__(self, limit: int = 50_000) -> None:
        self._frames: OrderedDict[str, int] = OrderedDict()
        self._limit = limit

    def __len__(self) -> int:
        return len(self._frames)

    def get(self, clip_id: str) -> int | None:
        """Frames of a clip, None when it is not known to exist."""
        frames = self._frames.get(clip_id)
        if frames is not None:
            self._frames.move_to_end(clip_id)
        return frames

    def remember(self, clip_id: str, frames: int) -> None:
        """A clip exists now."""
        self._frames[clip_id] = frames
        self._frames.move_to_end(clip_id)
        if len(self._frames) > self._limit:
            self._frames.popitem(last=False)

    def forget(self, clip_id: str) -> None:
        """A clip exists no longer."""
        self._frames.pop(clip_id, None)
