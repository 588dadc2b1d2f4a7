"""The performer and the trainer: Ray actors that keep a process warm and do what the director asks."""

from __future__ import annotations

import os
import pickle
from typing import Final

import ray

from understudy_api.order import TrainingOrder
from understudy_api.settings import PoolSettings
from understudy_workers.direction.batch import Batch
from understudy_workers.direction.logs import write_json_logs
from understudy_workers.direction.performing import open_studio, perform
from understudy_workers.direction.training_work import TrainingWork, TrainingWorkState

ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
"""Environment of every performer: one thread each, as many performers as cores."""


@ray.remote(max_restarts=-1, max_task_retries=0, concurrency_groups={"stops": 1})
class Performer:
    """One process that performs. Its studio keeps twins, composers and connections between batches.

    It does one thing at a time, and hears beside it what to stop.
    """

    def __init__(self, studio: str) -> None:
        write_json_logs()
        self._studio = open_studio(studio, PoolSettings.from_environment())

    def ping(self) -> str:
        """Thumbprint of the key it made for itself, once it is ready: what grants name it by."""
        return self._studio.thumbprint

    def work(self, data: bytes) -> bytes:
        """Does a pickled Batch, answers with a pickled Answer: a third cheaper than letting Ray pickle them."""
        batch: Batch = pickle.loads(data)  # noqa: S301 - from the director, inside the pool's own trust domain
        return pickle.dumps(perform(self._studio, batch))

    @ray.method(concurrency_group="stops")
    def stop(self, order_uid: str, until: float) -> None:
        """Makes nothing more of an order as it was taken up until then, Unix seconds."""
        self._studio.stop(order_uid, until)


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
        return self._work.state if self._work else TrainingWorkState("Running", "")
