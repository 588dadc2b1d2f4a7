"""The performer and the trainer: Ray actors that keep a process warm and do what the director asks."""

from __future__ import annotations

import os
import pickle
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import ray
import structlog
from ray.exceptions import RayError

from understudy_api.kuberay import GROUP_VARIABLE
from understudy_api.order import TrainingOrder
from understudy_api.settings import PoolSettings
from understudy_workers.direction.batch import Batch
from understudy_workers.direction.logs import write_json_logs
from understudy_workers.direction.performing import Studio, open_studio, perform
from understudy_workers.direction.training_work import TrainingWork, TrainingWorkState

ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
"""Environment of every performer: one thread each, as many performers as cores."""

KEPT_MEMORY: Final = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
    "MALLOC_TOP_PAD_": "16777216",
}
"""Environment of every performer: glibc keeps what a clip's encoder gives back for the next clip's.

Otherwise the kernel maps and clears memory anew for each clip. It costs 160 MB a performer more.
"""
_PAUSE_SECONDS: Final = 1.0

log = structlog.get_logger("performer")


class Presented(NamedTuple):
    """What a performer says of itself: the thumbprint of its own key, by which grants name it; its node's group.

    `node_began_at`: when the node's process began, Unix seconds. It takes Ray some seconds more to have it in its table.
    """

    thumbprint: str
    group: str
    node_began_at: float


@ray.remote(max_restarts=-1, max_task_retries=0)
class Performer:
    """One process that performs. Its studio keeps twins, composers and connections between batches.

    It does one thing at a time, in its main thread; a second one asks the director what to stop. (Ray's concurrency groups
    would have the main thread look for work, and for the GIL, a hundred times a second.)
    """

    def __init__(self, studio: str, director: str) -> None:
        write_json_logs()
        self._studio = open_studio(studio, PoolSettings.from_environment())
        self._group = os.environ.get(GROUP_VARIABLE, "")
        threading.Thread(target=_hear, args=(self._studio, director), name="stops", daemon=True).start()

    def ping(self) -> Presented:
        """Who it is, once it is ready."""
        return Presented(self._studio.thumbprint, self._group, process_began_at(os.getppid()))

    def work(self, data: bytes) -> bytes:
        """Does a pickled Batch, answers with a pickled Answer: a third cheaper than letting Ray pickle them."""
        batch: Batch = pickle.loads(data)  # noqa: S301 - from the director, inside the pool's own trust domain
        return pickle.dumps(perform(self._studio, batch, self._group))


def process_began_at(process: int) -> float:
    """When a process began, Unix seconds: Linux counts it from the machine's start, in ticks (proc(5))."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    booted_at = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return booted_at + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _hear(studio: Studio, director: str) -> None:
    """Has a studio stop what the actor of this name tells to stop, for ever, whichever director has the name.

    A future, not `ray.get`: who waits in that gives its core back to Ray meanwhile.
    """
    edition, number = "", 0
    while True:
        try:
            asked = ray.get_actor(director).stops.remote(edition, number)
            edition, number, stops = asked.future().result()
        except (RayError, ValueError) as error:  # ValueError: there is no director at the moment
            log.info("no word from the director", error=str(error).strip().splitlines()[-1][:200])
            time.sleep(_PAUSE_SECONDS)
            continue
        for order_uid, until in stops:
            studio.stop(order_uid, until)


@ray.remote(max_restarts=0, max_task_retries=0)
class Trainer:
    """One process that trains one twin, at a lower priority than performers."""

    def __init__(self) -> None:
        write_json_logs()
        os.nice(5)
        self._work: TrainingWork | None = None

    def begin(self, order: TrainingOrder) -> None:
        """Starts the training; one that was started already goes on with the order's newer grant."""
        if self._work is None:
            self._work = TrainingWork(PoolSettings.from_environment(), order)
        else:
            self._work.renew(order)

    def state(self) -> TrainingWorkState:
        """How far it is."""
        state = self._work.state if self._work else TrainingWorkState("Running", "")
        return replace(state, group=os.environ.get(GROUP_VARIABLE, ""))
