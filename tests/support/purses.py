"""Purses for tests: allowances counted in seconds, and the log's part in a line."""

from __future__ import annotations

from typing import Any

from understudy_api.budget import Allowance, Charge
from understudy_workers.direction.purse import Purse

PRICE = 3_600_000
"""A thousandth of a euro for a second, so that an allowance of so many thousandths is one of seconds."""


def allowance(seconds: float, **changed: Any) -> Allowance:
    """One over so many worker seconds."""
    return Allowance(**{"currency": "EUR", "max_micros": int(seconds * 1000), "price_micros": PRICE, **changed})


def spent(purse: Purse) -> float:
    """In seconds at PRICE."""
    return purse.spent_nanos / 1_000_000


def tell_log(purse: Purse, now: float = 0.0, newest: Charge | None = None) -> Charge | None:
    """Plays the books: writes what the purse owes after `newest`, its own last word unless others came between."""
    entry = purse.entry(now)
    if entry is None:
        return None
    written = entry.after(newest or entry.last)
    purse.wrote(entry, written, own=True)
    return written


def opened(seconds: float, **changed: Any) -> Purse:
    purse = Purse(allowance(seconds, **changed))
    purse.open({}, {}, None)
    return purse


def fits(purse: Purse, performer: str, now: float) -> bool:
    """As the director asks: what the log has to know first is written at once."""
    if purse.fits(performer, now):
        return True
    if not purse.owes(now):
        return False
    tell_log(purse, now)
    return purse.fits(performer, now)
