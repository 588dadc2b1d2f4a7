"""The schedule of one order: what is ready, who gets it, what happens when a work goes wrong.

Pure: no clock, no I/O. Planned items come in, assignments go out to performers, answers come back, receipts come
out. A take in flight is waited for, not repeated. An item is handed out once all its clips exist.
"""

from __future__ import annotations

from typing import Final, Literal, TypeVar

from understudy_api.receipt import Receipt
from understudy_workers.direction.asking import Asking as Asking
from understudy_workers.direction.asking import Turnout as Turnout
from understudy_workers.direction.batch import Answer, Failure, Pace
from understudy_workers.direction.quota import Quota
from understudy_workers.direction.ready import Ready
from understudy_workers.direction.takes import Doom, Takes, doomed_receipt
from understudy_workers.direction.units import Assignment, Ended, ItemUnit, TakeUnit, goes_with
from understudy_workers.work import (
    GRANT_EXHAUSTED,
    PAUSING_REASONS,
    ItemResult,
    ItemWork,
    PlannedItem,
    TakeResult,
    TakeWork,
    staging_prefix,
)

MAX_ATTEMPTS: Final = 3
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 15.0

U = TypeVar("U", TakeUnit, ItemUnit, TakeUnit | ItemUnit)


class Schedule:
    """Items of one order between planning and receipt."""

    def __init__(self, order_uid: str, *, max_attempts: int = MAX_ATTEMPTS) -> None:
        self._order_uid = order_uid
        self._max_attempts = max_attempts
        self._takes = Takes()
        self._ready_items: Ready[ItemUnit] = Ready()
        self._ready_takes: Ready[TakeUnit] = Ready()
        self._suspects: Ready[TakeUnit | ItemUnit] = Ready()
        self._item_pace, self._take_pace = Pace(), Pace()
        self._isolating: str | None = None
        self._outages = 0
        self._in_flight_seconds, self._in_flight_items = 0.0, 0
        self.open_items = 0
        """Items planned but without a receipt."""
        self.in_flight = 0
        """Works that performers hold."""
        self.short_of_grant = False
        """Whether an item was found, by the last call of `next` or since, that the grant does not reach for."""
        self.short_seconds = 0.0
        """Metered seconds of the last such item."""

    @property
    def next_at(self) -> float | None:
        """When the first pausing work is due; None when none pauses."""
        due = [queue.next_at for queue in (self._ready_items, self._ready_takes, self._suspects)]
        return min((at for at in due if at is not None), default=None)

    def add(self, planned: PlannedItem, now: float) -> Ended | None:
        """Takes in a planned item; it ends at once when one of its takes is known never to be."""
        if doom := self._takes.doom_of(planned.take_ids):
            return Ended(doomed_receipt(planned, doom), takes=planned.take_ids)
        self.open_items += 1
        unit = ItemUnit(planned=planned)
        for take in self._takes.await_clips(unit):
            self._ready_takes.push(take, now)
        if not unit.missing:
            self._ready_items.push(unit, now)
        return None

    def next(self, asking: Asking, quota: Quota, now: float) -> Assignment | Literal["drain"] | None:
        """Work for a performer, None when there is none for it now, "drain" when it shall come back idle.

        Items go before takes: what is almost finished is finished first. A suspect waits for one performer to be idle.
        """
        for queue in (self._ready_items, self._ready_takes, self._suspects):
            queue.wake(now)
        self.short_of_grant = False
        assignment = None
        suspect = self._suspects.peek(asking.performer, asking.performers)
        if suspect is not None and self._isolating in (None, asking.performer):
            self._isolating = None if asking.idle else asking.performer
            if not asking.idle:
                return "drain"
            assignment = self._pick(self._suspects, asking, quota, 1, now, alone=True)
        assignment = assignment or self._pick(self._ready_items, asking, quota, self._item_pace.size, now)
        if assignment is None and not self.short_of_grant:
            assignment = self._pick(self._ready_takes, asking, quota, self._take_pace.size, now)
        return assignment

    def gone(self, performer: str) -> None:
        """A performer will not ask again: nobody waits for it to be idle."""
        if self._isolating == performer:
            self._isolating = None

    def fits(self, assignment: Assignment, answer: Answer) -> bool:
        """Whether an answer tells about the very works of an assignment."""
        kinds = {TakeUnit: TakeResult, ItemUnit: ItemResult}
        return len(assignment.units) == len(answer.outcomes) and all(
            isinstance(outcome, Failure | kinds[type(unit)])
            for unit, outcome in zip(assignment.units, answer.outcomes, strict=True)
        )

    def answered(self, assignment: Assignment, performer: str, answer: Answer, now: float) -> Turnout:
        """Takes in a performer's answer, which has to fit."""
        self._give_back(assignment)
        pace = self._item_pace if isinstance(assignment.units[0], ItemUnit) else self._take_pace
        pace.learn(len(assignment.units), answer.busy_seconds)
        turnout = Turnout(outcomes=answer.outcomes)
        for unit, outcome in zip(assignment.units, answer.outcomes, strict=True):
            if isinstance(outcome, Failure):
                self._failed(unit, performer, outcome, now, turnout)
            elif isinstance(unit, TakeUnit) and isinstance(outcome, TakeResult):
                self._took(unit, outcome, now, turnout)
            elif isinstance(unit, ItemUnit) and isinstance(outcome, ItemResult):
                self._assembled(unit, performer, outcome, now, turnout)
        self._outages = self._outages + 1 if turnout.outage else 0
        return turnout

    def lost(self, assignment: Assignment, performer: str, message: str, now: float) -> Turnout:
        """Takes in that a performer died with an assignment: each work is tried again, alone.

        Only a work that was alone when its performer died has used up an attempt; its neighbours were bystanders.
        """
        self._give_back(assignment)
        self.gone(performer)
        turnout = Turnout()
        for unit in assignment.units:
            unit.suspect = True
            if assignment.alone:
                self._retry(unit, performer, Failure(message, "PerformerDied"), now, turnout)
            else:
                self._requeue(unit, at=now)
        return turnout

    def _pick(
        self,
        queue: Ready[U],
        asking: Asking,
        quota: Quota,
        size: int,
        now: float,
        *,
        alone: bool = False,
    ) -> Assignment | None:
        units: list[TakeUnit | ItemUnit] = []
        works: list[TakeWork | ItemWork] = []
        while not self.short_of_grant:
            unit = queue.peek(asking.performer, asking.performers)
            if unit is None or (len(units) >= size and (alone or not goes_with(unit, units[-1]))):
                break
            queue.pop(asking.performer, asking.performers)
            work = self._take_work(unit, quota) if isinstance(unit, TakeUnit) else self._item_work(unit, quota)
            if work is not None:
                units.append(unit)
                works.append(work)
        if not units:
            return None
        self.in_flight += len(units)
        pace = self._item_pace if isinstance(units[0], ItemUnit) else self._take_pace
        waited_seconds = max(now - units[0].ready_at, 0.0)
        return Assignment(tuple(units), tuple(works), pace.work_seconds * len(units), waited_seconds, alone)

    def _item_work(self, unit: ItemUnit, quota: Quota) -> ItemWork | None:
        """The item's work; None, with the item back in its queue, when the grant does not reach for it."""
        if self._falls_short(unit.seconds, quota):
            (self._suspects if unit.suspect else self._ready_items).push_front(unit)
            return None
        seconds = quota.committed_seconds + self._in_flight_seconds
        items = quota.committed_items + self._in_flight_items
        self._in_flight_seconds += unit.seconds
        self._in_flight_items += 1
        return ItemWork(unit.planned, seconds, staging_prefix(self._order_uid, unit.planned.item_id), items)

    def _take_work(self, take: TakeUnit, quota: Quota) -> TakeWork | None:
        """The take's work; None when nobody waits for it, or when its item is known not to fit into the grant."""
        seconds = self._takes.item_seconds(take)
        if seconds is not None and self._falls_short(seconds, quota):
            (self._suspects if take.suspect else self._ready_takes).push_front(take)
            return None
        return self._takes.send(take, quota.committed_seconds + self._in_flight_seconds)

    def _falls_short(self, seconds: float, quota: Quota) -> bool:
        """Whether the grant does not reach for an item of that length; noted for whoever can grant more."""
        if quota.reaches(seconds, self._in_flight_seconds, self._in_flight_items):
            return False
        self.short_of_grant, self.short_seconds = True, seconds
        return True

    def _give_back(self, assignment: Assignment) -> None:
        self.in_flight -= len(assignment.units)
        for unit in assignment.units:
            if isinstance(unit, ItemUnit):
                self._in_flight_seconds -= unit.seconds
                self._in_flight_items -= 1
        if not self.in_flight:
            self._in_flight_seconds = 0.0

    def _took(self, take: TakeUnit, result: TakeResult, now: float, turnout: Turnout) -> None:
        refusal = result.refusal
        if result.item_seconds is not None:
            self._takes.learn(take, result.item_seconds)
        if refusal is None:
            complete, again = self._takes.made(take, result)
            for unit in sorted(complete, key=lambda unit: unit.planned.ordinal):
                self._ready_items.push(unit, now)
            if again:
                self._ready_takes.push(take, now)
        elif refusal.reason in PAUSING_REASONS:
            turnout.paused = refusal
            if refusal.reason == GRANT_EXHAUSTED and result.item_seconds is not None:
                self.short_of_grant, self.short_seconds = True, result.item_seconds
            self._requeue(take)
        elif result.item_refused:
            doom = Doom("rejected", refusal.reason, refusal.message, take.attempts + 1)
            for unit in self._takes.of_item(take):
                self._end(unit, doomed_receipt(unit.planned, doom), turnout)
            self._requeue(take)
        else:
            self._give_up(take, Doom("rejected", refusal.reason, refusal.message, take.attempts + 1), turnout)

    def _assembled(self, unit: ItemUnit, performer: str, result: ItemResult, now: float, turnout: Turnout) -> None:
        if result.receipt is not None:
            receipt = result.receipt
            if unit.attempts:
                receipt = receipt.model_copy(update={"attempts": unit.attempts + 1})
            self._end(unit, receipt, turnout)
        elif result.refusal is not None:
            turnout.paused = result.refusal
            self._requeue(unit)
        else:
            missing = tuple(clip for clip in result.missing_clips if clip in unit.planned.clip_ids)
            failure = Failure(f"{len(result.missing_clips)} clips vanished from the cache", "ClipsVanished")
            self._retry(unit, performer, failure, now, turnout, queue=not missing)
            if missing and not unit.ended:
                for take in self._takes.vanished(unit, missing):
                    self._ready_takes.push(take, now)

    def _failed(
        self, unit: TakeUnit | ItemUnit, performer: str, failure: Failure, now: float, turnout: Turnout
    ) -> None:
        if failure.outage:
            turnout.outage = failure.message
            self._requeue(unit, at=now + _pause_seconds(self._outages))
        else:
            turnout.failures += 1
            self._retry(unit, performer, failure, now, turnout)

    def _retry(
        self,
        unit: TakeUnit | ItemUnit,
        performer: str,
        failure: Failure,
        now: float,
        turnout: Turnout,
        *,
        queue: bool = True,
    ) -> None:
        """Counts an attempt: another one on another performer after a pause, or the end."""
        unit.attempts += 1
        unit.avoid |= {performer}
        if unit.attempts >= self._max_attempts:
            self._give_up(unit, Doom("failed", failure.reason, failure.message, unit.attempts), turnout)
        elif queue:
            self._requeue(unit, at=now + _pause_seconds(unit.attempts - 1))

    def _requeue(self, unit: TakeUnit | ItemUnit, *, at: float | None = None) -> None:
        """Back into its queue: to the front when it came back untouched, else not before `at`."""
        if isinstance(unit, TakeUnit):
            self._takes.unsend(unit)
        if unit.suspect:
            self._suspects.push_later(unit, at or 0.0)
            return
        own: Ready[TakeUnit] | Ready[ItemUnit]
        own = self._ready_takes if isinstance(unit, TakeUnit) else self._ready_items
        if at is None:
            own.push_front(unit)  # type: ignore[arg-type]
        else:
            own.push_later(unit, at)  # type: ignore[arg-type]

    def _give_up(self, unit: TakeUnit | ItemUnit, doom: Doom, turnout: Turnout) -> None:
        items = self._takes.doom(unit, doom) if isinstance(unit, TakeUnit) else [unit]
        for item in items:
            self._end(item, doomed_receipt(item.planned, doom), turnout)

    def _end(self, unit: ItemUnit, receipt: Receipt, turnout: Turnout) -> None:
        unit.ended = True
        self.open_items -= 1
        turnout.ended.append(Ended(receipt, unit.fresh_clips, unit.fresh_frames, unit.planned.take_ids))


def _pause_seconds(earlier: int) -> float:
    return float(min(_FIRST_PAUSE_SECONDS * 2**earlier, _LONGEST_PAUSE_SECONDS))
