"""One order on its way: what it wants of performers now, what it says of itself, when it is given up."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Literal

import structlog

from understudy_api.budget import Spending
from understudy_api.grant import Grant, signed_grant
from understudy_api.order import Order, Progress
from understudy_api.receipt import Receipt
from understudy_api.verdict import Refusal
from understudy_workers import marks
from understudy_workers.direction.batch import Answer, Witness
from understudy_workers.direction.books import Books
from understudy_workers.direction.deliveries import Deliveries
from understudy_workers.direction.delivery import Courier
from understudy_workers.direction.item_log import ItemLog
from understudy_workers.direction.order_spans import OrderSpans
from understudy_workers.direction.purse import Purse
from understudy_workers.direction.quota import Quota
from understudy_workers.direction.receipts import ReceiptLog
from understudy_workers.direction.schedule import Asking, Schedule, Turnout
from understudy_workers.direction.status_lists import named
from understudy_workers.direction.units import Assignment
from understudy_workers.direction.workshop import Workshop
from understudy_workers.work import permit_of

PAUSE_SECONDS: Final = 2.0
"""How long an order keeps still after a performer refused its grant, unless it is renewed earlier."""
GIVE_UP_SECONDS: Final = 30.0
"""How long a stopped order insists on delivering what it has receipts for."""

State = Literal["Running", "Suspended", "WaitingForGrant", "Finishing", "Finished", "Failed", "Stopped"]
Ending = Literal["Complete", "Failed", "Stopped", "Superseded"]
_FINAL: Final[dict[Ending, State]] = {
    "Complete": "Finished",
    "Failed": "Failed",
    "Stopped": "Stopped",
    "Superseded": "Stopped",
}

log = structlog.get_logger("order")


class OrderRun:
    """The order as the director's floor and desk see it; `order_life.live` moves it along. One event loop only."""

    def __init__(self, order: Order, workshop: Workshop) -> None:
        self.order = order
        self._taken_up_at = workshop.clock()
        self.permit = permit_of(order, self._taken_up_at)
        self.workshop = workshop
        self.schedule = Schedule(order.uid)
        self.item_log = ItemLog(self.permit, workshop)
        self.spans = OrderSpans(order, self.permit, workshop.tracing, workshop.director)
        self.log = ReceiptLog(workshop.objects, workshop.settings.buckets.receipts, order, workshop.director)
        self.books: Books | None = None
        self.purse = Purse(order.allowance)
        self.deliveries: Deliveries | None = None
        self.committed = sys.maxsize if order.preview else -1
        """Last segment of the log that the ledger holds, as far as the operator said; it holds nothing of previews."""
        self.ending: Ending | None = None
        self.planned_all = False
        self.over = False
        self.changed = asyncio.Event()
        self.message = ""
        self._troubles: dict[str, str] = {}
        self.named = named(order)
        """Its license's place in a status list."""
        self._grant = self._read_grant()
        self._waits = False
        self._paused_until = 0.0
        self._started_at: float | None = None
        self._stopped_at = 0.0
        self._resumed_with: tuple[int, float] | None = None
        self._halted = False

    @property
    def state(self) -> State:
        """As in `Progress`."""
        if self.over:
            return _FINAL[self.ending or "Complete"]
        if self.ending or (self.planned_all and not self.schedule.open_items):
            return "Finishing"
        if self.order.suspended:
            return "Suspended"
        return "WaitingForGrant" if self._waits else "Running"

    @property
    def workable(self) -> bool:
        """True while it may have something to hand out."""
        return self.books is not None and not self.ending and not self.over and not self.order.suspended

    @property
    def gives_up(self) -> bool:
        """True when nobody waits for its deliveries any more."""
        late = self.workshop.clock() - self._stopped_at > GIVE_UP_SECONDS
        return self.ending == "Superseded" or (self.ending == "Stopped" and late)

    def progress(self) -> Progress:
        """A hint for people."""
        return Progress(
            uid=self.order.uid,
            digest=self.permit.order_digest,
            generation=self.order.generation,
            key_records=len(self.order.key_records),
            state=self.state,
            message=next((trouble for trouble in self._troubles.values() if trouble), self.message)[:500],
            spending=self._spending(),
            items_done=len(self.log.accounted),
            items_total=self.order.total_items,
            takes_in_flight=self.schedule.in_flight,
            short_seconds=self.schedule.short_seconds if self._waits and self.schedule.short_of_grant else None,
            committed=self.committed,
            started_at=self.log.totals.started_at or self._started_at,
            eta_seconds=self._eta_seconds(),
        )

    def _eta_seconds(self) -> float | None:
        """What is left at the pace of this run so far."""
        if self._resumed_with is None or self.state != "Running":
            return None
        before, since = self._resumed_with
        done = len(self.log.accounted) - before
        left = self.order.total_items - len(self.log.accounted)
        return round((self.workshop.clock() - since) / done * left, 1) if done > 0 else None

    def _spending(self) -> Spending | None:
        """None as long as nothing is planned: what is spent need not stop an order that has nothing to do."""
        if self.purse.allowance is None:
            return None
        known = self.workable and (self.schedule.open_items > 0 or self.planned_all)
        reached = self.schedule.open_items > 0 and self.purse.spent_out
        return Spending(allowance=self.purse.allowance, reached=reached if known else None)

    def revise(self, order: Order) -> None:
        """The same content with another urgency, grant or destination, or suspended or not."""
        moved = order.delivery != self.order.delivery
        self.order = order
        self.permit, self.named = permit_of(order, self._taken_up_at), named(order)
        self.item_log.permit = self.permit
        self.spans.revise(order, self.permit)
        self._grant = self._read_grant()
        self.purse.revise(order.allowance)
        self.purse.idle = order.suspended
        self._paused_until, self._waits = 0.0, False
        if moved and self.deliveries is not None:
            self.deliveries.redirect(Courier(self.workshop.objects, self.workshop.settings, order))
        self._mind_losses()
        self.wake()

    def renew(self, grant: str) -> None:
        """The order goes on under a new grant."""
        self.revise(self.order.model_copy(update={"grant": grant}))

    def commit(self, sequence: int) -> None:
        """Segments up to `sequence` stand in the ledger: they may be delivered."""
        self.committed = max(self.committed, sequence)
        if self.deliveries is not None:
            self.deliveries.commit(self.committed)

    def stop(self, ending: Literal["Stopped", "Superseded"]) -> None:
        """Hands out nothing more; what performers finish of what they hold is kept in the log, and delivered when stopped."""
        if self.ending in (None, "Stopped"):
            self.ending = ending
            self._stopped_at = self._stopped_at or self.workshop.clock()
        self.wake()

    def wake(self) -> None:
        """Something changed: its life and the floor look again."""
        self.changed.set()
        self.workshop.wake()

    def next(self, asking: Asking, now: float) -> Assignment | Literal["drain"] | None:
        """Work for a performer; see `Schedule.next`. `now` in seconds of any clock that does not jump."""
        books = self.books
        if books is None or not self.workable or books.full:
            return None
        wall = self.workshop.clock()
        if self._halted or wall < self._paused_until or self._is_unnamed(asking.thumbprint):
            return None
        if not self.purse.fits(asking.performer, now):
            books.hurry()
            self._note_waiting(False)
            return None
        if barred := self._barred(wall):
            self._note_waiting(True, barred)
            return None
        found = None
        if self._grant is not None and wall < self._grant.exp:
            granted = (self._grant.seconds, books.committed_items, self._grant.items)
            found = self.schedule.next(asking, Quota(books.committed_seconds, *granted), now)
            self._note_waiting(found is None and self.schedule.short_of_grant)
        else:
            self._note_waiting(True)
        if isinstance(found, Assignment):
            self.purse.take(asking.performer, now)
            self.item_log.began(found, asking.performer)
            self.spans.began(found)
        if isinstance(found, Assignment) and self._started_at is None:
            self._started_at = wall
            self._resumed_with = (len(self.log.accounted), wall)
            if self.log.totals.started_at is None:
                books.start(wall)
        return found

    def _barred(self, wall: float) -> Refusal | None:
        """Why the owner's status list lets nothing be handed out now."""
        return self.workshop.lists.refusal(self.named, self._grant, wall) if self.named is not None else None

    def _is_unnamed(self, thumbprint: str) -> bool:
        """Whether the grant names performers, but not this one, which has only just come: the next grant will."""
        return self._grant is not None and bool(self._grant.performers) and thumbprint not in self._grant.performers

    def answered(self, assignment: Assignment, performer: str, answer: Answer, now: float) -> Turnout:
        """Takes in a performer's answer."""
        self.item_log.answered(assignment, performer, answer)
        self.spans.answered(assignment, performer, answer)
        turnout = self.schedule.answered(assignment, performer, answer, now)
        self.purse.settle(performer, answer.busy_seconds, answer.group, now, whole=turnout.paused is None)
        return self._took_in(turnout, answer.busy_seconds, answer.witness, answer.group)

    def delivered(self, receipts: Sequence[Receipt], began_at: float) -> None:
        """Takes in that items were brought to their destination, since Unix seconds."""
        self.item_log.delivered(receipts)
        self.spans.delivered(len(receipts), began_at)

    def lost(self, assignment: Assignment, performer: str, message: str, now: float) -> Turnout:
        """Takes in that a performer died."""
        self.purse.lose(performer, now)
        self.item_log.lost(assignment, performer, message)
        self.spans.lost(assignment, performer)
        return self._took_in(self.schedule.lost(assignment, performer, message, now), 0.0)

    def _took_in(
        self, turnout: Turnout, busy_seconds: float, witness: Witness | None = None, group: str = ""
    ) -> Turnout:
        if self.books is not None:
            self.books.take_in(turnout, busy_seconds, witness, group)
        if turnout.paused is not None and self.ending is None:
            self._paused_until = self.workshop.clock() + PAUSE_SECONDS
            self._note_waiting(True, turnout.paused)
        if turnout.outage or turnout.outcomes:
            self._report("work", turnout.outage)
        self._mind_losses()
        self.changed.set()
        return turnout

    def mind_purse(self, now: float) -> None:
        """Stops what is in flight before it costs more than is left. Whatever is handed out afterwards goes on."""
        if self.purse.overruns(now) and not self._halted:
            self.workshop.halt(self.order.uid, self.workshop.clock())
            self._halted = True
        elif self._halted and not self.schedule.in_flight:
            self._halted, self._taken_up_at = False, self.workshop.clock()
            self.permit = permit_of(self.order, self._taken_up_at)
        if self.books is not None and self.purse.owes(now):
            self.books.hurry()

    def _note_waiting(self, waits: bool, refusal: Refusal | None = None) -> None:
        """Whether the grant is what work waits for; counted once per pause."""
        if waits and not self._waits:
            self.workshop.metrics.grant_waits.inc()
            self.message = refusal.message if refusal else "waits for the operator to renew the grant"
        elif self._waits and not waits:
            self.message = ""
        self._waits = waits

    def _mind_losses(self) -> None:
        """Gives the order up once more items are lost than it allows."""
        losses, allowed = self.books.losses if self.books else 0, self.order.max_failed_items
        if losses > allowed and not self.ending:
            self.message = f"{losses} items failed or were refused, allowed are {allowed}; index.jsonl names them"
            self.ending = "Failed"

    def reporter(self, what: str) -> Callable[[str], None]:
        """Takes one line on what stands in the way of `what` now; an empty one once it is gone."""
        return partial(self._report, what)

    def _report(self, what: str, trouble: str) -> None:
        if trouble and trouble != self._troubles.get(what):
            log.warning("trouble", **marks.of_order(self.permit), what=what, error=trouble)
        self._troubles[what] = trouble

    def _read_grant(self) -> Grant | None:
        """The grant's claims, None when the farm did not sign it: then nothing is handed out."""
        grant = signed_grant(self.order.grant, self.workshop.farm_key)
        return None if isinstance(grant, Refusal) else grant
