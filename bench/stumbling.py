"""The real studio with performers that fail when a sentence names the wrong person: what a dashboard of losses has to show."""

from __future__ import annotations

import os
from typing import Final

from understudy_api.settings import PoolSettings
from understudy_workers import pipeline
from understudy_workers.work import Permit, TakeResult, TakeWork

TRIPS: Final = "Tripp"
"""Whoever is called so is never filmed: the take raises, at every attempt."""
STUTTERS: Final = "Stutt"
"""Raises the first time."""
FAINTS: Final = "Faynt"
"""Ends the performer's process the first time."""


class Studio(pipeline.Studio):
    """Films everybody else as the real one does."""

    def __init__(self, settings: PoolSettings) -> None:
        super().__init__(settings)
        self._folder = settings.work_dir

    def perform(self, take: TakeWork, permit: Permit) -> TakeResult:
        """Raises ValueError where it stumbles."""
        if TRIPS in take.words or (STUTTERS in take.words and self._first(take)):
            raise ValueError("the performer stumbled")
        if FAINTS in take.words and self._first(take):
            os._exit(1)
        return super().perform(take, permit)

    def _first(self, take: TakeWork) -> bool:
        try:
            (self._folder / f"stumbled-{take.take_id}").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True
