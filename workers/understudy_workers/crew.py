"""The crew: one performer for each core of each node of the Ray cluster, followed as nodes come and go."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
from typing import Any, Final, NamedTuple

import ray
import structlog
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from understudy_workers.direction.batch import Answer, Batch, PerformerLostError
from understudy_workers.direction.bulletin import Bulletin
from understudy_workers.direction.floor import Floor
from understudy_workers.performer import KEPT_MEMORY, ONE_THREAD, Performer, Presented
from understudy_workers.ray_nodes import RayNodes

LOOK_SECONDS: Final = 2.0
"""How often the crew looks for nodes that came or went."""
HALF: Final = 0.5
"""Performers ask Ray for half of each core and accelerator; trainers find room in the other half."""

log = structlog.get_logger("crew")


class Place(NamedTuple):
    """Where a performer runs: Ray's id of the node, its address, the share of an accelerator that the performer gets."""

    node: str
    address: str
    gpus: float


class Member(NamedTuple):
    """A performer, as Ray's handle of its actor, and its place."""

    handle: Any
    place: Place


class RayCrew:
    """One performer per core of every node of the Ray cluster, looked after: made, found again, replaced."""

    def __init__(self, studio: str, release: str, director: str) -> None:
        self._studio = studio
        self._director = director
        self._prefix = f"understudy-performer-{release[:12]}-"
        self._members: dict[str, Member] = {}
        self._readying: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.floor: Floor | None = None
        self.bulletin = Bulletin()
        self.nodes = RayNodes()

    async def keep(self) -> None:
        """Follows the cluster for ever: a node that comes gets performers, one that goes takes its own along."""
        await asyncio.to_thread(self._end_strangers)
        while True:
            try:
                self._follow(await asyncio.to_thread(_places))
                await self.nodes.look()
            except RayError:
                log.exception("the cluster does not answer")
            await asyncio.sleep(LOOK_SECONDS)

    def _follow(self, places: dict[str, Place]) -> None:
        for where, place in places.items():
            name = self._prefix + where
            if name not in self._members:
                self._members[name] = Member(self._performer(name, place), place)
                self._make_ready(name)
        for name in [name for name in self._members if name.removeprefix(self._prefix) not in places]:
            del self._members[name]
            self._leave(name)

    def _performer(self, name: str, place: Place) -> Any:
        """The performer of this name: the one that is there, or a new one on its node."""
        return Performer.options(  # type: ignore[attr-defined]
            name=name,
            get_if_exists=True,
            lifetime="detached",
            num_cpus=HALF,
            num_gpus=place.gpus,
            scheduling_strategy=NodeAffinitySchedulingStrategy(place.node, soft=False),
            runtime_env={"env_vars": ONE_THREAD | KEPT_MEMORY},
        ).remote(self._studio, self._director)

    def _end_strangers(self) -> None:
        """Ends performers of other releases: their code is not ours."""
        for name in ray.util.list_named_actors():
            if name.startswith("understudy-performer-") and not name.startswith(self._prefix):
                with contextlib.suppress(ValueError):
                    ray.kill(ray.get_actor(name))

    def _make_ready(self, name: str) -> None:
        """Lets a performer join the floor once it answers; until then it gets nothing."""
        self._leave(name)
        if name not in self._readying:
            self._readying.add(name)
            task = asyncio.get_running_loop().create_task(self._await_ready(name))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _await_ready(self, name: str) -> None:
        pause, presented = 0.1, None
        while member := self._members.get(name):
            try:
                presented = Presented(*await member.handle.ping.remote())
                break
            except RayError as error:
                log.warning("not ready", performer=name, error=str(error).strip().splitlines()[-1][:200])
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10.0)
        self._readying.discard(name)
        member = self._members.get(name)
        if member is not None and self.floor is not None and presented is not None:
            place = member.place
            self.nodes.told(place.node, presented.group, presented.node_began_at)
            self.floor.join(name, presented.thumbprint, place.address, presented.group)

    def _is_idle(self, name: str) -> bool:
        return self.floor is not None and self.floor.is_idle(name)

    def _leave(self, name: str) -> None:
        if self.floor is not None:
            self.floor.leave(name)

    async def work(self, performer: str, batch: Batch) -> Answer:
        """Has a performer do a batch. Raises PerformerLostError when it dies meanwhile."""
        member = self._members.get(performer)
        if member is None:
            raise PerformerLostError("its performer's node went away")
        try:
            answer: Answer = pickle.loads(await member.handle.work.remote(pickle.dumps(batch)))  # noqa: S301
        except RayTaskError:  # It raised, and lives.
            raise
        except RayError as error:
            # Not RayActorError alone: of a node that fell silent Ray says that it can schedule nothing there.
            self._doubt(performer)
            raise PerformerLostError("its performer died while it held the work") from error
        return answer

    def _doubt(self, performer: str) -> None:
        """Who was lost has to answer again, and so have those of its node that have nothing to do: the node may be gone.

        Else what was lost would be tried on each of them in turn, and its attempts used up before the node is known to be dead.
        """
        lost = self._members.get(performer)
        if lost is None:  # The node is known to be gone, and all of it has left.
            return
        for name, member in self._members.items():
            if member.place.node == lost.place.node and (name == performer or self._is_idle(name)):
                self._make_ready(name)

    async def end(self, performer: str) -> None:
        """Ends a performer that hangs; Ray starts it again."""
        if member := self._members.get(performer):
            await asyncio.to_thread(ray.kill, member.handle, no_restart=False)
            self._make_ready(performer)

    def stop(self, order_uid: str, until: float) -> None:
        """Has every performer make nothing more of an order as it was taken up until then (Unix seconds)."""
        self.bulletin.post(order_uid, until)


def _places() -> dict[str, Place]:
    """Where performers belong, one for each core of each node that is alive."""
    places = {}
    for node in ray.nodes():
        cores = int(node["Resources"].get("CPU", 0)) if node["Alive"] else 0
        gpus = float(node["Resources"].get("GPU", 0)) * HALF
        for core in range(cores):
            share = int(gpus / cores * 10_000) / 10_000
            places[f"{node['NodeID'][:12]}-{core}"] = Place(node["NodeID"], node["NodeManagerAddress"], share)
    return places
