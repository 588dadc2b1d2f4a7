"""The life of an order in a director: read what is left, plan ahead, keep books, deliver, say the last word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from understudy_api.receipt import Finished, Segment
from understudy_workers import marks
from understudy_workers.direction.books import Books
from understudy_workers.direction.conclusion import last_word, publish
from understudy_workers.direction.deliveries import Deliveries
from understudy_workers.direction.delivery import Courier
from understudy_workers.direction.order_run import OrderRun
from understudy_workers.direction.planner import Planner
from understudy_workers.direction.schedule import Schedule
from understudy_workers.direction.totals import Spent
from understudy_workers.direction.units import Ended
from understudy_workers.expand import PlanError
from understudy_workers.objects import StoreError

PURSE_SECONDS: Final = 0.1
"""How often what is in flight is held against what is left of an order's allowance."""
UNBOUND_SECONDS: Final = 1.0
"""How often an order without one is asked whether it has got one."""
WINDOW_ITEMS: Final = 2048
"""Items planned ahead at most; more would cost memory and gain nothing."""
HELPING_ITEMS: Final = 256
STUMBLE_SECONDS: Final = 5.0

log = structlog.get_logger("order")


async def live(run: OrderRun, after: Awaitable[None] | None = None) -> None:
    """Moves an order from its receipts to its last word; begins once `after` is done. Never raises.

    What nobody foresaw is logged and begun again from the receipts: an order never takes its director along.
    """
    if after is not None:
        await after
    while not run.over:
        try:
            await _once(run)
            run.over = True
        except Exception as error:
            if isinstance(error, StoreError) and run.gives_up:
                run.over = True
                break
            log.exception("stumbled", **marks.of_order(run.permit))
            run.books = run.deliveries = None
            await _until(run, lambda: not run.schedule.in_flight)
            run.message = f"the director stumbled and begins again from the receipts: {error!r}"[:300]
            run.schedule, run.planned_all = Schedule(run.order.uid), False
            await asyncio.sleep(STUMBLE_SECONDS)
    run.spans.end(run.state)
    run.workshop.wake()


async def _once(run: OrderRun) -> None:
    workshop, report = run.workshop, run.reporter("log")
    await workshop.insist(workshop.prove, report, lambda: run.gives_up)
    await workshop.insist(run.log.load, report, lambda: run.gives_up)
    newest = run.log.newest
    if newest is not None and newest.generation > run.order.generation:
        run.ending = "Superseded"
        run.message = f"generation {newest.generation} of the job is in the log; this is {run.order.generation}"
        return
    courier = Courier(workshop.objects, workshop.settings, run.order)
    finished = await workshop.insist(lambda: last_word(run.log, courier, run.order), report)
    if finished is not None:
        run.ending, run.message = finished.state, finished.message
        courier.close()
        return
    deliveries = Deliveries(run.log, courier, workshop, run.reporter("delivery"), lambda: run.gives_up, run.delivered)
    deliveries.take_up(-1 if run.log.interrupted else await workshop.insist(courier.cursor, report))
    if newest is not None and newest.order != run.permit.order_digest and run.log.own_sequences:
        # The job came back to an earlier content: the newest segment has to speak of it again.
        await workshop.insist(lambda: run.log.append((), Spent(), workshop.clock(), even_empty=True), report)
    planner = Planner(run.order, run.log, workshop)
    async with run.item_log.kept(lambda: deliveries.courier, workshop.settings.work_dir / "logs"):
        await _perform(run, deliveries, planner)
    if run.ending != "Superseded":
        await _conclude(run, deliveries, planner)
    planner.forget_rows()
    deliveries.courier.close()


async def _perform(run: OrderRun, deliveries: Deliveries, planner: Planner) -> None:
    """Everything between the first plan and the last delivery."""

    def on_segment(segment: Segment, own: bool) -> None:
        if segment.order == run.permit.order_digest:
            deliveries.add(segment.sequence, verify=not own)
        if own:
            run.workshop.metrics.spoke(run.order.pool, segment)
        run.wake()

    charges = run.log.charges
    run.purse.open(charges.worked, charges.unpriced, charges.last)
    books = Books(
        run.log, run.order.namespace, run.workshop, run.reporter("log"), on_segment, run.item_log.ended, run.purse
    )
    run.books, run.deliveries = books, deliveries
    deliveries.commit(run.committed)
    run.revise(run.order)
    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(books.keep())
        group.create_task(deliveries.carry())
        minding = group.create_task(_mind_purse(run))
        await _work(run, books, planner)
        await _until(run, lambda: not run.schedule.in_flight)
        minding.cancel()
        books.close()
        await keeping
        deliveries.close()


async def _mind_purse(run: OrderRun) -> None:
    clock = asyncio.get_running_loop().time
    while True:
        run.mind_purse(clock())
        await asyncio.sleep(PURSE_SECONDS if run.purse.allowance is not None else UNBOUND_SECONDS)


async def _work(run: OrderRun, books: Books, planner: Planner) -> None:
    """Plans a little ahead of the performers until every item has an outcome or the order ends otherwise."""
    while not run.ending:
        if run.planned_all and not run.schedule.open_items:
            return
        if run.planned_all or books.full or run.schedule.open_items > WINDOW_ITEMS - HELPING_ITEMS:
            run.changed.clear()
            await run.changed.wait()
            continue
        try:
            helping = await run.workshop.insist(lambda: planner.helping(HELPING_ITEMS), run.reporter("rows"))
        except PlanError as error:
            run.ending, run.message = "Failed", str(error)
            return
        now = asyncio.get_running_loop().time()
        ended = [run.schedule.add(planned, now) for planned in helping.items]
        for one in (*(Ended(receipt) for receipt in helping.carried), *ended):
            if one is not None:
                books.enter(one)
        run.planned_all = helping.last
        run.wake()


async def _conclude(run: OrderRun, deliveries: Deliveries, planner: Planner) -> None:
    """Index, contact sheet, last word; a stopped order that cannot reach its destination goes without the first two."""
    workshop, order = run.workshop, run.order
    keys: dict[str, str] = {}
    try:
        folder = workshop.settings.work_dir / "index"
        keys = await workshop.insist(
            lambda: publish(run.log, run.item_log, deliveries.courier, order, folder, planner),
            run.reporter("delivery"),
            lambda: run.gives_up,
        )
    except (StoreError, PlanError) as error:
        log.warning("no index", **marks.of_order(run.permit), error=str(error))
    if run.ending == "Superseded":
        return
    if deliveries.undelivered:
        run.message = f"{run.message} {deliveries.undelivered} items have a receipt but could not be delivered".strip()
    run.ending = run.ending or "Complete"
    finished = Finished(
        uid=order.uid,
        order=run.permit.order_digest,
        generation=run.order.generation,
        state=run.ending,
        message=run.message,
        totals=run.log.totals,
        finished_at=workshop.clock(),
        **keys,
    )
    await workshop.insist(lambda: run.log.finish(finished), run.reporter("log"))


async def _until(run: OrderRun, done: Callable[[], bool]) -> None:
    """Waits until `done`; looks whenever the order changes."""
    while not done():
        run.changed.clear()
        await run.changed.wait()
