"""Units of work: what a performer can be asked for, and how often it was asked already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from understudy_api.order import VideoOutput
from understudy_api.receipt import Receipt
from understudy_workers.work import Filling, ItemWork, PlannedItem, TakeWork

FPS: Final = 25


@dataclass(eq=False, slots=True)
class Unit:
    """Attempts of one work. `suspect`: it may have killed a performer, so it is tried alone.

    `avoid`: performers it failed on; `ready_at`: since when it could be handed out.
    """

    attempts: int = 0
    suspect: bool = False
    avoid: frozenset[str] = frozenset()
    ready_at: float = 0.0


@dataclass(eq=False, slots=True)
class ItemUnit(Unit):
    """An item until it has a receipt.

    `missing`: clips it still waits for; `frames`: of those it has; `fresh_*`: of those that were rendered for it first.
    """

    planned: PlannedItem = field(kw_only=True)
    missing: int = 0
    frames: int = 0
    fresh_clips: int = 0
    fresh_frames: int = 0
    ended: bool = False

    @property
    def seconds(self) -> float:
        """Length of the item once no clip is missing."""
        return self.frames / FPS


@dataclass(eq=False, slots=True)
class TakeUnit(Unit):
    """A take until no clip of it is wanted any more.

    `wanted`: clips nobody was asked for yet; `sent`: the work a performer holds; `waiting`: who waits for which clip.
    """

    take_id: str = field(kw_only=True)
    words: str = field(kw_only=True)
    locale: str = field(kw_only=True)
    filling: Filling | None = None
    wanted: dict[str, VideoOutput] = field(default_factory=dict)
    sent: TakeWork | None = None
    queued: bool = False
    waiting: dict[str, list[ItemUnit]] = field(default_factory=dict)

    def waits_for(self, clip_id: str) -> bool:
        """Whether an item without an outcome waits for a clip."""
        return any(not unit.ended for unit in self.waiting.get(clip_id, ()))

    @property
    def first(self) -> ItemUnit | None:
        """The item without an outcome that waits longest; None when none does."""
        return next((unit for units in self.waiting.values() for unit in units if not unit.ended), None)

    def waiters(self) -> list[ItemUnit]:
        """Items without an outcome that wait for any clip of this take."""
        return [unit for units in self.waiting.values() for unit in units if not unit.ended]


@dataclass(frozen=True)
class Assignment:
    """Units of one kind that travel to one performer as one batch.

    `waited_seconds`: how long the first of them was ready; `alone`: nothing else may be in flight there.
    """

    units: tuple[TakeUnit | ItemUnit, ...]
    works: tuple[TakeWork | ItemWork, ...]
    estimated_seconds: float
    waited_seconds: float = 0.0
    alone: bool = False


@dataclass(frozen=True)
class Ended:
    """An item's receipt, how many of its clips and their frames were rendered for it first, and the ids of its takes."""

    receipt: Receipt
    fresh_clips: int = 0
    fresh_frames: int = 0
    takes: tuple[str, ...] = ()


def goes_with(unit: TakeUnit | ItemUnit, other: TakeUnit | ItemUnit) -> bool:
    """Whether a performer that makes `other` makes `unit` cheaper than others do: formats of a row share their sound."""
    if not (isinstance(unit, ItemUnit) and isinstance(other, ItemUnit)):
        return False
    one, two = unit.planned, other.planned
    return (one.row, one.locale) == (two.row, two.locale)
