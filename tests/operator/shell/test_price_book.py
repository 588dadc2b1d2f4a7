"""The price book in real MinIO, by the operator's own account: pages are added, never changed."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from understudy_api.model import Money
from understudy_api.price_book import PriceList, PricePage, page_key
from understudy_operator.shell.errors import ConflictError, OutageError
from understudy_operator.shell.objects import Objects
from understudy_operator.shell.price_book import PriceBook

BUCKET = "understudy-ledger"


@pytest.fixture
def objects(object_store: Any) -> Objects:
    return Objects(object_store.operator)


@pytest.fixture
def pool() -> str:
    return f"pool-{secrets.token_hex(4)}"


def a_page(pool: str, number: int, amount: str = "1") -> PricePage:
    prices = PriceList(worker_hour=Money(amount=amount, currency="EUR"))
    return PricePage(pool=pool, number=number, since=1000 + number, prices=prices)


def test_a_new_leader_finds_the_newest_page(objects: Objects, pool: str) -> None:
    book = PriceBook(objects, BUCKET)
    assert book.newest(pool) is None
    for number in range(3):
        book.write(a_page(pool, number))
        assert book.newest(pool) == a_page(pool, number)
    assert PriceBook(objects, BUCKET).newest(pool) == a_page(pool, 2)
    assert PriceBook(objects, BUCKET).newest(f"{pool}-2") is None


def test_a_page_told_again_is_no_conflict_and_another_is(objects: Objects, pool: str) -> None:
    book, other = PriceBook(objects, BUCKET), PriceBook(objects, BUCKET)
    assert other.newest(pool) is None
    book.write(a_page(pool, 0))
    book.write(a_page(pool, 0))
    with pytest.raises(ConflictError, match=page_key(pool, 0)):
        other.write(a_page(pool, 0, "2"))
    assert other.newest(pool) == a_page(pool, 0)


def test_of_many_that_race_one_page_stands(objects: Objects, pool: str) -> None:
    def write(amount: int) -> bool:
        try:
            PriceBook(objects, BUCKET).write(a_page(pool, 0, str(amount)))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(write, range(8)))
    assert sum(won) == 1
    assert PriceBook(objects, BUCKET).newest(pool) == a_page(pool, 0, str(won.index(True)))


def test_what_is_no_page_is_an_outage_that_names_it(objects: Objects, pool: str) -> None:
    objects.create(BUCKET, page_key(pool, 0), b"{}")
    with pytest.raises(OutageError, match=f"{page_key(pool, 0)}: it is no page"):
        PriceBook(objects, BUCKET).newest(pool)
