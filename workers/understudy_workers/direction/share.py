"""Fair share: who is served next, so that each of several names gets the same worker time while it has work."""

from __future__ import annotations

from collections.abc import Collection


class Share:
    """Stride scheduling (Waldspurger and Weihl 1995) with equal weights, in worker-seconds.

    A name that had nothing to do earns no credit: it comes back level with the least served of those that had.
    """

    def __init__(self) -> None:
        self._served_seconds: dict[str, float] = {}
        self._active: frozenset[str] = frozenset()
        self._level_seconds = 0.0

    def ranked(self, names: Collection[str]) -> list[str]:
        """The names that have work now, least served first; equal ones in alphabetical order."""
        current = frozenset(names)
        staying = self._active & current
        if staying:
            self._level_seconds = min(self._served_seconds[name] for name in staying)
            self._forget_level(current)
        for name in current - self._active:
            self._served_seconds[name] = max(self._served_seconds.get(name, 0.0), self._level_seconds)
        self._active = current
        return sorted(current, key=lambda name: (self._served_seconds[name], name))

    def charge(self, name: str, seconds: float) -> None:
        """Counts worker-seconds for a name; negative to give back what an estimate took too much."""
        self._served_seconds[name] = self._served_seconds.get(name, self._level_seconds) + seconds

    def _forget_level(self, current: frozenset[str]) -> None:
        """Drops absent names that would come back at the level anyway, when many have gathered."""
        if len(self._served_seconds) > 2 * len(current) + 100:
            self._served_seconds = {
                name: seconds
                for name, seconds in self._served_seconds.items()
                if name in current or seconds > self._level_seconds
            }
