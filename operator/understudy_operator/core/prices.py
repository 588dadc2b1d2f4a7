"""What worker seconds cost: each at the price of the group that spent it, else at the pool's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from understudy_api.model import Money
from understudy_operator.core.seconds import decimal_seconds

COST_STEP: Final = Decimal("0.0001")
ROUNDING_SECONDS: Final = Decimal("0.01")
"""Floats that were added in another order differ by their last digits: less than this is nobody's work."""
_NO_GROUP: Final = ""


@dataclass(frozen=True)
class Prices:
    """What a worker-hour costs in a pool, and in those of its groups that have a price of their own."""

    pool: Money | None = None
    groups: Mapping[str, Money] = field(default_factory=dict)
    incomplete: bool = False
    """Whether some of its groups have a price and others have none."""

    def of(self, group: str) -> Money | None:
        """The price of a group: the pool's for one that has none of its own, or that the pool does not have (any more)."""
        return self.groups.get(group, self.pool)

    @property
    def currency(self) -> str | None:
        """The currency of all prices; None when there is no price, or two currencies, which RenderPools refuse."""
        found = {price.currency for price in (self.pool, *self.groups.values()) if price is not None}
        return found.pop() if len(found) == 1 else None


def cost(worker_seconds: float, by_group: Mapping[str, float], prices: Prices) -> Money | None:
    """Seconds x the price of an hour, summed in decimals and rounded once, to a hundredth of a cent.

    `by_group` says which of the `worker_seconds` a group spent; the others cost what the pool costs. None as soon as
    one of them has no price: a part would look like the whole.
    """
    currency, shares = prices.currency, _shares(worker_seconds, by_group)
    if currency is None or shares is None:
        return None
    sum_of_products = Decimal(0)
    for group, seconds in shares.items():
        price = prices.of(group)
        if price is None:
            return None
        sum_of_products += seconds * Decimal(price.amount)
    amount = (sum_of_products / 3600).quantize(COST_STEP, ROUND_HALF_UP)
    return Money(amount=f"{amount:f}", currency=currency)


def _shares(worker_seconds: float, by_group: Mapping[str, float]) -> dict[str, Decimal] | None:
    """Seconds by group, those of none included; None when groups have more than there are."""
    shares = {group: Decimal(repr(float(seconds))) for group, seconds in by_group.items() if seconds}
    rest = Decimal(decimal_seconds(worker_seconds)) - sum(shares.values(), Decimal(0))
    if rest <= -ROUNDING_SECONDS:
        return None
    if rest >= ROUNDING_SECONDS or (rest and not shares):
        shares[_NO_GROUP] = rest
    return shares
