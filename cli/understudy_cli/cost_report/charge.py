"""A charge: one line of what a farm cost, for whom, at the price of its time. And the arithmetic that keeps sums exact. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final, Literal

from understudy_api.model import Money

MICROS_PER_SECOND: Final = 1_000_000
QUANTITY_STEP: Final = Decimal("1e-12")
"""Quantities are rounded to this, once for each charge; worker time itself is kept in whole micro-seconds."""
EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)

What = Literal["busy", "idle", "unallocated", "storage", "egress", "royalty", "correction"]


@dataclass(frozen=True)
class Whose:
    """Whose charge it is; empty fields where nobody is known."""

    kind: str = ""
    """Job, Preview or Training."""
    uid: str = ""
    brand: str = ""
    """The namespace."""
    job: str = ""
    license: str = ""
    locale: str = ""


NOBODY: Final = Whose()


@dataclass(frozen=True)
class Charge:
    """One line. An `amount` of None is unpriced: somebody used it, and nobody said what it costs."""

    what: What
    begin: int
    """Unix seconds."""
    end: int
    pool: str
    group: str
    whose: Whose
    quantity: Decimal
    """Worker-hours, GiB-months, GiB; of a royalty or correction its amount."""
    price: Money | None
    """Of one of them."""
    micros: int = 0
    """Worker time in micro-seconds; of a royalty the metered time."""
    share: Decimal | None = None
    """Of idle time: which part of its hour's this is."""

    @property
    def amount(self) -> Decimal | None:
        """Quantity x price, exactly."""
        return None if self.price is None else EXACT.multiply(self.quantity, Decimal(self.price.amount))

    @property
    def currency(self) -> str:
        """ISO 4217; empty when unpriced."""
        return self.price.currency if self.price else ""

    @property
    def is_work(self) -> bool:
        """Whether it is worker time."""
        return self.what in ("busy", "idle", "unallocated")


@dataclass(frozen=True)
class Report:
    """What a farm cost between two times (Unix seconds), and the worker time that the timesheets say was there."""

    begin: int
    end: int
    until: int
    """`end`, or now when that has not come yet."""
    charges: tuple[Charge, ...]
    present_micros: int


def micros_of(seconds: float) -> int:
    """Whole micro-seconds of seconds that somebody measured."""
    return int((Decimal(repr(float(seconds))) * MICROS_PER_SECOND).to_integral_value(ROUND_HALF_EVEN))


def quantity(numerator: int, denominator: int) -> Decimal:
    """A ratio as a decimal, rounded to QUANTITY_STEP."""
    return EXACT.quantize(EXACT.divide(Decimal(numerator), Decimal(denominator)), QUANTITY_STEP)


def apportioned(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """A whole amount in whole parts along weights (none negative, one positive); the parts add up to it exactly.

    Parts are rounded down and what is left goes, one each, to the largest remainders, ties to the first.
    """
    total = sum(weights)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: (-(amount * weights[place] % total), place))
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return tuple(parts)
