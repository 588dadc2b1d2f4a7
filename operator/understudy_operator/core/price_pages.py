"""When a page of the price book is due: as soon as a pool's prices are not those of the newest page."""

from __future__ import annotations

from understudy_api.price_book import UNKNOWN, PriceList, PricePage
from understudy_api.renderpool import RenderPoolSpec
from understudy_operator.core.pool_actions import WritePrices
from understudy_operator.core.state import PoolState, SpecProblem


def price_list(spec: RenderPoolSpec) -> PriceList:
    """The prices of a RenderPool as the book has them."""
    groups = spec.kuberay.groups if spec.kuberay else ()
    return PriceList(
        worker_hour=spec.price_per_worker_hour,
        groups={one.name: one.price_per_worker_hour for one in groups if one.price_per_worker_hour is not None},
        storage_gib_month=spec.storage_price_per_gib_month,
        egress_gib=spec.egress_price_per_gib,
    )


def price_actions(state: PoolState, now: float) -> tuple[WritePrices, ...]:
    """The page to write at `now` (Unix seconds), if any. A pool that never had a price has no book.

    What a pool was created with has always been its price: its nodes may be older than the object that names it.
    """
    if isinstance(state.spec, SpecProblem):
        return ()
    newest, prices = state.price_page, price_list(state.spec)
    if prices == (newest.prices if newest else UNKNOWN):
        return ()
    number = newest.number + 1 if newest else 0
    since = 0 if newest is None and state.identity.generation == 1 else int(now)
    return (WritePrices(page=PricePage(pool=state.identity.name, number=number, since=since, prices=prices)),)
