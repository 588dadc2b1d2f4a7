"""Exact decimals for people: seconds and money."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from understudy_api.model import Money

MILLISECOND: Final = Decimal("0.001")
PRICE_STEP: Final = Decimal("0.0001")


def decimal_seconds(seconds: float) -> str:
    """Seconds to the millisecond, without trailing zeros: `12.04`, `812`."""
    text = f"{Decimal(repr(float(seconds))).quantize(MILLISECOND, ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".")


def cost(worker_seconds: float, price_per_worker_hour: Money) -> Money:
    """Worker seconds x the price of an hour, to a hundredth of a cent, computed in decimals throughout."""
    hours = Decimal(decimal_seconds(worker_seconds)) / 3600
    amount = (hours * Decimal(price_per_worker_hour.amount)).quantize(PRICE_STEP, ROUND_HALF_UP)
    return Money(amount=f"{amount:f}", currency=price_per_worker_hour.currency)
