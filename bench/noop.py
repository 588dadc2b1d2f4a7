"""A studio that makes nothing and signs for it: what remains is what the director and signatures cost."""

from __future__ import annotations

import time

from understudy_api.proof import Signature
from understudy_api.receipt import Receipt
from understudy_api.settings import PoolSettings
from understudy_api.token import new_key
from understudy_workers.work import ItemResult, ItemWork, Permit, TakeResult, TakeWork

FRAMES = 25


class NoopStudio:
    """Answers at once: every take is one second long, every item done without a file."""

    def __init__(self, settings: PoolSettings) -> None:
        del settings
        self._signature = Signature(new_key())
        self.thumbprint, self.key = self._signature.performer, self._signature.x

    def stop(self, order_uid: str, until: float) -> None:
        """There is nothing to stop."""

    def perform(self, take: TakeWork, permit: Permit) -> TakeResult:
        """A take nobody made."""
        del permit
        return TakeResult(take.take_id, FRAMES, (False,) * len(take.outputs), 1e-6, {}, time.time())

    def assemble(self, item: ItemWork, permit: Permit) -> ItemResult:
        """An item nobody joined."""
        planned = item.planned
        frames = FRAMES * len(planned.clip_ids)
        receipt = Receipt(
            item=planned.item_id,
            ordinal=planned.ordinal,
            row=planned.row,
            locale=planned.locale,
            output=planned.output.name,
            outcome="done",
            frames=frames,
            metered_seconds=frames / 25,
            takes=len(planned.clip_ids),
        )
        receipt = self._signature.under(receipt, permit.order_uid, permit.order_digest, permit.grant)
        return ItemResult(receipt, (), 1e-6)
