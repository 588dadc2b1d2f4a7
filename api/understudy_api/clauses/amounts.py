"""How much: seconds, items and jobs at once, and how long one video may be."""

from __future__ import annotations

from typing import Final

from understudy_api.clauses.clause import Asked, Clause, Objection, limit, seconds_in_words


def seconds_left(asked: Asked) -> float:
    """Metered seconds neither used nor promised; below zero when more was made than allowed."""
    return asked.terms.quota.seconds - asked.usage.used_seconds - asked.usage.reserved_seconds


def _seconds(asked: Asked) -> Objection | None:
    if asked.use.seconds <= seconds_left(asked):
        return None
    return Objection(
        "QuotaExceeded", seconds_in_words(asked.use.seconds), "ask the owner for more seconds or make less"
    )


def items_left(asked: Asked) -> int | None:
    """Items neither delivered nor promised; None without a bound."""
    bound = asked.terms.quota.items
    return None if bound is None else bound - asked.usage.used_items - asked.usage.reserved_items


def _items(asked: Asked) -> Objection | None:
    left = items_left(asked)
    if left is None or asked.use.items <= left:
        return None
    return Objection("ItemsExceeded", f"{asked.use.items:,} items", "ask the owner for more items or make fewer")


def _concurrent(asked: Asked) -> Objection | None:
    bound = asked.terms.quota.concurrent
    if bound is None or asked.usage.running < bound:
        return None
    return Objection(
        "TooManyJobs", f"job {asked.usage.running + 1:,} at once", "wait until another job ends, or cancel one"
    )


def _length(asked: Asked) -> Objection | None:
    bound = asked.terms.max_item_seconds
    if bound is None or asked.use.item_seconds <= bound:
        return None
    return Objection(
        "ItemTooLong",
        seconds_in_words(asked.use.item_seconds),
        "shorten the script, or ask the owner for longer videos",
    )


CLAUSES: Final = (
    Clause(
        "quota.seconds",
        lambda a: seconds_in_words(a.use.seconds),
        lambda a: f"{seconds_in_words(max(seconds_left(a), 0))} left of {a.terms.quota.seconds:,} s",
        _seconds,
    ),
    Clause(
        "quota.items",
        lambda a: f"{a.use.items:,} items",
        lambda a: (
            "any" if a.terms.quota.items is None else f"{max(items_left(a) or 0, 0):,} left of {a.terms.quota.items:,}"
        ),
        _items,
    ),
    Clause(
        "quota.concurrent",
        lambda a: f"job {a.usage.running + 1:,} at once",
        lambda a: limit(a.terms.quota.concurrent, " at once"),
        _concurrent,
    ),
    Clause(
        "max_item_seconds",
        lambda a: seconds_in_words(a.use.item_seconds) if a.use.item_seconds else "not known before speech",
        lambda a: limit(a.terms.max_item_seconds, " s"),
        _length,
    ),
)
