"""One training from capture to result, in a process of its own: fetch, train, upload the bundle, write the result."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import Final, Literal

from understudy_api.order import TrainingOrder
from understudy_api.settings import PoolSettings

MAX_CAPTURE_BYTES: Final = 4 * 1024**3
_OUTAGE_PAUSE_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


Report = Callable[[str], None]


@dataclass(frozen=True)
class TrainingWorkState:
    """How far a training is; `message` says what it is doing or why it failed."""

    state: Literal["Running", "Finished", "Failed"]
    message: str


class TrainingWork:
    """A training that runs in a thread of its own from the moment it is made."""

    def __init__(self, settings: PoolSettings, order: TrainingOrder) -> None:
        self._settings = settings
        self._order = order
        self._state = TrainingWorkState("Running", "starting")
        Thread(target=self._run, name="training", daemon=True).start()

    @property
    def state(self) -> TrainingWorkState:
        """How far it is."""
        return self._state

    def _report(self, message: str) -> None:
        self._state = TrainingWorkState("Running", message[:120])

    def _run(self) -> None:
        try:
            message = train(self._settings, self._order, self._report)
            self._state = TrainingWorkState("Finished", message)
        except Exception as error:
            log.exception("training %s failed", self._order.uid)
            lines = str(error).strip().splitlines()
            self._state = TrainingWorkState("Failed", (lines[-1] if lines else type(error).__name__)[:300])


def train(settings: PoolSettings, order: TrainingOrder, report: Report) -> str:
    """Trains a twin and writes its result; returns one line about it. A result that is there already stays."""
    raise NotImplementedError
