"""What a performer does with a batch: one work after the other, and nothing a work raises takes the others along."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Protocol

import structlog

from understudy_api.receipt import MAX_MESSAGE, MAX_REASON
from understudy_api.settings import PoolSettings
from understudy_workers import marks
from understudy_workers.direction.batch import Answer, Batch, Failure, Outcome, Witness
from understudy_workers.objects import OutageError
from understudy_workers.work import ItemResult, ItemWork, Permit, TakeResult, TakeWork

log = structlog.get_logger("performer")


class Studio(Protocol):
    """What works are done with; `understudy_workers.pipeline.Studio` is the real one."""

    thumbprint: str
    """Names the key it made for itself, by which it signs receipts."""
    key: str
    """The public half of that key: `x` of its JWK."""

    def stop(self, order_uid: str, until: float) -> None:
        """Makes nothing more of an order as it was taken up until then (Unix seconds). Called from another thread."""

    def perform(self, take: TakeWork, permit: Permit) -> TakeResult:
        """Makes the clips of a take."""

    def assemble(self, item: ItemWork, permit: Permit) -> ItemResult:
        """Makes an item of its clips; a receipt that says done is signed."""


def open_studio(name: str, settings: PoolSettings) -> Studio:
    """The studio `module:Class` names, made for a pool."""
    module, _, attribute = name.partition(":")
    studio: Studio = getattr(import_module(module), attribute)(settings)
    return studio


def perform(studio: Studio, batch: Batch, group: str = "") -> Answer:
    """Does the works of a batch in order, on a node of this group. Never raises for what a work raises."""
    began = time.perf_counter()
    outcomes = tuple(_do(studio, work, batch.permit) for work in batch.works)
    witness = Witness(studio.key, batch.permit.grant)
    return Answer(outcomes, time.perf_counter() - began, studio.thumbprint, witness, group)


def _do(studio: Studio, work: TakeWork | ItemWork, permit: Permit) -> Outcome:
    try:
        return studio.perform(work, permit) if isinstance(work, TakeWork) else studio.assemble(work, permit)
    except OutageError as error:
        return Failure(_last_line(error), "StoreOutage", outage=True)
    except Exception as error:
        log.exception("work failed", **marks.of_work(permit, work))
        return Failure(_last_line(error), str(getattr(error, "reason", "") or type(error).__name__)[:MAX_REASON])


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[-1].strip() if lines else type(error).__name__)[:MAX_MESSAGE]
