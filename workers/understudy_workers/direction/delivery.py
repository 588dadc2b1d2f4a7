"""Delivery: finished files go from staging to their destination once they have a receipt, and again if need be.

Repeating a delivery is harmless. How far it got is written beside the log, never inside it: it is not a truth anybody
bills by.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from understudy_api.digest import digest
from understudy_api.order import Delivery, Order
from understudy_api.receipt import Receipt
from understudy_api.settings import BucketNames, PoolSettings, S3Settings
from understudy_api.verdict import Refusal
from understudy_workers.objects import MissingObjectError, Objects
from understudy_workers.work import StagedFile, staged_files, staging_prefix

MAX_ITEM_BYTES: Final = 1024**3
MAX_POSTER_BYTES: Final = 4 * 1024**2
_CURSORS: Final = "deliveries"


def destination_refusal(order: Order, buckets: BucketNames) -> Refusal | None:
    """Why an order may not deliver where it says; None when it may.

    With the farm's own account only the outputs bucket below the brand's prefix is in reach; with the brand's own credentials
    anything but the farm's other buckets.
    """
    delivery = order.delivery
    if delivery.bucket in buckets.private:
        message = f"destination: s3://{delivery.bucket}/ belongs to the farm; deliver to {buckets.outputs} or to a bucket of yours"
        return Refusal(reason="DestinationRefused", message=message)
    below = order.preview is not None and "/previews/" in delivery.prefix  # sealed, and beside the owner's lists
    inside = delivery.bucket == buckets.outputs and (below or delivery.prefix.startswith(f"{order.namespace}/"))
    if delivery.credentials is None and not inside:
        return Refusal(
            reason="DestinationRefused",
            message=f"destination: s3://{delivery.bucket}/{delivery.prefix} is outside s3://{buckets.outputs}/"
            f"{order.namespace}/; deliver there or name credentials for the other place",
        )
    if ".." in delivery.prefix.split("/") or (delivery.prefix and not delivery.prefix.endswith("/")):
        message = f"destination: {delivery.prefix!r}: wanted a prefix that ends in / without .. in it"
        return Refusal(reason="DestinationRefused", message=message)
    return None


class Courier:
    """Carries the files of one order. Blocking; safe to use from several threads. Raises StoreError."""

    def __init__(self, objects: Objects, settings: PoolSettings, order: Order) -> None:
        self._farm = objects
        self._buckets = settings.buckets
        self._order = order
        self._delivery = order.delivery
        external = order.delivery.credentials
        self._outside = Objects(_account(settings.s3, order.delivery)) if external else None
        self.where = (external.endpoint if external else "", order.delivery.bucket, order.delivery.prefix)
        """Service, bucket and prefix: whether two couriers bring things to the same place."""
        self._cursor_key = f"{_CURSORS}/{order.uid}/{digest([order.digest, *self.where])}.json"

    def close(self) -> None:
        """Ends connections to a destination outside the farm."""
        if self._outside is not None:
            self._outside.close()

    def deliver(self, receipt: Receipt, *, verify: bool) -> bool:
        """Brings an item's files to their destination; with `verify` only those that are not there already.

        False when a file is neither staged any more nor at its destination. Items without a file have nothing to deliver.
        """
        if receipt.outcome != "done" or not receipt.bytes:
            return True
        prefix = staging_prefix(self._order.uid, receipt.item)
        files = staged_files(prefix, receipt.row, receipt.locale, receipt.output)
        brought = [self._bring(file, verify=verify or receipt.carried) for file in files]
        return all(brought)

    def _bring(self, file: StagedFile, *, verify: bool) -> bool:
        key = self._delivery.prefix + file.name
        if verify:
            there = (self._outside or self._farm).head(self._delivery.bucket, key)
            staged = self._farm.head(self._buckets.staging, file.key)
            if staged is None or staged == there:
                return there is not None
        try:
            if self._outside is None:
                self._farm.copy(self._buckets.staging, file.key, self._delivery.bucket, key)
            else:
                data = self._farm.get(self._buckets.staging, file.key, limit_bytes=MAX_ITEM_BYTES)
                self._outside.put(self._delivery.bucket, key, data, file.content_type)
        except MissingObjectError:
            return False
        return True

    def poster(self, receipt: Receipt) -> bytes:
        """The JPEG of a finished item, empty when there is none."""
        prefix = staging_prefix(self._order.uid, receipt.item)
        files = staged_files(prefix, receipt.row, receipt.locale, receipt.output)
        key = next(file.key for file in files if file.content_type == "image/jpeg")
        try:
            return self._farm.get(self._buckets.staging, key, limit_bytes=MAX_POSTER_BYTES)
        except MissingObjectError:
            return b""

    def publish(self, name: str, path: Path, content_type: str) -> str:
        """Writes a file of the whole order (index, contact sheet) below the destination's prefix; returns its key."""
        key = self._delivery.prefix + name
        (self._outside or self._farm).put_file(self._delivery.bucket, key, path, content_type)
        return key

    def cursor(self) -> int:
        """Sequence of the last segment up to which everything is delivered, -1 at the beginning."""
        try:
            data = json.loads(self._farm.get(self._buckets.receipts, self._cursor_key))
        except MissingObjectError:
            return -1
        return int(data["sequence"])

    def keep_cursor(self, sequence: int) -> None:
        """Everything up to this segment is delivered."""
        data = json.dumps({"sequence": sequence}).encode()
        self._farm.put(self._buckets.receipts, self._cursor_key, data, "application/json")


def _account(farm: S3Settings, delivery: Delivery) -> S3Settings:
    """The account that writes to a destination outside the farm's reach; the farm's own store keeps its authority."""
    credentials = delivery.credentials
    assert credentials is not None
    parts = urlsplit(credentials.endpoint)
    return S3Settings(
        endpoint=parts.netloc,
        access_key=credentials.access_key,
        secret_key=SecretStr(credentials.secret_key),
        ca_file=farm.ca_file if parts.netloc == farm.endpoint else None,
        secure=parts.scheme != "http",
        region=farm.region,
    )
