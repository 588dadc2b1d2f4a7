"""Which works a stop reaches."""

from __future__ import annotations

import pytest

from understudy_workers import stops
from understudy_workers.stops import Stops
from understudy_workers.work import ORDER_STOPPED, permit_of


@pytest.mark.parametrize(("taken_up_at", "reached"), [(0.0, True), (9.9, True), (10.0, True), (10.1, False)])
def test_a_stop_reaches_what_was_taken_up_until_then(write_order, taken_up_at, reached) -> None:
    told, order = Stops(), write_order()
    assert told.refusal(permit_of(order, taken_up_at)) is None
    told.stop(order.uid, 10.0)
    refusal = told.refusal(permit_of(order, taken_up_at))
    assert (refusal is not None and refusal.reason == ORDER_STOPPED) is reached


def test_a_stop_is_never_taken_back_by_an_earlier_one(write_order) -> None:
    told, order = Stops(), write_order()
    told.stop(order.uid, 10.0)
    told.stop(order.uid, 5.0)
    assert told.refusal(permit_of(order, 7.0))


def test_other_orders_go_on(write_order) -> None:
    told = Stops()
    told.stop("another-order", 10.0)
    assert told.refusal(permit_of(write_order(), 7.0)) is None


def test_the_latest_stops_are_remembered(write_order, monkeypatch) -> None:
    monkeypatch.setattr(stops, "MAX_ORDERS", 2)
    told = Stops()
    first, second, third = (write_order(uid=f"order-number-{n}") for n in range(3))
    told.stop(first.uid, 1.0)
    told.stop(second.uid, 1.0)
    told.stop(first.uid, 2.0)
    told.stop(third.uid, 1.0)
    assert [bool(told.refusal(permit_of(one, 0.5))) for one in (first, second, third)] == [True, False, True]
