"""The price book: what counted when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from understudy_api.model import Money
from understudy_api.price_book import UNKNOWN, PriceList, PricePage, changes_between, page_key, prices_at


def a_page(number: int, since: int, amount: str = "1") -> PricePage:
    prices = PriceList(worker_hour=Money(amount=amount, currency="EUR"))
    return PricePage(pool="default", number=number, since=since, prices=prices)


def test_a_page_counts_until_the_next_begins() -> None:
    pages = [a_page(0, 100, "1"), a_page(1, 200, "2")]
    assert prices_at(pages, 99) == UNKNOWN
    assert prices_at(pages, 100) == prices_at(pages, 199.9) == pages[0].prices
    assert prices_at(pages, 200) == pages[1].prices


def test_a_clock_that_went_back_reorders_nothing() -> None:
    """Page 1 was written with a clock a day ahead, page 2 with the right one: page 2 is the later word wherever it counts."""
    pages = [a_page(0, 100, "1"), a_page(1, 86_500, "2"), a_page(2, 300, "3")]
    assert [prices_at(pages, at) for at in (200, 300, 86_500)] == [pages[0].prices, pages[2].prices, pages[2].prices]
    assert changes_between(pages, 100, 10**6) == (300,)


def test_only_what_changes_a_price_is_a_change() -> None:
    pages = [a_page(0, 100, "1"), a_page(1, 200, "1"), a_page(2, 300, "2")]
    assert changes_between(pages, 0, 1000) == (100, 300)
    assert changes_between(pages, 100, 300) == ()


def test_a_group_without_a_price_costs_what_the_pool_costs() -> None:
    prices = PriceList(
        worker_hour=Money(amount="1", currency="EUR"), groups={"spot": Money(amount="2", currency="EUR")}
    )
    assert [prices.of(group) for group in ("spot", "", "gone")] == [
        Money(amount=amount, currency="EUR") for amount in ("2", "1", "1")
    ]


def test_keys_sort_as_numbers_do() -> None:
    assert page_key("default", 7) == "prices/default/00000007.json"
    assert sorted(page_key("a", number) for number in (10, 9, 100)) == [page_key("a", at) for at in (9, 10, 100)]


def test_a_book_is_bounded() -> None:
    groups = {f"g{at}": Money(amount="1", currency="EUR") for at in range(9)}
    with pytest.raises(ValidationError):
        PriceList(groups=groups)


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(0, 50))
def test_between_changes_the_price_is_one(since: list[int], at: int) -> None:
    pages = [a_page(number, one, str(number % 3)) for number, one in enumerate(since)]
    changes = changes_between(pages, -1, 60)
    if at not in changes:
        assert prices_at(pages, at) == prices_at(pages, at - 1)
