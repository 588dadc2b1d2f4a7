"""The price book: what a pool cost, and since when. One page for each change, never changed itself.

Pages are objects `prices/{pool}/{number:08d}.json` in the ledger bucket, each created by a conditional put. Of all pages that
had begun by some time, the one with the highest number tells the price of that time: the order is that of writing, so a
clock that was wrong or went back cannot reorder pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import Field

from understudy_api.model import Model, Money, Name, ObjectName

PREFIX: Final = "prices/"


class PriceList(Model):
    """What a pool costs; a price that is absent is unknown, never 0."""

    worker_hour: Money | None = Field(
        default=None, description="One performer for one hour, in groups without a price."
    )
    groups: dict[Name, Money] = Field(default={}, max_length=8, description="The same, by worker group.")
    storage_gib_month: Money | None = Field(default=None, description="One GiB (2^30 bytes) kept for 730 hours.")
    egress_gib: Money | None = Field(default=None, description="One GiB delivered.")

    def of(self, group: str) -> Money | None:
        """The price of a worker-hour in a group: the pool's for one that has none of its own."""
        return self.groups.get(group, self.worker_hour)


UNKNOWN: Final = PriceList()
"""What counts before a book's first page."""


class PricePage(Model):
    """One page of a pool's price book."""

    pool: ObjectName
    number: int = Field(ge=0, le=99_999_999)
    since: int = Field(ge=0, description="Unix seconds from which it counts; 0: from ever.")
    prices: PriceList


def page_key(pool: str, number: int) -> str:
    """Object key of a page; keys of a pool sort as numbers do."""
    return f"{book_prefix(pool)}{number:08d}.json"


def book_prefix(pool: str) -> str:
    """What the keys of all pages of a pool begin with."""
    return f"{PREFIX}{pool}/"


def prices_at(pages: Sequence[PricePage], at: float) -> PriceList:
    """The prices at a time in Unix seconds."""
    begun = [page for page in pages if page.since <= at]
    return max(begun, key=lambda page: page.number).prices if begun else UNKNOWN


def changes_between(pages: Sequence[PricePage], begin: int, end: int) -> tuple[int, ...]:
    """Times strictly between two at which another price begins to count, sorted."""
    return tuple(
        at
        for at in sorted({page.since for page in pages if begin < page.since < end})
        if prices_at(pages, at) != prices_at(pages, at - 1)
    )
