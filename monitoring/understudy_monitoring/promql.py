"""Expressions that panels share."""

from __future__ import annotations


def risen(counter: str, window: str) -> str:
    """How much each series of a counter rose within a window, those included that began in it; goes into a sum's brackets.

    `increase()` alone takes a series' first value for where it stood: of what happens once for each label, such as a
    brand's first refusal, it sees nothing. A gap in the scrapes, up to a window long, makes no series new.
    """
    return f"{counter} unless last_over_time({counter}[{window}] offset {window}) or increase({counter}[{window}])"


def or_none(expr: str, label: str, word: str = "none") -> str:
    """The expression or, where it has no series, a 0 whose label says so: a line on the ground, not an empty panel."""
    return f'{expr} or on () label_replace(vector(0), "{label}", "{word}", "", "")'


def or_unknown(expr: str) -> str:
    """The expression, whose one series has no labels, or no number where it has none: what is not known is not what it was last."""
    return f"{expr} or vector(NaN)"
