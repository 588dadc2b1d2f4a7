"""Royalties in whole micro-units of a currency: what is earned by making, and how it is shared.

Two rules keep every sum exact. *Earning:* after t micro-seconds in all, seconds have earned floor(rate x t / 1,000,000); an
item earns the difference it makes to that, so items add up to the license's total whatever their lengths. *Sharing:* each
share is rounded down and the micro-units left over go, one each, to the largest remainders, ties to whom the license names
first (the method of Hamilton, or largest remainder).
"""

from __future__ import annotations

from collections.abc import Sequence

from understudy_api.royalty_terms import MILLION, Royalty


def earned_micros(royalty: Royalty | None, micros_before: int, micros: int) -> int:
    """What an item of `micros` micro-seconds earns when `micros_before` were made under the license already."""
    if royalty is None:
        return 0
    rate = royalty.per_second_micros
    return rate * (micros_before + micros) // MILLION - rate * micros_before // MILLION + royalty.per_item_micros


def shared(amount: int, shares: Sequence[int]) -> tuple[int, ...]:
    """The amount in whole parts along shares that add up to a million; the parts add up to the amount exactly.

    A negative amount (a correction) is shared as the positive one and its parts negated.
    """
    if amount < 0:
        return tuple(-part for part in shared(-amount, shares))
    parts = [amount * share // MILLION for share in shares]
    remainders = [amount * share % MILLION for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda place: (-remainders[place], place))
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return tuple(parts)
