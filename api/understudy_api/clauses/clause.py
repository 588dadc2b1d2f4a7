"""What a clause is: it says what is wanted and allowed in a few words, and objects with a reason and a cure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from understudy_api.terms import Terms
from understudy_api.use import Usage, Use
from understudy_api.verdict import Refusal

TERMS_CURE = "ask the owner to extend the license"


class Asked(NamedTuple):
    """The question every clause answers. `now` in Unix seconds."""

    terms: Terms
    use: Use
    usage: Usage
    now: float


class Objection(NamedTuple):
    """What a clause has against a use; `wanted` names the part that it does not cover."""

    reason: str
    wanted: str
    cure: str


@dataclass(frozen=True)
class Clause:
    """One clause of the rule, named as the field of the terms it reads."""

    name: str
    wanted: Callable[[Asked], str]
    allowed: Callable[[Asked], str]
    objection: Callable[[Asked], Objection | None]

    def refusal(self, asked: Asked) -> Refusal | None:
        """Why the clause does not permit it, or None."""
        found = self.objection(asked)
        if found is None:
            return None
        allowed = self.allowed(asked)
        return Refusal(
            reason=found.reason,
            message=f"license: {self.name}: wanted {found.wanted}, allowed {allowed}; {found.cure}",
            clause=self.name,
            wanted=found.wanted,
            allowed=allowed,
        )


def listed(values: Iterable[str], none: str = "none") -> str:
    """Values in one line, sorted; `none` when there are none."""
    return ", ".join(sorted(values)) or none


def moment(timestamp: float) -> str:
    """A time for people, UTC."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")


def seconds_in_words(value: float) -> str:
    """Seconds, no finer than a hundredth and never rounded to nothing."""
    return f"{value:,.2f}".rstrip("0").rstrip(".") + " s"


def limit(value: int | None, unit: str) -> str:
    """A bound, or that there is none."""
    return "any" if value is None else f"at most {value:,}{unit}"
