"""The books of an order: what came of batches goes into the log, and nothing of it is lost on the way."""

from __future__ import annotations

import asyncio

import pytest
from theatre import NOW, receipt

from understudy_workers.direction.asking import Turnout
from understudy_workers.direction.books import Books
from understudy_workers.direction.receipts import ReceiptLog
from understudy_workers.direction.totals import Spent
from understudy_workers.direction.units import Ended


@pytest.fixture
def keep(workshop):
    """Has books of a log take in batches, `(ordinals, seconds, group)`, and close."""

    def kept(log: ReceiptLog, order, *batches: tuple[tuple[int, ...], float, str]) -> list[bool]:
        own: list[bool] = []

        async def scene() -> None:
            books = Books(log, "acme", workshop, lambda trouble: None, lambda segment, mine: own.append(mine))
            for ordinals, seconds, group in batches:
                turnout = Turnout(ended=[Ended(receipt(order, ordinal)) for ordinal in ordinals])
                books.take_in(turnout, seconds, group=group)
            books.close()
            await books.keep()

        asyncio.run(scene())
        return own

    return kept


def test_seconds_stand_in_the_log_by_group_and_in_sum(orders, log_of, keep) -> None:
    order = orders.write(["Ada", "Bob", "Cleo"])
    assert keep(
        log_of(order), order, ((0,), 2.0, "spot"), ((1,), 1.0, "fixed"), ((), 0.5, "spot"), ((2,), 4.0, "")
    ) == [True]
    (segment,) = orders.segments(order)
    assert segment.billed_worker_seconds_by_group == {"spot": 2.5, "fixed": 1.0}
    assert (segment.billed_worker_seconds, segment.totals.worker_seconds) == (7.5, 7.5)


def test_what_others_told_meanwhile_still_costs_what_it_cost(orders, objects, pool, log_of, keep) -> None:
    order = orders.write(["Ada"])
    late = log_of(order)
    other = ReceiptLog(objects, pool.buckets.receipts, order, "other")
    other.append((receipt(order, 0),), Spent(1.0, {"fixed": 1.0}), NOW)
    assert keep(late, order, ((0,), 2.0, "spot")) == [False, True]
    first, last = orders.segments(order)
    assert (len(first.receipts), len(last.receipts)) == (1, 0)
    assert last.billed_worker_seconds_by_group == {"fixed": 1.0, "spot": 2.0}
    assert last.billed_worker_seconds == 3.0


@pytest.mark.parametrize("name", ["", "No Group", "x" * 64, "-", "spot\n"])
def test_a_label_that_can_be_no_groups_name_counts_in_the_sum_alone(orders, log_of, keep, name: str) -> None:
    order = orders.write(["Ada"])
    keep(log_of(order), order, ((0,), 2.0, name))
    (segment,) = orders.segments(order)
    assert (segment.billed_worker_seconds_by_group, segment.billed_worker_seconds) == ({}, 2.0)
