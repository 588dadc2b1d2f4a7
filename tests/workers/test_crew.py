"""Whom the crew takes for lost, by what Ray says; that performers come, die and are replaced is tried on a real Ray in test_director.py."""

from __future__ import annotations

import asyncio
import pickle
from dataclasses import dataclass, field
from typing import Any

import pytest
from ray.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    ActorUnschedulableError,
    NodeDiedError,
    OutOfMemoryError,
    RayError,
    RayTaskError,
)

from understudy_workers.crew import Member, Place, RayCrew
from understudy_workers.direction.batch import Answer, Batch, PerformerLostError

ANSWER = Answer((), 0.5, "thumb")
BATCH: Any = Batch.__new__(Batch)
"""What is in it is the performer's business."""
GONE = "The node specified via NodeAffinitySchedulingStrategy doesn't exist any more"


@dataclass
class Handle:
    """A performer's actor as Ray shows it: each call ends as told. Answers pings when it is well."""

    ends: Exception | None = None
    well: bool = True

    @property
    def work(self) -> Handle:
        return self

    @property
    def ping(self) -> Pinged:
        return Pinged(self)

    async def remote(self, _data: bytes) -> bytes:
        if self.ends is not None:
            raise self.ends
        return pickle.dumps(ANSWER)


@dataclass
class Pinged:
    handle: Handle

    async def remote(self) -> tuple[str, str, float]:
        if not self.handle.well:
            raise ActorUnschedulableError(GONE)
        return "thumb", "spot", 1.0


@dataclass
class Seats:
    """The floor, as far as a crew speaks to it."""

    there: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)

    def is_idle(self, performer: str) -> bool:
        return performer in self.there - self.busy

    def join(self, performer: str, *_: str) -> None:
        self.there.add(performer)

    def leave(self, performer: str) -> None:
        self.there.discard(performer)


def a_crew(handle: Handle) -> tuple[RayCrew, Seats]:
    """A crew of one performer, which has joined the floor."""
    crew, seats = RayCrew("studio", "one", "director"), Seats({"p"})
    crew.floor = seats  # type: ignore[assignment]
    crew._members["p"] = Member(handle, Place("node", "127.0.0.1", 0.0))
    return crew, seats


LOST = [
    ActorDiedError(),
    ActorUnavailableError("away", b"0" * 16),
    ActorUnschedulableError(GONE),
    NodeDiedError("its node died"),
    OutOfMemoryError("killed by the memory monitor"),
]


@pytest.mark.parametrize("ends", LOST, ids=lambda error: type(error).__name__)
def test_a_performer_that_ray_cannot_reach_gets_nothing_more(ends: RayError) -> None:
    """Else the next batch would come to nothing on it at once, and the one after that: a work's attempts would be gone in a second."""

    async def play() -> None:
        crew, seats = a_crew(Handle(ends, well=False))
        with pytest.raises(PerformerLostError, match="died while it held the work"):
            await crew.work("p", BATCH)
        assert seats.there == set()
        await asyncio.sleep(0)
        assert seats.there == set(), "it does not answer"

    asyncio.run(play())


def test_who_is_idle_beside_a_lost_one_is_asked_whether_the_node_is_still_there() -> None:
    async def play() -> None:
        crew, seats = a_crew(Handle(ActorUnschedulableError(GONE), well=False))
        neighbours = {"dead": Handle(well=False), "idle": Handle(), "busy": Handle(), "elsewhere": Handle()}
        for name, handle in neighbours.items():
            node = "other" if name == "elsewhere" else "node"
            crew._members[name] = Member(handle, Place(node, "127.0.0.1", 0.0))
        seats.there |= set(neighbours)
        seats.busy = {"busy"}
        with pytest.raises(PerformerLostError):
            await crew.work("p", BATCH)
        assert seats.there == {"busy", "elsewhere"}
        await asyncio.sleep(0.01)
        assert seats.there == {"idle", "busy", "elsewhere"}

    asyncio.run(play())


def test_it_joins_again_once_it_answers() -> None:
    async def play() -> None:
        handle = Handle(ActorDiedError())
        crew, seats = a_crew(handle)
        with pytest.raises(PerformerLostError):
            await crew.work("p", BATCH)
        handle.ends = None
        await asyncio.gather(*crew._tasks)
        assert seats.there == {"p"}
        assert await crew.work("p", BATCH) == ANSWER

    asyncio.run(play())


def test_one_that_raised_lives_and_stays() -> None:
    async def play() -> None:
        crew, seats = a_crew(Handle(RayTaskError("work", "the trace", ValueError("unpicklable"))))
        with pytest.raises(RayTaskError):
            await crew.work("p", BATCH)
        assert seats.there == {"p"}

    asyncio.run(play())


def test_a_node_that_went_away_takes_its_performers_along() -> None:
    async def play() -> None:
        crew, seats = a_crew(Handle())
        crew._follow({})
        assert seats.there == set()
        with pytest.raises(PerformerLostError, match="node went away"):
            await crew.work("p", BATCH)

    asyncio.run(play())
