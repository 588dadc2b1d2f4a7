"""From a take to its clips, from clips to a finished item: rights first, then the stages in order, nothing of Ray.

Everything made here is named by what it is made of, so doing a thing twice is harmless; being killed between any
two steps leaves whole objects and a scratch folder, nothing half-written.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from joserfc.jwk import OKPKey

from understudy_api.proof import Signature
from understudy_api.settings import PoolSettings
from understudy_api.token import load_key, new_key
from understudy_workers.consented import Consented
from understudy_workers.custody import Custody, end_process
from understudy_workers.filming import Filming
from understudy_workers.finishing import FaultyItemError, Finishing
from understudy_workers.gate import Gatekeeper
from understudy_workers.localfiles import LocalFiles
from understudy_workers.objects import Objects
from understudy_workers.stages.sign import Sealer
from understudy_workers.stages.store import ClipCache
from understudy_workers.stops import Stops
from understudy_workers.twins import Twins
from understudy_workers.vault import VaultClient
from understudy_workers.work import ItemResult, ItemWork, Permit, TakeResult, TakeWork

__all__ = ["FaultyItemError", "Studio"]

LOCAL_BYTES: Final = 2 * 1024**3


class Studio:
    """Everything one performer keeps warm. Not for several threads at once, but for `stop`.

    `clock` tells Unix seconds, `leave` ends this process when a twin it holds is erased. `thumbprint` names the key that this
    studio made for itself and keeps in memory alone: grants name it, and it signs receipts; `key` is its public half. Scratch files and local copies lie below the settings' `work_dir`, which the
    performers of a machine share.
    """

    def __init__(
        self,
        settings: PoolSettings,
        *,
        clock: Callable[[], float] = time.time,
        leave: Callable[[], None] = end_process,
        identity: OKPKey | None = None,
    ) -> None:
        buckets, folder = settings.buckets, settings.work_dir
        identity = identity or new_key()
        self._signature = Signature(identity)
        self.thumbprint, self.key = self._signature.performer, self._signature.x
        self._objects = Objects(settings.s3)
        self._custody = Custody(VaultClient(settings.vault, identity, clock), leave=leave)
        gatekeeper = Gatekeeper(load_key(settings.farm_public_key_file.read_text()), clock, self.thumbprint)
        cache = ClipCache(self._objects, buckets.staging, LocalFiles(folder / "copies", LOCAL_BYTES))
        bundle_key = load_key(settings.bundle_public_key_file.read_text())
        twins = Twins(self._objects, buckets.twins, bundle_key, folder / "twins")
        self._stops = Stops()
        consented = Consented(self._objects, buckets.staging)
        self._filming = Filming(gatekeeper, self._stops, consented, self._custody, twins, cache)
        sealer = Sealer(settings.c2pa, settings.farm)
        self._finishing = Finishing(
            gatekeeper, self._stops, self._custody, self._objects, buckets.staging, cache, sealer, folder / "scratch"
        )

    def close(self) -> None:
        """Waits for uploads, lets keys and connections go."""
        self._filming.close()
        self._custody.close()
        self._objects.close()

    def stop(self, order_uid: str, until: float) -> None:
        """Makes nothing more of an order as it was taken up until then (Unix seconds), not the next frame. From any thread."""
        self._stops.stop(order_uid, until)

    def perform(self, take: TakeWork, permit: Permit) -> TakeResult:
        """Makes the clips of a take that are not kept yet; all of them are kept when it returns without a refusal.

        A refused permit makes no frame. Raises BundleError, UnspeakableError, StoreError (OutageError: S3 is away).
        """
        return self._filming.perform(take, permit)

    def assemble(self, item: ItemWork, permit: Permit) -> ItemResult:
        """Makes one item of clips that are kept, checks and signs it, stores its files for delivery.

        An item whose video is stored already is not made again and gets the same receipt. What was made is signed for.
        Raises FaultyItemError for a file that fails its check, StoreError (OutageError: S3 is away).
        """
        result = self._finishing.assemble(item, permit)
        if result.receipt is None or result.receipt.outcome != "done":
            return result
        receipt = self._signature.under(result.receipt, permit.order_uid, permit.order_digest, permit.grant)
        return replace(result, receipt=receipt)
