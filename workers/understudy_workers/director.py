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
import sys
import uuid
from typing import Final

import ray
from ray.exceptions import GetTimeoutError, RayActorError, RayError

from understudy_api.order import TrainingOrder
from understudy_api.settings import PoolSettings, SettingsError
from understudy_api.timesheet import DEFAULT_POOL
from understudy_workers.crew import HALF, RayCrew
from understudy_workers.direction.bulletin import Stop
from understudy_workers.direction.house import House
from understudy_workers.direction.logs import write_json_logs
from understudy_workers.direction.training_work import TrainingWorkState
from understudy_workers.performer import Trainer

NAMESPACE: Final = "understudy"
NAME: Final = "understudy-director"
RELEASE_VARIABLE: Final = "UNDERSTUDY_RELEASE"
POOL_VARIABLE: Final = "UNDERSTUDY_POOL"
"""The operator tells both by the environment: a launcher of an earlier release goes by an argument that it does not know."""
REAL_STUDIO: Final = "understudy_workers.pipeline:Studio"
SWITCH_SECONDS: Final = 0.0005
"""Threads that plan and parse give way ten times as often as by default: the event loop must not wait for them."""
RETIRE_SECONDS: Final = 600.0
"""How long a director of an earlier release may take to finish what its performers hold."""
MAX_CALLS: Final = 100_000
"""Calls a director answers at the same time: each performer always has one that waits for the next stop."""
ON_THE_HEAD: Final = {"node:__internal_head__": 0.001}
"""A resource that Ray gives its head alone."""


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
        self._crew = RayCrew(studio, release, NAME)
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
