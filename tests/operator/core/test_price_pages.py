"""When a page of the price book is due."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import NOW, a_pool

from understudy_api.model import Money
from understudy_api.price_book import PriceList, PricePage
from understudy_api.renderpool import RenderPoolSpec
from understudy_operator.core.actions import WritePrices
from understudy_operator.core.decide import decide_pool
from understudy_operator.core.price_pages import price_actions, price_list
from understudy_operator.core.state import PoolState, SpecProblem

EUR = {"amount": "0.60", "currency": "EUR"}
PRICED = {"embedded": {}, "pricePerWorkerHour": EUR, "storagePricePerGibMonth": EUR, "egressPricePerGib": EUR}


def state(spec: dict[str, Any], page: PricePage | None = None) -> PoolState:
    return a_pool(spec=RenderPoolSpec.model_validate(spec), price_page=page)


def due(spec: dict[str, Any], page: PricePage | None = None, now: float = NOW) -> PricePage | None:
    actions = price_actions(state(spec, page), now)
    assert len(actions) <= 1
    return actions[0].page if actions else None


@pytest.mark.parametrize(("generation", "since"), [(1, 0), (2, int(NOW)), (7, int(NOW))])
def test_the_first_prices_are_page_0_and_those_of_a_new_pool_have_always_been(generation: int, since: int) -> None:
    found = state(PRICED)
    found = replace(found, identity=replace(found.identity, generation=generation))
    (action,) = price_actions(found, NOW + 0.9)
    euro = Money.model_validate(EUR)
    prices = PriceList(worker_hour=euro, storage_gib_month=euro, egress_gib=euro)
    assert action.page == PricePage(pool="default", number=0, since=since, prices=prices)


def test_prices_that_stand_there_are_not_written_again() -> None:
    page = due(PRICED)
    assert page is not None
    assert due(PRICED, page, NOW + 10**6) is None


def test_a_pool_without_prices_has_no_book() -> None:
    assert due({"embedded": {}}) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"embedded": {}},
        {**PRICED, "pricePerWorkerHour": {"amount": "0.61", "currency": "EUR"}},
        {**PRICED, "egressPricePerGib": None},
        {"kuberay": {"groups": [{"name": "spot", "pricePerWorkerHour": EUR}]}, "pricePerWorkerHour": EUR},
    ],
)
def test_another_price_or_none_any_more_is_the_next_page(changed: dict[str, Any]) -> None:
    page = due(PRICED)
    following = due({name: value for name, value in changed.items() if value is not None}, page, NOW - 500)
    assert following is not None
    assert (following.number, following.since) == (1, int(NOW - 500))


def test_groups_have_their_own() -> None:
    groups = [{"name": "spot", "pricePerWorkerHour": EUR}, {"name": "fixed"}]
    found = price_list(RenderPoolSpec.model_validate({"kuberay": {"groups": groups}}))
    assert found == PriceList(groups={"spot": Money.model_validate(EUR)})


def test_a_spec_that_cannot_be_read_says_nothing_of_prices() -> None:
    problem = SpecProblem(message="spec: wanted exactly one way")
    assert price_actions(replace(a_pool(), spec=problem), NOW) == ()


def test_it_is_part_of_looking_at_a_pool_until_that_goes() -> None:
    decided = decide_pool(state(PRICED), NOW)
    assert [type(one) for one in decided.actions if isinstance(one, WritePrices)] == [WritePrices]
    leaving = replace(state(PRICED), identity=replace(state(PRICED).identity, deleted_at=NOW))
    assert not any(isinstance(one, WritePrices) for one in decide_pool(leaving, NOW).actions)
