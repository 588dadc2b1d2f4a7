"""What a schedule is asked with, and what it says of an answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from understudy_api.verdict import Refusal
from understudy_workers.direction.batch import Outcome
from understudy_workers.direction.units import Ended


@dataclass(frozen=True)
class Asking:
    """A performer that asks for work: `idle` holds nothing of anybody; `thumbprint` is its own key's."""

    performer: str
    idle: bool
    performers: int
    thumbprint: str = ""


@dataclass
class Turnout:
    """What an answer, or the loss of a performer, changed."""

    ended: list[Ended] = field(default_factory=list)
    outcomes: tuple[Outcome, ...] = ()
    paused: Refusal | None = None
    outage: str = ""
    failures: int = 0
