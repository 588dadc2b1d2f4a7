"""Budgets: what a RenderJob may cost, as its brand says it, as the pool is told, and as the receipt log keeps it.

Amounts travel as integers: a price in 1e-6 of its currency for a worker-hour, what was spent in 1e-9, each batch rounded up, so
that a sum of many small ones is never less than the whole.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import Field

from understudy_api.model import Model, Money, Name, Observed, Resource

MICROS: Final = 1_000_000
NANOS: Final = 1_000_000_000
MAX_PRICED_GROUPS: Final = 8

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", max_length=3, description="ISO 4217 code, e.g. EUR.")]
Amount = Annotated[int, Field(ge=0)]


class JobBudget(Resource):
    """What a job may cost."""

    max: str = Field(
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$",
        max_length=16,
        description="What the workers of this job may cost at most, retries and lost work included, e.g. 12.50; royalties "
        "do not count. Raise it to let a job go on that reached it.",
    )
    currency: str = Field(
        pattern=r"^[A-Z]{3}$", max_length=3, description="ISO 4217 code, e.g. EUR: the currency of the pool's prices."
    )
    when_exceeded: Literal["Pause", "Cancel"] = Field(
        default="Pause",
        description="What happens once the next work might go beyond max. Pause: nothing more is made until max is raised. "
        "Cancel: the job ends; what is finished is delivered and stays.",
    )


class JobSpending(Observed):
    """How far a job's budget is used."""

    spent: Money = Field(description="What its workers cost so far, each at the price of its time; lost work included.")
    left: Money = Field(description="What is left of spec.budget.max.")


class Allowance(Model):
    """How much an order may cost, and what a worker-hour costs, for the director to keep. No part of the order's digest."""

    currency: Currency
    max_micros: Amount = Field(description="What the whole log of the order's job may cost.")
    price_micros: Amount | None = Field(default=None, description="Of the pool; None: only its groups have prices.")
    group_price_micros: dict[Name, Amount] = Field(
        default={}, max_length=MAX_PRICED_GROUPS, description="Of groups that have a price of their own."
    )

    @property
    def dearest_micros(self) -> int:
        """The highest price of all: what counts for work of which nobody knows yet who does it."""
        return max((self.price_micros or 0, *self.group_price_micros.values()))

    def price_of(self, group: str) -> int:
        """Micros for a worker-hour of a group; where there is no price for it, the highest one."""
        pool = self.dearest_micros if self.price_micros is None else self.price_micros
        return self.group_price_micros.get(group, pool)


class Charge(Model):
    """What a job's budget was charged with when a segment of its log was written."""

    currency: Currency
    nanos: Amount = Field(description="Spent so far by all orders of the job.")
    reserved_nanos: Amount = Field(
        default=0,
        description="What the writer may spend beyond before it writes again. Whoever takes over counts it as spent.",
    )


class Spending(Model):
    """What a director says of an order's allowance."""

    allowance: Allowance = Field(description="As the director was told last.")
    reached: bool | None = Field(
        default=None,
        description="True: nothing is in flight, and the next work might pass the allowance. None: not known yet.",
    )


def nanos(price_micros: int, seconds: float) -> int:
    """What so many worker seconds cost at a price for an hour, in 1e-9, rounded up."""
    micros = math.ceil(Decimal(repr(float(seconds))) * MICROS)
    return -(-price_micros * micros // (3600 * 1000))


def micros_of(amount: str) -> int:
    """A decimal amount as micros; it has at most six places."""
    return int(Decimal(amount) * MICROS)


def money(amount_nanos: int, currency: str) -> Money:
    """An amount for people: to a hundredth of a cent, rounded up."""
    steps = -(-amount_nanos // (NANOS // 10_000))
    return Money(amount=f"{Decimal(steps).scaleb(-4):f}", currency=currency)
