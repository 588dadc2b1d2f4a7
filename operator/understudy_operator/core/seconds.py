"""Seconds as exact decimals, for people."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

MILLISECOND: Final = Decimal("0.001")


def decimal_seconds(seconds: float) -> str:
    """Seconds to the millisecond, without trailing zeros: `12.04`, `812`."""
    text = f"{Decimal(repr(float(seconds))).quantize(MILLISECOND, ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".")
