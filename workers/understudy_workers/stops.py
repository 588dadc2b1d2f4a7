"""What a performer was told to stop: asked before every work and between two frames of a take."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from understudy_api.verdict import Refusal
from understudy_workers.work import ORDER_STOPPED, Permit

MAX_ORDERS: Final = 4096
"""Stopped orders that are remembered; works of older ones ended long ago."""


class InterruptedTakeError(Exception):
    """Frames of a take may be made no longer; `refusal` says why. What was drawn of it is thrown away."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Stops:
    """Orders that were stopped, and until when. Told by one thread while another one works.

    An order that was stopped may come again: only works that a director took up until the stop are dropped.
    """

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def stop(self, order_uid: str, until: float) -> None:
        """Nothing more is made for an order as it was taken up until then, in Unix seconds of its directors."""
        with self._lock:
            self._until[order_uid] = max(until, self._until.pop(order_uid, until))
            while len(self._until) > MAX_ORDERS:
                self._until.popitem(last=False)

    def refusal(self, permit: Permit) -> Refusal | None:
        """Why nothing more is made under a permit; None when its order goes on."""
        if permit.taken_up_at > self._until.get(permit.order_uid, float("-inf")):
            return None
        return Refusal(reason=ORDER_STOPPED, message="order: it was stopped; put it again to have it go on")
