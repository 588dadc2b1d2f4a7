"""Low-resolution stills of what was made: from the poster of each item, as long as the farm keeps it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from understudy_cli.owner_report.story import Piece

HEIGHT: Final = 96
"""Pixels: enough to recognise, too few to publish."""
_MAX_BYTES: Final = 4 * 1024**2
_READERS: Final = 16
_QUALITY: Final = 60


class Posters(Protocol):
    """Where posters lie; `understudy_workers.objects.Objects` is one."""

    def get(self, bucket: str, key: str, *, limit_bytes: int) -> bytes:
        """An object's bytes; raises MissingObjectError, StoreError."""


def stills(posters: Posters, bucket: str, pieces: Iterable[Piece]) -> dict[str, bytes]:
    """Small JPEGs by item; items whose poster is gone are left out. Raises StoreError when the store is away."""
    wanted = list(pieces)
    with ThreadPoolExecutor(_READERS) as readers:
        found = readers.map(lambda one: _still(posters, bucket, one), wanted)
        return {one.item: still for one, still in zip(wanted, found, strict=True) if still}


def _still(posters: Posters, bucket: str, piece: Piece) -> bytes:
    from understudy_workers.objects import MissingObjectError
    from understudy_workers.work import ITEM_FILES, staging_prefix

    suffix = next(suffix for suffix, kind in ITEM_FILES if kind == "image/jpeg")
    key = f"{staging_prefix(piece.uid, piece.item)}item{suffix}"
    try:
        return small(posters.get(bucket, key, limit_bytes=_MAX_BYTES))
    except MissingObjectError:
        return b""


def small(poster: bytes) -> bytes:
    """A JPEG at most HEIGHT pixels high; empty when it is no picture."""
    from PIL import Image, UnidentifiedImageError

    out = io.BytesIO()
    try:
        with Image.open(io.BytesIO(poster)) as image:
            image.thumbnail((4 * HEIGHT, HEIGHT))
            image.convert("RGB").save(out, "JPEG", quality=_QUALITY)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return b""
    return out.getvalue()
