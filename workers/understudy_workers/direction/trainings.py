"""Trainings a director looks after: handed in, queued, watched, and their results read back after any crash."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from understudy_api.genesis import read_genesis
from understudy_api.order import TrainingOrder, TrainingProgress
from understudy_api.receipt import TrainingResult, training_key
from understudy_api.settings import BucketNames
from understudy_api.verdict import Refusal, Verdict
from understudy_workers.direction.stints import Stint, client_of_training
from understudy_workers.direction.training_work import TrainingWorkState
from understudy_workers.direction.workshop import Workshop
from understudy_workers.objects import MissingObjectError

POLL_SECONDS: Final = 0.5
MAX_STARTS: Final = 2
"""A trainer that dies is started once more; then the training has failed."""

State = Literal["Queued", "Running", "Finished", "Failed"]


class Trainers(Protocol):
    """Processes that train, by the digest of what they train."""

    async def begin(self, order: TrainingOrder) -> None:
        """Starts a training, or finds the one that is running already."""

    async def renew(self, order: TrainingOrder) -> None:
        """Hands the running one the order with its newer grant; nothing when its process is gone."""

    async def state(self, digest: str) -> TrainingWorkState | None:
        """How far it is; None when its process is gone."""

    async def end(self, digest: str) -> None:
        """Ends its process, if there is one."""


@dataclass(eq=False)
class _Training:
    """One training order and what is known of it."""

    order: TrainingOrder
    state: State = "Queued"
    message: str = ""
    trainer: str | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    def progress(self) -> TrainingProgress:
        return TrainingProgress(
            uid=self.order.uid,
            digest=self.order.digest,
            state=self.state,
            message=self.message[:500],
            trainer=self.trainer,
        )


class TrainingDesk:
    """All trainings of a director by uid, at most `at_once` of them running. One event loop only.

    `worked` is told what trainers were busy with, as time passes.
    """

    def __init__(
        self,
        workshop: Workshop,
        trainers: Trainers,
        at_once: int = 1,
        worked: Callable[[Stint], None] = lambda _: None,
    ) -> None:
        self._workshop = workshop
        self._trainers = trainers
        self._worked = worked
        self._slots = asyncio.Semaphore(at_once)
        self._trainings: dict[str, _Training] = {}
        self._counted: dict[str, float] = {}

    @property
    def under_way(self) -> int:
        """Trainings that wait or run."""
        return sum(one.progress().state in {"Queued", "Running"} for one in self._trainings.values())

    async def put(self, order: TrainingOrder) -> TrainingProgress | Verdict:
        """Takes a training in, or says why not. The same one again renews its grant; another one replaces it."""
        refusal = training_refusal(order, self._workshop.settings.buckets)
        if refusal is not None:
            return Verdict(refusals=(refusal,))
        held = self._trainings.get(order.uid)
        if held is not None and held.order.digest == order.digest and held.state != "Failed":
            held.order = order
            if held.trainer is not None:
                await self._trainers.renew(order)
            return held.progress()
        if held is not None:
            await self.delete(order.uid)
        training = _Training(order)
        self._trainings[order.uid] = training
        training.task = asyncio.get_running_loop().create_task(self._live(training))
        return training.progress()

    def get(self, uid: str) -> TrainingProgress | None:
        """How far a training is; None when it is not held."""
        training = self._trainings.get(uid)
        return training.progress() if training else None

    async def delete(self, uid: str) -> None:
        """Ends a training and forgets it; its process is gone when this returns."""
        training = self._trainings.pop(uid, None)
        if training is None or training.task is None:
            return
        training.task.cancel()
        await asyncio.gather(training.task, return_exceptions=True)
        shared = any(other.order.digest == training.order.digest for other in self._trainings.values())
        if not shared:
            self._counted.pop(training.order.digest, None)
            await self._trainers.end(training.order.digest)

    async def retire(self) -> None:
        """Looks after nothing any more; trainers go on, and the next director finds them."""
        tasks = [training.task for training in self._trainings.values() if training.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _live(self, training: _Training) -> None:
        def report(trouble: str) -> None:
            training.message = trouble or training.message

        try:
            async with self._slots:
                for start in range(MAX_STARTS):
                    if await self._workshop.insist(lambda: self._result(training.order), report):
                        break
                    if start:
                        training.message = "its process died; begun again"
                    training.state = "Running"
                    if await self._watch(training):
                        return
                else:
                    training.state, training.message = "Failed", f"its process died {MAX_STARTS} times"
                    return
            training.state, training.message = "Finished", ""
        except asyncio.CancelledError:
            raise
        except Exception as error:
            training.state, training.message = "Failed", f"the director stumbled: {error!r}"

    async def _watch(self, training: _Training) -> bool:
        """Follows a trainer to its end; False when it died on the way."""
        await self._trainers.begin(training.order)
        watched_at, group = time.monotonic(), ""
        while True:
            state = await self._trainers.state(training.order.digest)
            group = state.group if state else group
            watched_at = self._count(training, group, watched_at)
            if state is None:
                training.trainer = None
                return False
            training.message, training.trainer = state.message, state.trainer
            if state.state != "Running":
                training.state = state.state
                await self._trainers.end(training.order.digest)
                return True
            await asyncio.sleep(POLL_SECONDS)

    def _count(self, training: _Training, group: str, since: float) -> float:
        """Counts a trainer's time since anybody looked at it last: trainings that share one share its time."""
        now, digest = time.monotonic(), training.order.digest
        busy = now - max(since, self._counted.get(digest, since))
        self._worked(Stint(client_of_training(training.order), group, self._workshop.clock(), busy))
        self._counted[digest] = now
        return now

    def _result(self, order: TrainingOrder) -> TrainingResult | None:
        """The result that is there already, perhaps of a director before this one."""
        try:
            data = self._workshop.objects.get(self._workshop.settings.buckets.receipts, training_key(order.digest))
        except MissingObjectError:
            return None
        return TrainingResult.model_validate_json(data)


def training_refusal(order: TrainingOrder, buckets: BucketNames) -> Refusal | None:
    """Why a twin may not be trained from this; None when it may.

    The genesis record has to found the very twin, and the capture has to lie below the owner's prefix of the outputs bucket.
    """
    genesis = read_genesis(order.genesis)
    if isinstance(genesis, Refusal):
        return genesis
    if genesis.twin_id != order.twin_id:
        return Refusal(reason="TwinMismatch", message="training: the twin's id is not the digest of its genesis record")
    inside = order.capture_bucket == buckets.outputs and order.capture_key.startswith(f"{order.namespace}/")
    if not inside or ".." in order.capture_key.split("/"):
        return Refusal(
            reason="CaptureRefused",
            message=f"capture: s3://{order.capture_bucket}/{order.capture_key} is outside s3://{buckets.outputs}/"
            f"{order.namespace}/; put it there",
        )
    return None
