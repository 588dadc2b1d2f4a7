"""The director as a Ray actor, and the launcher that makes one: `python -m understudy_workers.director`.

The actor is detached and named, so the launcher ends and it stays; killed, Ray starts it again with empty hands, and the
operator puts its orders once more. Performers are detached too and outlive it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import pickle
import sys
import uuid
from typing import Any, Final, NamedTuple

import ray
import structlog
from ray.exceptions import GetTimeoutError, RayActorError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from understudy_api.order import TrainingOrder
from understudy_api.settings import PoolSettings, SettingsError
from understudy_api.timesheet import DEFAULT_POOL
from understudy_workers.direction.batch import Answer, Batch, PerformerLostError
from understudy_workers.direction.bulletin import Bulletin, Stop
from understudy_workers.direction.floor import Floor
from understudy_workers.direction.house import House
from understudy_workers.direction.logs import write_json_logs
from understudy_workers.direction.training_work import TrainingWorkState
from understudy_workers.performer import KEPT_MEMORY, ONE_THREAD, Performer, Presented, Trainer
from understudy_workers.ray_nodes import RayNodes

NAMESPACE: Final = "understudy"
NAME: Final = "understudy-director"
RELEASE_VARIABLE: Final = "UNDERSTUDY_RELEASE"
POOL_VARIABLE: Final = "UNDERSTUDY_POOL"
"""The operator tells both by the environment: a launcher of an earlier release goes by an argument that it does not know."""
REAL_STUDIO: Final = "understudy_workers.pipeline:Studio"
SWITCH_SECONDS: Final = 0.0005
"""Threads that plan and parse give way ten times as often as by default: the event loop must not wait for them."""
LOOK_SECONDS: Final = 2.0
"""How often the crew looks for nodes that came or went."""
RETIRE_SECONDS: Final = 600.0
"""How long a director of an earlier release may take to finish what its performers hold."""
MAX_CALLS: Final = 100_000
"""Calls a director answers at the same time: each performer always has one that waits for the next stop."""
ON_THE_HEAD: Final = {"node:__internal_head__": 0.001}
"""A resource that Ray gives its head alone."""
HALF: Final = 0.5
"""Performers ask Ray for half of each core and accelerator; trainers find room in the other half."""

log = structlog.get_logger("crew")


class RayCrew:
    """One performer per core of every node of the Ray cluster, looked after: made, found again, replaced."""

    def __init__(self, studio: str, release: str) -> None:
        self._studio = studio
        self._prefix = f"understudy-performer-{release[:12]}-"
        self._handles: dict[str, Any] = {}
        self._places: dict[str, Place] = {}
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
            if name not in self._handles:
                self._handles[name] = _performer(name, self._studio, place)
                self._places[name] = place
                self._make_ready(name)
        for name in [name for name in self._handles if name.removeprefix(self._prefix) not in places]:
            del self._handles[name]
            self._leave(name)

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
        while handle := self._handles.get(name):
            try:
                presented = Presented(*await handle.ping.remote())
                break
            except RayError as error:
                log.warning("not ready", performer=name, error=str(error).strip().splitlines()[-1][:200])
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10.0)
        self._readying.discard(name)
        if name in self._handles and self.floor is not None and presented is not None:
            place = self._places[name]
            self.nodes.told(place.node, presented.group, presented.node_began_at)
            self.floor.join(name, presented.thumbprint, place.address, presented.group)

    def _leave(self, name: str) -> None:
        if self.floor is not None:
            self.floor.leave(name)

    async def work(self, performer: str, batch: Batch) -> Answer:
        """Has a performer do a batch. Raises PerformerLostError when it dies meanwhile."""
        handle = self._handles.get(performer)
        if handle is None:
            raise PerformerLostError("its performer's node went away")
        try:
            answer: Answer = pickle.loads(await handle.work.remote(pickle.dumps(batch)))  # noqa: S301
        except RayActorError as error:
            self._make_ready(performer)
            raise PerformerLostError("its performer died while it held the work") from error
        return answer

    async def end(self, performer: str) -> None:
        """Ends a performer that hangs; Ray starts it again."""
        if handle := self._handles.get(performer):
            await asyncio.to_thread(ray.kill, handle, no_restart=False)
            self._make_ready(performer)

    def stop(self, order_uid: str, until: float) -> None:
        """Has every performer make nothing more of an order as it was taken up until then (Unix seconds)."""
        self.bulletin.post(order_uid, until)


class Place(NamedTuple):
    """Where a performer runs: Ray's id of the node, its address, the share of an accelerator that the performer gets."""

    node: str
    address: str
    gpus: float


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


def _performer(name: str, studio: str, place: Place) -> Any:
    """The performer of this name: the one that is there, or a new one on its node."""
    return Performer.options(  # type: ignore[attr-defined]
        name=name,
        get_if_exists=True,
        lifetime="detached",
        num_cpus=HALF,
        num_gpus=place.gpus,
        scheduling_strategy=NodeAffinitySchedulingStrategy(place.node, soft=False),
        runtime_env={"env_vars": ONE_THREAD | KEPT_MEMORY},
    ).remote(studio, NAME)


class RayTrainers:
    """Trainer processes by the digest of what they train; detached, so that a new director finds them again."""

    def __init__(self, release: str) -> None:
        self._prefix = f"understudy-trainer-{release[:12]}-"

    async def begin(self, order: TrainingOrder) -> None:
        """Starts a training, or finds the one that is running already."""
        trainer = Trainer.options(  # type: ignore[attr-defined]
            name=self._prefix + order.digest[:24], get_if_exists=True, lifetime="detached", num_cpus=HALF
        ).remote()
        await trainer.begin.remote(order)

    async def renew(self, order: TrainingOrder) -> None:
        """Hands the running one the order with its newer grant; nothing when its process is gone."""
        with contextlib.suppress(ValueError, RayActorError):
            trainer = await asyncio.to_thread(ray.get_actor, self._prefix + order.digest[:24])
            await trainer.begin.remote(order)

    async def state(self, digest: str) -> TrainingWorkState | None:
        """How far it is; None when its process is gone."""
        try:
            trainer = await asyncio.to_thread(ray.get_actor, self._prefix + digest[:24])
            state: TrainingWorkState = await trainer.state.remote()
        except (ValueError, RayActorError):
            return None
        return state

    async def end(self, digest: str) -> None:
        """Ends its process, if there is one."""
        with contextlib.suppress(ValueError):
            ray.kill(await asyncio.to_thread(ray.get_actor, self._prefix + digest[:24]))


@ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, max_concurrency=MAX_CALLS)
class Director:
    """One director. Serves HTTP by itself from its first moment: nobody has to call it after a restart."""

    def __init__(self, studio: str, release: str, pool: str) -> None:
        write_json_logs()
        sys.setswitchinterval(SWITCH_SECONDS)
        settings = PoolSettings.from_environment()
        self._crew = RayCrew(studio, release)
        self._house = House(
            settings,
            self._crew,
            RayTrainers(release),
            self._crew.nodes.look,
            director=uuid.uuid4().hex,
            release=release,
            pool=pool,
            at_once=max(1, int(ray.cluster_resources().get("CPU", 1)) // 2),
        )
        self._crew.floor = self._house.floor
        loop = asyncio.get_running_loop()
        self._opening = loop.create_task(self._house.open())
        self._keeping = loop.create_task(self._crew.keep())

    async def ready(self) -> str:
        """Its release, once it answers over HTTP. Raises OSError when a port is taken."""
        await asyncio.shield(self._opening)
        return self._house.release

    async def stops(self, edition: str, number: int) -> tuple[str, int, tuple[Stop, ...]]:
        """Waits for stops beyond those a performer has heard of; see Bulletin.after."""
        return await self._crew.bulletin.after(edition, number)

    async def retire(self) -> None:
        """Writes the receipts of what performers hold, frees the ports and does nothing more."""
        self._keeping.cancel()
        await self._house.close()


def launch(studio: str, release: str, pool: str) -> None:
    """Makes sure that a director of this release serves; one of another release retires first. Raises RayError.

    One of this release that is there keeps the name of the pool that it was told.
    """
    with contextlib.suppress(ValueError):
        old = ray.get_actor(NAME)
        try:
            if ray.get(old.ready.remote(), timeout=RETIRE_SECONDS) != release:
                ray.get(old.retire.remote(), timeout=RETIRE_SECONDS)
                ray.kill(old)
        except (RayActorError, GetTimeoutError):
            ray.kill(old)
    # The operator reaches it at the head's address. A resource, not the affinity to a node: that one is soft or ends with it.
    director = Director.options(  # type: ignore[attr-defined]
        name=NAME, get_if_exists=True, lifetime="detached", resources=ON_THE_HEAD
    ).remote(studio, release, pool)
    ray.get(director.ready.remote())


def main() -> int:
    """Launches a director on the Ray cluster this process runs in; 0 once it serves."""
    parser = argparse.ArgumentParser(prog="python -m understudy_workers.director", description=__doc__)
    parser.add_argument("--studio", default=REAL_STUDIO, help="module:Class that performers work with")
    parser.add_argument("--release", default=os.environ.get(RELEASE_VARIABLE, "development"))
    parser.add_argument("--pool", default=os.environ.get(POOL_VARIABLE), help="name of its RenderPool")
    given = parser.parse_args()
    try:
        PoolSettings.from_environment()
        ray.init(address="auto", namespace=NAMESPACE, log_to_driver=False, logging_level=logging.WARNING)
        launch(given.studio, given.release, given.pool or DEFAULT_POOL)
    except (SettingsError, RayError, ConnectionError) as error:
        sys.stderr.write(f"director: {str(error).strip().splitlines()[-1]}\n")
        return 1
    return 0


if __name__ == "__main__":
    # As a module of its own name, so that Ray finds its classes in every process.
    from understudy_workers.director import main as launcher

    raise SystemExit(launcher())
