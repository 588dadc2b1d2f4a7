"""The floor: performers that ask for work, and whose turn it is."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from understudy_api.order import NodeLoad
from understudy_workers.direction.batch import Answer, Batch, PerformerLostError
from understudy_workers.direction.order_run import OrderRun
from understudy_workers.direction.pool_metrics import PoolMetrics
from understudy_workers.direction.schedule import Asking
from understudy_workers.direction.share import Share
from understudy_workers.direction.stints import Stint, client_of, locales_of
from understudy_workers.direction.units import Assignment

IN_FLIGHT: Final = 2
"""Batches a performer holds: one at work, one to go on with."""
TICK_SECONDS: Final = 0.25
"""How often the floor looks by itself: for pauses that are over and grants that ran out."""
BATCH_LIMIT_SECONDS: Final = 900.0
"""A performer that has not answered by then hangs; it is ended and its work goes to another one."""
_RESTS_AFTER: Final = 3
_FIRST_REST_SECONDS, _LONGEST_REST_SECONDS = 1.0, 60.0

log = structlog.get_logger("floor")


class Crew(Protocol):
    """The performers of a pool."""

    async def work(self, performer: str, batch: Batch) -> Answer:
        """Has a performer do a batch. Raises PerformerLostError when it dies meanwhile."""

    async def end(self, performer: str) -> None:
        """Ends a performer that hangs; the crew replaces it."""

    def stop(self, order_uid: str, until: float) -> None:
        """Has every performer make nothing more of an order as it was taken up until then (Unix seconds)."""


@dataclass(eq=False)
class _Seat:
    """A performer: what it holds, and whether it gets more."""

    name: str
    thumbprint: str = ""
    """Of the performer's own key; grants name it."""
    node: str = ""
    """Address of the node it runs on."""
    group: str = ""
    """The node's worker group; empty: none."""
    answered_at: float = 0.0
    """When it last answered, or was found lost: what it held then, it goes on with since."""
    batches: int = 0
    alone: bool = False
    draining: bool = False
    failures: int = 0
    rests_until: float = 0.0


class Floor:
    """Hands work of all orders to all performers, fairly between brands. One event loop only.

    `worked` is told what each batch kept a performer busy with, lost ones included.
    """

    def __init__(
        self,
        crew: Crew,
        orders: Callable[[], Iterable[OrderRun]],
        metrics: PoolMetrics,
        batch_limit_seconds: float = BATCH_LIMIT_SECONDS,
        worked: Callable[[Stint], None] = lambda _: None,
    ) -> None:
        self._crew = crew
        self._orders = orders
        self._metrics = metrics
        self._batch_limit_seconds = batch_limit_seconds
        self._worked = worked
        self._seats: dict[str, _Seat] = {}
        self._brands = Share()
        self._within: dict[str, Share] = {}
        self._leaving: frozenset[str] = frozenset()
        self._woken = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()
        self._looked_at = 0.0

    @property
    def performers(self) -> int:
        """Performers that are ready."""
        return len(self._seats)

    @property
    def busy(self) -> int:
        """Performers that hold work."""
        return sum(seat.batches > 0 for seat in self._seats.values())

    def is_idle(self, performer: str) -> bool:
        """Whether a performer is ready and holds nothing."""
        seat = self._seats.get(performer)
        return seat is not None and not seat.batches

    @property
    def thumbprints(self) -> tuple[str, ...]:
        """The keys of the performers that are ready, sorted: what grants have to name."""
        return tuple(sorted(seat.thumbprint for seat in self._seats.values() if seat.thumbprint))

    @property
    def nodes(self) -> tuple[NodeLoad, ...]:
        """The nodes that performers are ready on, by address."""
        found: dict[str, list[_Seat]] = {}
        for seat in self._seats.values():
            found.setdefault(seat.node, []).append(seat)
        return tuple(
            NodeLoad(
                address=address,
                performers=len(seats),
                busy=sum(seat.batches > 0 for seat in seats),
                draining=address in self._leaving,
            )
            for address, seats in sorted(found.items())
        )

    def drain(self, addresses: Iterable[str]) -> None:
        """Nodes at these addresses get nothing more and finish what they hold; all others get work, again or still."""
        self._leaving = frozenset(addresses)
        self.wake()

    def join(self, performer: str, thumbprint: str = "", node: str = "", group: str = "") -> None:
        """A performer is ready, for the first time or again; each start of its process makes another key."""
        self._seats[performer] = _Seat(performer, thumbprint, node, group)
        self.wake()

    def leave(self, performer: str) -> None:
        """A performer is gone, for the moment or for good; it is lost when it held work."""
        if (seat := self._seats.pop(performer, None)) is not None:
            self._metrics.lost.inc(seat.batches > 0)
            for run in self._orders():
                run.schedule.gone(performer)

    def wake(self) -> None:
        """There may be something to hand out."""
        self._woken.set()

    async def serve(self) -> None:
        """Hands out work for ever."""
        while True:
            self._woken.clear()
            self._count()
            self._deal(asyncio.get_running_loop().time())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._woken.wait()

    def _count(self) -> None:
        now = asyncio.get_running_loop().time()
        since, self._looked_at = self._looked_at or now, now
        self._metrics.workers.set(len(self._seats))
        self._metrics.busy.set(self.busy)
        self._metrics.idled((len(self._seats) - self.busy) * (now - since))

    def _deal(self, now: float) -> None:
        """Fills free hands: everybody's first before anybody's second."""
        for held in range(IN_FLIGHT):
            for seat in list(self._seats.values()):
                if seat.draining and not seat.batches:
                    seat.draining = False
                gets_work = not seat.alone and not seat.draining and seat.node not in self._leaving
                if seat.batches == held and gets_work and now >= seat.rests_until:
                    self._hand_out(seat, now)

    def _hand_out(self, seat: _Seat, now: float) -> None:
        asking = Asking(seat.name, not seat.batches, len(self._seats), seat.thumbprint)
        for run in self._ranked():
            assignment = run.next(asking, now)
            if assignment == "drain":
                seat.draining = True
                return
            if assignment is not None:
                self._start(seat, run, assignment)
                return

    def _ranked(self) -> Iterator[OrderRun]:
        """Orders in whose turn it is: the least served brand first; within it by priority, then the least served order."""
        brands: dict[str, list[OrderRun]] = {}
        for run in self._orders():
            brands.setdefault(run.order.namespace, []).append(run)
        self._within = {brand: self._within.get(brand) or Share() for brand in brands}
        for brand in self._brands.ranked(brands):
            uids = self._within[brand].ranked([run.order.uid for run in brands[brand]])
            served = {uid: place for place, uid in enumerate(uids)}
            yield from sorted(brands[brand], key=lambda run: (-run.order.priority, served[run.order.uid]))

    def _start(self, seat: _Seat, run: OrderRun, assignment: Assignment) -> None:
        seat.batches += 1
        seat.alone = assignment.alone
        self._charge(run, assignment.estimated_seconds)
        self._metrics.wait.observe(assignment.waited_seconds)
        task = asyncio.get_running_loop().create_task(self._see_through(seat, run, assignment))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _see_through(self, seat: _Seat, run: OrderRun, assignment: Assignment) -> None:
        """One batch from here to its answer."""
        clock = asyncio.get_running_loop().time
        began_at = clock()
        answer: Answer | None = None
        message = "its performer died"
        try:
            batch = Batch(run.permit, assignment.works)
            async with asyncio.timeout(self._batch_limit_seconds):
                answer = await self._crew.work(seat.name, batch)
        except PerformerLostError as error:
            message = str(error)
        except TimeoutError:
            message = f"no answer within {self._batch_limit_seconds:.0f} s"
            await self._crew.end(seat.name)
        except Exception as error:  # whatever Ray says: the work is not done, and nobody knows why
            log.exception("a batch came to nothing", performer=seat.name)
            message = f"{type(error).__name__}; the director's log says more"
        if answer is not None and answer.thumbprint:
            seat.thumbprint = answer.thumbprint
        seat.batches -= 1
        seat.alone = seat.alone and not assignment.alone
        if answer is not None and not run.schedule.fits(assignment, answer):
            answer, message = None, "its performer answered something else than it was asked"
        self._count_work(seat, run, assignment, answer, began_at, clock())
        if answer is None:
            run.lost(assignment, seat.name, message, clock())
            self._charge(run, -assignment.estimated_seconds)
        else:
            failures = run.answered(assignment, seat.name, answer, clock()).failures
            self._charge(run, answer.busy_seconds - assignment.estimated_seconds)
            self._mind(seat, failures, clock())
        self.wake()

    def _count_work(
        self, seat: _Seat, run: OrderRun, assignment: Assignment, answer: Answer | None, began_at: float, now: float
    ) -> None:
        """Tells what a batch cost. A lost one kept its performer busy since it was handed out, or since the one before it
        came to its end: a performer does one thing at a time."""
        since = max(began_at, seat.answered_at)
        busy = now - since if answer is None else min(answer.busy_seconds, now - began_at)
        locales = locales_of(assignment.works, answer.outcomes if answer else (), busy)
        if answer is not None:
            self._metrics.worked(run.order.pool, {name: answer.busy_seconds * share for name, share in locales})
        group = answer.group if answer else seat.group
        self._worked(Stint(client_of(run.permit), group, time.time(), busy, locales))
        seat.answered_at = now

    def _mind(self, seat: _Seat, failures: int, now: float) -> None:
        """A performer that fails again and again rests, longer each time."""
        seat.failures = seat.failures + failures if failures else 0
        beyond = seat.failures - _RESTS_AFTER
        if failures and beyond >= 0:
            seat.rests_until = now + min(_FIRST_REST_SECONDS * 2.0 ** min(beyond, 10), _LONGEST_REST_SECONDS)

    def _charge(self, run: OrderRun, seconds: float) -> None:
        self._brands.charge(run.order.namespace, seconds)
        if run.order.namespace in self._within:
            self._within[run.order.namespace].charge(run.order.uid, seconds)
