"""The spans of one order: its time in the director, attempts at takes and items, deliveries. One event loop only.

Performers only say when each stage was at work, and speak to no collector.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from understudy_api.order import Order
from understudy_api.trace import Parent
from understudy_api.tracing import Span, Tracing, child
from understudy_workers import marks
from understudy_workers.direction.batch import Answer, Failure, Outcome
from understudy_workers.direction.room import Room
from understudy_workers.direction.units import Assignment
from understudy_workers.stopwatch import Lap
from understudy_workers.work import PAUSING_REASONS, ItemWork, Permit, TakeWork

DIRECTOR: Final = "understudy-director"
PERFORMER: Final = "understudy-performer"


class OrderSpans:
    """Sends spans of an order where somebody records its trace; costs nothing where nobody does."""

    def __init__(
        self,
        order: Order,
        permit: Permit,
        tracing: Tracing | None,
        director: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tracing = tracing
        self._director = director
        self._clock = clock
        self._room = Room(tracing.settings.spans_per_order if tracing else 0)
        self._out: dict[int, float] = {}
        self._begin(order, permit)

    def _begin(self, order: Order, permit: Permit) -> None:
        parent = Parent.read(order.traceparent)
        self._job = parent if self._tracing is not None and parent is not None and parent.sampled else None
        self._order = child(self._job) if self._job else None
        self._permit, self._began_at = permit, self._clock()

    def revise(self, order: Order, permit: Permit) -> None:
        """The order as it is now: another edition of the job has another trace, and goes on there."""
        if Parent.read(order.traceparent) == self._job or (self._job is None and order.traceparent is None):
            self._permit = permit
            return
        self.end("Revised")
        self._begin(order, permit)

    def end(self, state: str) -> None:
        """The order is over here."""
        if self._job and self._order:
            attributes = {"understudy.state": state, "understudy.job": f"{self._permit.namespace}/{self._permit.job}"}
            attributes |= {"understudy.order": self._permit.order_uid, "understudy.pool": self._permit.pool}
            error = "Failed" if state == "Failed" else ""
            self._tell(Span("order", self._order, self._job, self._began_at, self._clock(), attributes, error))
        self._order = None

    def began(self, assignment: Assignment) -> None:
        """Works were handed to a performer."""
        if self._order:
            self._out[id(assignment)] = self._clock()

    def lost(self, assignment: Assignment, performer: str) -> None:
        """A performer died with works."""
        began_at = self._out.pop(id(assignment), None)
        for work in assignment.works:
            self._work(work, performer, began_at, Failure("", "PerformerLost"))

    def answered(self, assignment: Assignment, performer: str, answer: Answer) -> None:
        """A performer answered."""
        began_at = self._out.pop(id(assignment), None)
        for work, outcome in zip(assignment.works, answer.outcomes, strict=True):
            self._work(work, performer, began_at, outcome)

    def _work(self, work: TakeWork | ItemWork, performer: str, began_at: float | None, outcome: Outcome) -> None:
        error, routine = _error(outcome)
        laps: tuple[Lap, ...] = () if isinstance(outcome, Failure) else outcome.laps
        if self._order is None or began_at is None or not self._room.take(1 + len(laps), routine=routine):
            return
        name = "take" if isinstance(work, TakeWork) else "item"
        own, mark = child(self._order), marks.of_work(self._permit, work)[name]
        attributes = {f"understudy.{name}": mark, "understudy.performer": performer}
        self._tell(Span(name, own, self._order, began_at, self._clock(), attributes, error))
        for lap in laps:
            self._tell(Span(lap.stage, child(own), own, lap.began_at, lap.ended_at), service=PERFORMER, of=performer)

    def delivered(self, items: int, began_at: float) -> None:
        """Items of a segment of the log are at their destination."""
        if self._order and self._room.take(1, routine=True):
            self._tell(
                Span("deliver", child(self._order), self._order, began_at, self._clock(), {"understudy.items": items})
            )

    def _tell(self, span: Span, service: str = DIRECTOR, of: str = "") -> None:
        if self._tracing is not None:
            self._tracing.tell(span, service, of or self._director)


def _error(outcome: Outcome) -> tuple[str, bool]:
    """One word on what went wrong, and whether what happened is routine."""
    if isinstance(outcome, Failure):
        return outcome.reason, False
    if outcome.refusal is not None:
        return outcome.refusal.reason, outcome.refusal.reason in PAUSING_REASONS
    return "", True
