"""Batches: how works travel to a performer, how their outcomes come back, and how many travel at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from understudy_workers.work import ItemResult, ItemWork, Permit, TakeResult, TakeWork

BATCH_SECONDS: Final = 0.05
"""Worker time a batch is meant to hold: enough to hide the way there and back, little enough to stay fair."""
MAX_BATCH: Final = 64


@dataclass(frozen=True)
class Failure:
    """A work that raised: `reason` is one CamelCase word, the message one line.

    `outage`: the object store was away, which is nobody's fault and counts as no attempt.
    """

    message: str
    reason: str = "WorkFailed"
    outage: bool = False


@dataclass(frozen=True)
class Batch:
    """Works of one order, done one after the other under one permit."""

    permit: Permit
    works: tuple[TakeWork | ItemWork, ...]


Outcome = TakeResult | ItemResult | Failure


@dataclass(frozen=True)
class Witness:
    """What others need to verify the receipts of a batch: the performer's public key (`x` of its JWK), the grant's token."""

    key: str
    grant: str


@dataclass(frozen=True)
class Answer:
    """Outcomes along the works of a batch, and the seconds the performer was busy with them.

    `thumbprint` is that of the performer's own key: a process that was started anew unseen has another one.
    `group` is the worker group of its node as the node was told, not verified; empty: none.
    """

    outcomes: tuple[Outcome, ...]
    busy_seconds: float
    thumbprint: str = ""
    witness: Witness | None = None
    group: str = ""


class PerformerLostError(Exception):
    """A performer's process ended, or did not answer in time, while it held a batch."""


class Pace:
    """How long one work takes, learned from batches, and so how many may travel together.

    Starts at one work at a time and at most doubles, because a first estimate that is too low would send many
    long works at once; a work that took longer counts at once, shorter ones little by little.
    """

    def __init__(self, batch_seconds: float = BATCH_SECONDS, max_batch: int = MAX_BATCH) -> None:
        self._batch_seconds = batch_seconds
        self._max_batch = max_batch
        self._work_seconds: float | None = None
        self._size = 1

    @property
    def size(self) -> int:
        """Works the next batch may hold, 1 to `max_batch`."""
        return self._size

    @property
    def work_seconds(self) -> float:
        """Estimated seconds of one work; a batch's worth before anything is known."""
        return self._batch_seconds if self._work_seconds is None else self._work_seconds

    def learn(self, works: int, busy_seconds: float) -> None:
        """Takes in that a batch of `works` kept its performer busy for `busy_seconds`."""
        measured = busy_seconds / works
        known = self._work_seconds
        self._work_seconds = measured if known is None or measured > known else known + 0.2 * (measured - known)
        fitting = int(self._batch_seconds / max(self._work_seconds, 1e-9))
        self._size = max(1, min(fitting, self._size * 2, self._max_batch))
