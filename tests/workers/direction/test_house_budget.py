"""Orders with an allowance through a director without Ray: what performers took, however long, never costs more."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest
from puppet import curtain_up, noted
from purses import allowance
from theatre import eventually, free_port

from understudy_workers.direction import purse
from understudy_workers.direction.batch import Batch


def spent_out(at: Any, order: Any) -> bool:
    held = at.house.desk.get(order.uid)
    return held is not None and held.spending is not None and bool(held.spending.reached)


def charged(orders: Any, order: Any) -> float:
    """Seconds that the log says were charged; the last charge is what is spent, with nothing reserved beyond."""
    charges = [segment.charge for segment in orders.segments(order) if segment.charge is not None]
    assert [one.nanos for one in charges] == sorted(one.nanos for one in charges)
    assert charges[-1].reserved_nanos == 0
    return charges[-1].nanos / 1_000_000


def worked(orders: Any, order: Any) -> float:
    return orders.segments(order)[-1].billed_worker_seconds


def once(orders: Any, order: Any) -> list[int]:
    ordinals = sorted(receipt.ordinal for receipt in orders.receipts(order))
    assert len(ordinals) == len(set(ordinals))
    return ordinals


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches are a hundredth as long as real ones, and so is what a purse expects of them."""
    monkeypatch.setattr(purse, "FIRST_SECONDS", 0.1)
    monkeypatch.setattr(purse, "REACTION_SECONDS", 0.3)


def test_an_order_pauses_before_its_limit_and_goes_on_when_it_is_raised(stage, orders, quick, settings) -> None:
    order = orders.write([f"[slow] n{n}" for n in range(20)], allowance=allowance(1.5))

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await eventually(lambda: spent_out(at, order))
            # Work that was stopped for the limit waits for a grant, as after any stop, until the floor looks again.
            await eventually(lambda: at.house.desk.get(order.uid).state == "Running")
            progress = at.house.desk.get(order.uid)
            assert (progress.state, progress.takes_in_flight) == ("Running", 0)
            seen = len(at.crew.seen)
            assert seen
            await eventually(lambda: orders.segments(order)[-1].charge.reserved_nanos == 0)
            assert 0.3 < charged(orders, order) <= 1.5
            assert worked(orders, order) <= charged(orders, order) + 0.001
            at.house.desk.put(order.model_copy(update={"generation": 2, "allowance": allowance(60)}))
            await at.until(order, "Finished")
            assert len(at.crew.seen) > seen

    asyncio.run(scene())
    assert once(orders, order) == list(range(20))
    takes = noted(settings.work_dir, "take")
    assert len(takes) == len(set(takes)) == 20


def test_noisy_batches_never_cost_more_than_the_allowance(stage, orders, quick) -> None:
    """Each is said to have taken up to twice what it took; the limit holds for what is said."""
    dice = random.Random(7)
    order = orders.write([f"[slow] n{n}" for n in range(40)], allowance=allowance(4))

    async def scene() -> None:
        async with stage(("p0", "p1", "p2")) as at:
            work = at.crew.work

            async def noisy(performer: str, batch: Batch) -> Any:
                answer = await work(performer, batch)
                return replace(answer, busy_seconds=answer.busy_seconds * dice.uniform(1, 2))

            at.crew.work = noisy
            at.house.desk.put(order)
            await eventually(lambda: spent_out(at, order))
            await eventually(lambda: orders.segments(order)[-1].charge.reserved_nanos == 0)

    asyncio.run(scene())
    assert 1 < charged(orders, order) <= 4
    assert worked(orders, order) <= charged(orders, order) + 0.001


def test_a_batch_that_takes_much_longer_than_all_before_is_stopped_in_time(stage, orders, quick, settings) -> None:
    order = orders.write(["[hold] Ada"], allowance=allowance(1))

    async def scene() -> None:
        async with stage(("p0",)) as at:
            at.house.desk.put(order)
            await eventually(lambda: noted(settings.work_dir, "take"))
            await eventually(lambda: spent_out(at, order))
            await eventually(lambda: orders.segments(order)[-1].charge.reserved_nanos == 0)
            assert 0.5 < charged(orders, order) <= 1
            curtain_up(settings.work_dir)
            at.house.desk.put(order.model_copy(update={"generation": 2, "allowance": allowance(60)}))
            await at.until(order, "Finished")

    asyncio.run(scene())
    assert once(orders, order) == [0]


def test_lost_work_is_paid_for(stage, orders, quick) -> None:
    order = orders.write(["Ada", "Bob"], allowance=allowance(60))

    async def scene() -> None:
        async with stage() as at:
            work = at.crew.work

            async def late(performer: str, batch: Batch) -> Any:
                if at.crew.lose.get(performer):
                    await asyncio.sleep(0.4)
                return await work(performer, batch)

            at.crew.work = late
            at.crew.lose = {"p0": 1}
            at.house.desk.put(order)
            await at.until(order, "Finished")

    asyncio.run(scene())
    assert charged(orders, order) >= worked(orders, order) + 0.4
    assert once(orders, order) == [0, 1]


def test_a_director_that_takes_over_counts_what_the_other_may_have_spent(stage, orders, quick, settings) -> None:
    order = orders.write(["[hold] Ada"], allowance=allowance(30))

    async def first() -> None:
        async with stage(("p0",)) as at:
            at.house.desk.put(order)
            held = await eventually(lambda: [one for one in orders.segments(order) if one.charge.reserved_nanos])
            assert held[-1].charge.nanos == 0
            await eventually(lambda: noted(at.settings.work_dir, "take"))
            charge = orders.segments(order)[-1].charge
            elsewhere = settings.director.model_copy(update={"port": free_port()})
            async with stage(("q0",), director=elsewhere, metrics_port=free_port()) as other:
                other.house.desk.put(order)
                run = await eventually(lambda: next(iter(other.house.desk.runs()), None))
                await eventually(lambda: run.books is not None)
                assert run.purse.spent_nanos >= charge.nanos + charge.reserved_nanos
                curtain_up(at.settings.work_dir)
                await other.until(order, "Finished")

    asyncio.run(first())
    assert once(orders, order) == [0]


def test_an_order_without_an_allowance_says_nothing_of_money(stage, orders) -> None:
    order = orders.write(["Ada"])

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            assert (await at.until(order, "Finished")).spending is None

    asyncio.run(scene())
    assert [segment.charge for segment in orders.segments(order)] == [None] * len(orders.segments(order))


def test_a_limit_that_comes_later_counts_what_was_spent_before(stage, orders, quick) -> None:
    order = orders.write([f"[slow] n{n}" for n in range(10)])

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await eventually(lambda: len(noted(at.settings.work_dir, "take")) > 3)
            at.house.desk.put(order.model_copy(update={"generation": 2, "allowance": allowance(0.01)}))
            await eventually(lambda: spent_out(at, order))
            await eventually(lambda: orders.segments(order)[-1].charge is not None)
            assert charged(orders, order) >= worked(orders, order) - 0.001

    asyncio.run(scene())
