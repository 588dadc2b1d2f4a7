"""The desk: where orders are handed in, revised, stopped and asked about."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from understudy_api.order import Order, Progress
from understudy_api.verdict import Refusal, Verdict
from understudy_workers.direction.delivery import destination_refusal
from understudy_workers.direction.order_life import live
from understudy_workers.direction.order_run import OrderRun
from understudy_workers.direction.status_lists import Named
from understudy_workers.direction.workshop import Workshop
from understudy_workers.gate import check
from understudy_workers.work import GRANT_EXHAUSTED, permit_of

MAX_OVER: Final = 1000
"""Orders that are over and still answered for."""


@dataclass(frozen=True)
class Conflict:
    """A newer generation of the order is held."""

    held_generation: int


class Desk:
    """All orders of a director by uid. One event loop only."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._runs: dict[str, OrderRun] = {}
        self._lives: dict[OrderRun, asyncio.Task[None]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self.retiring = False
        """True once nothing new is taken in: another director takes over."""

    def put(self, order: Order) -> Progress | Verdict | Conflict:
        """Takes an order in, or says why not. The same order again changes nothing."""
        held = self._runs.get(order.uid)
        if held is not None and order.generation < held.order.generation:
            return Conflict(held.order.generation)
        verdict = self._refusals(order)
        if not verdict.permitted:
            for refusal in verdict.refusals:
                self._workshop.metrics.refusal(refusal.reason)
            return verdict
        if held is not None and held.permit.order_digest == order.digest and self._goes_on(held, order):
            held.revise(order)
            return held.progress()
        after = None
        if held is not None:
            held.stop("Superseded")
            after = self._lives.get(held)
        return self._begin(order, after).progress()

    def _goes_on(self, held: OrderRun, order: Order) -> bool:
        """Whether the held run can take the revised order; one that is over may have to begin again."""
        if held.ending in ("Stopped", "Superseded"):
            return False
        if held.ending == "Failed":
            return order == held.order
        moved = order.delivery != held.order.delivery
        return not (moved and held.state in ("Finishing", "Finished"))

    def _begin(self, order: Order, after: asyncio.Task[None] | None) -> OrderRun:
        run = OrderRun(order, self._workshop)
        earlier = self._runs.pop(order.uid, None)
        if earlier is not None:
            run.commit(earlier.committed)  # It is the same log.
        self._runs[order.uid] = run
        if after is not None:
            self._leaving.add(after)
            after.add_done_callback(self._leaving.discard)
        self._lives[run] = asyncio.get_running_loop().create_task(live(run, after), name=f"order {order.uid}")
        self._lives[run].add_done_callback(lambda _: self._lives.pop(run, None))
        self._prune()
        return run

    def _prune(self) -> None:
        over = [uid for uid, run in self._runs.items() if run.over]
        for uid in over[: max(len(over) - MAX_OVER, 0)]:
            del self._runs[uid]

    def renew(self, uid: str, grant: str) -> Progress | Verdict | None:
        """An order goes on under a new grant; None when it is not held."""
        run = self._runs.get(uid)
        if run is None:
            return None
        order = run.order.model_copy(update={"grant": grant})
        verdict = self._refusals(order)
        if not verdict.permitted:
            return verdict
        run.renew(grant)
        return run.progress()

    def commit(self, uid: str, sequence: int) -> Progress | None:
        """What stands in segments up to `sequence` may be delivered; None when the order is not held."""
        run = self._runs.get(uid)
        if run is None:
            return None
        run.commit(sequence)
        return run.progress()

    def get(self, uid: str) -> Progress | None:
        """How far an order is; None when it is not held."""
        run = self._runs.get(uid)
        return run.progress() if run else None

    def delete(self, uid: str) -> bool:
        """Stops an order and forgets it; True once nothing works on it any more.

        Performers drop the takes they hold of it, those that they hold for a director that is gone included.
        """
        run = self._runs.get(uid)
        if run is None or not run.over:
            self._workshop.halt(uid, self._workshop.clock())
        if run is None:
            return True
        run.stop("Stopped")
        if run.over:
            del self._runs[uid]
        return run.over

    def runs(self) -> Iterator[OrderRun]:
        """All orders that may have something to hand out."""
        return (run for run in self._runs.values() if run.workable)

    def named(self) -> Iterator[Named]:
        """The places in status lists that the licenses of orders at work name."""
        return (run.named for run in self.runs() if run.named is not None)

    def board(self) -> tuple[list[Progress], dict[str, int]]:
        """Progress of all orders, and the sequence of each one's newest segment."""
        runs = list(self._runs.values())
        return [run.progress() for run in runs], {run.order.uid: run.log.next_sequence - 1 for run in runs}

    def states(self) -> dict[str, int]:
        """How many orders are in which state."""
        return dict(Counter(run.state for run in self._runs.values()))

    async def retire(self) -> None:
        """Hands out nothing more; returns once all receipts of what performers held are written."""
        self.retiring = True
        for run in self._runs.values():
            run.stop("Superseded")
        await asyncio.gather(*self._lives.values(), *self._leaving)

    def _refusals(self, order: Order) -> Verdict:
        """Destination, license and grant, asked for every locale before anything is planned.

        A grant without seconds is no refusal: an order whose items were all made before needs none.
        """
        place = destination_refusal(order, self._workshop.settings.buckets)
        refusals = [place] if place else []
        permit, now = permit_of(order), self._workshop.clock()
        for locale in order.locales:
            verdict = check(
                permit,
                self._workshop.farm_key,
                pool=order.pool,
                locale=locale,
                seconds=0.0,
                committed_seconds=0.0,
                now=now,
                outputs=order.outputs,
            )
            refusals += [one for one in verdict.refusals if one.reason != GRANT_EXHAUSTED]
        return Verdict(refusals=tuple(_distinct(refusals)))


def _distinct(refusals: list[Refusal]) -> list[Refusal]:
    return list(dict.fromkeys(refusals))
