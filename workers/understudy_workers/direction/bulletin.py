"""What the director has stopped, for performers that ask for what they have not heard yet."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from typing import Final

from understudy_workers.stops import MAX_ORDERS

MAX_STOPS: Final = MAX_ORDERS
"""Stops that are kept for performers that are late; a performer remembers as many orders."""

Stop = tuple[str, float]
"""Uid of an order, and the time in Unix seconds up to which its works are stopped as they were taken up."""


class Bulletin:
    """Stops in the order they were posted. A director has one; the next director's is another edition. One event loop only."""

    def __init__(self) -> None:
        self._edition = uuid.uuid4().hex
        self._posted = 0
        self._latest: deque[Stop] = deque(maxlen=MAX_STOPS)
        self._news = asyncio.Event()

    def post(self, order_uid: str, until: float) -> None:
        """Nothing more is to be made of an order as it was taken up until then (Unix seconds)."""
        self._latest.append((order_uid, until))
        self._posted += 1
        self._news.set()
        self._news = asyncio.Event()

    async def after(self, edition: str, number: int) -> tuple[str, int, tuple[Stop, ...]]:
        """Waits for stops beyond the first `number` of an edition: this edition, how many there are, those not heard yet.

        Who read another edition, or none, is told at once what this one holds.
        """
        if edition == self._edition:
            while number >= self._posted:
                await self._news.wait()
        else:
            number = 0
        unheard = min(self._posted - number, len(self._latest))
        return self._edition, self._posted, tuple(self._latest)[len(self._latest) - unheard :]
