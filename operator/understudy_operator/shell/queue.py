"""The work queue: keys that want a reconcile, each worked on by one thread at a time.

A doorbell only marks a key; what happened is found out by looking. Marking is idempotent, so a thousand events about one
object cost one reconcile. Nothing here knows Kubernetes: keys are any hashable value, the clock is given.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST_BACKOFF_SECONDS: Final = 0.25
MAX_BACKOFF_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Taken(Generic[K]):
    """A key to work on and how long it had been due."""

    key: K
    waited_seconds: float


class WorkQueue(Generic[K]):
    """A queue of keys with delays and back-off; all methods may be called from any thread.

    A key is due at most once and never runs twice at a time. A key marked while it runs is due again when it finishes.
    Urgent keys go first, and takers that want nothing else are never kept by what takes long.
    A key that keeps failing waits 0.25 s, 0.5 s, ... at most 60 s between attempts; a doorbell shortens that wait, but
    never below the first step, so an object that fails and changes by failing does not spin.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._due: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._running: dict[K, float] = {}
        self._failures: dict[K, tuple[int, float]] = {}
        self._urgent: dict[K, None] = {}
        self._pushed = 0
        self._closed = False

    def hurry(self, key: K) -> None:
        """Have `key` reconciled before all others; it stays urgent until that succeeds."""
        with self._changed:
            if not self._closed:
                self._urgent[key] = None
            self._changed.notify_all()
        self.mark(key)

    def mark(self, key: K, delay_seconds: float = 0.0) -> None:
        """Have `key` reconciled in `delay_seconds`, or earlier when it is already due earlier."""
        with self._changed:
            when = self._clock() + delay_seconds
            if key in self._failures:
                when = max(when, self._failures[key][1] + FIRST_BACKOFF_SECONDS)
            self._schedule(key, when)

    def take(self, timeout_seconds: float | None = None, urgent_only: bool = False) -> Taken[K] | None:
        """The urgent key, else the one that has been due longest, now the caller's until `finish` or `fail`.

        None when closed or timed out.
        """
        deadline = None if timeout_seconds is None else self._clock() + timeout_seconds
        with self._changed:
            while not self._closed:
                now = self._clock()
                found = self._pop_urgent(now) or (None if urgent_only else self._pop(now))
                if found is not None:
                    return found
                if deadline is not None and now >= deadline:
                    return None
                self._changed.wait(self._pause(now, deadline, urgent_only))
        return None

    def finish(self, key: K, requeue_after_seconds: float | None = None) -> None:
        """The reconcile of `key` succeeded; look again after the given time, or at the next mark when None."""
        with self._changed:
            self._running.pop(key, None)
            self._failures.pop(key, None)
            if key not in self._due:  # nobody hurried it again while it ran
                self._urgent.pop(key, None)
            if requeue_after_seconds is not None:
                self._schedule(key, self._clock() + requeue_after_seconds)
            self._changed.notify_all()

    def fail(self, key: K, longest_seconds: float = MAX_BACKOFF_SECONDS) -> float:
        """The reconcile of `key` failed; returns the seconds until it is tried again, `longest_seconds` at most."""
        with self._changed:
            self._running.pop(key, None)
            count, now = self._failures.get(key, (0, 0.0))[0] + 1, self._clock()
            delay = min(FIRST_BACKOFF_SECONDS * 2.0 ** min(count - 1, 20), longest_seconds)
            self._failures[key] = (count, now)
            self._due.pop(key, None)
            self._schedule(key, now + delay)
            self._changed.notify_all()
            return delay

    def forget(self, key: K) -> None:
        """Drop a key that is not running: its object is gone and nothing is left to do."""
        with self._changed:
            self._due.pop(key, None)
            self._failures.pop(key, None)
            self._urgent.pop(key, None)

    def close(self) -> None:
        """Wake every taker with None; marks are ignored from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def backlog(self, group: Callable[[K], str] = lambda _: "") -> dict[str, int]:
        """How many keys are due and not yet taken, by group."""
        with self._changed:
            now = self._clock()
            return dict(Counter(group(key) for key, when in self._due.items() if when <= now))

    def longest_running_seconds(self) -> float:
        """How long the oldest unfinished reconcile has been running; 0 when none is."""
        with self._changed:
            return max((self._clock() - since for since in self._running.values()), default=0.0)

    def _schedule(self, key: K, when: float) -> None:
        if self._closed or self._due.get(key, float("inf")) <= when:
            return
        self._due[key] = when
        self._pushed += 1
        heapq.heappush(self._heap, (when, self._pushed, key))
        self._changed.notify_all()

    def _pop_urgent(self, now: float) -> Taken[K] | None:
        """The urgent key that has been due longest and is not running. Its place in the heap is dropped on the way."""
        due = [(when, key) for key in self._urgent if (when := self._due.get(key, now + 1)) <= now]
        ready = [(when, key) for when, key in due if key not in self._running]
        if not ready:
            return None
        when, key = min(ready, key=lambda pair: pair[0])
        del self._due[key]
        self._running[key] = now
        return Taken(key, max(0.0, now - when))

    def _pop(self, now: float) -> Taken[K] | None:
        """The first due key that is not running; entries that were overtaken are dropped on the way."""
        held: list[tuple[float, int, K]] = []
        found: Taken[K] | None = None
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            when, _, key = entry
            if self._due.get(key) != when:
                continue
            if key in self._running:
                held.append(entry)
                continue
            del self._due[key]
            self._running[key] = now
            found = Taken(key, max(0.0, now - when))
            break
        for entry in held:
            heapq.heappush(self._heap, entry)
        return found

    def _pause(self, now: float, deadline: float | None, urgent_only: bool) -> float | None:
        """Seconds until something can be due; None waits for a notification. A running key wakes us by finishing."""
        if urgent_only:
            moments = [self._due[key] for key in self._urgent if key in self._due and key not in self._running]
            moments += [] if deadline is None else [deadline]
            return max(0.0, min(moments) - now) if moments else None
        waits = [self._heap[0][0] - now] if self._heap and self._heap[0][2] not in self._running else []
        waits += [] if deadline is None else [deadline - now]
        if not waits and self._heap:
            waits = [min((w for w, _, key in self._heap if key not in self._running), default=1.0 + now) - now]
        return max(0.0, min(waits)) if waits else None
