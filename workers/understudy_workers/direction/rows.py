"""The frozen rows of an order: fetched once, checked against their digest, read from disk as lazily as they are planned."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from understudy_api.order import Content
from understudy_workers.expand import PlanError, read_rows
from understudy_workers.objects import Objects

MAX_ROWS_BYTES: Final = 2 * 1024**3


def fetch_rows(objects: Objects, bucket: str, content: Content, folder: Path) -> Path:
    """A local copy of the order's rows below `folder`, kept for the next run of the order.

    Raises PlanError when the object is not the rows that were admitted, StoreError when it cannot be read.
    """
    path = folder / f"{content.rows_digest}.jsonl"
    if path.exists() and _digest(path) == content.rows_digest:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    objects.get_file(bucket, content.rows_s3_key, path, limit_bytes=MAX_ROWS_BYTES)
    found = _digest(path)
    if found != content.rows_digest:
        path.unlink(missing_ok=True)
        raise PlanError(
            f"rows: wanted the admitted ones ({content.rows_digest[:12]}), got others ({found[:12]}); apply the job again"
        )
    return path


def stored_rows(path: Path, content: Content) -> Iterator[dict[str, Any]]:
    """The rows of a local copy, one after the other. PlanError when they are not as many as were admitted."""
    count = 0
    with path.open("rb") as stream:
        for row in read_rows(stream):
            count += 1
            if count > content.rows_count:
                break
            yield row
    if count != content.rows_count:
        raise PlanError(
            f"rows: wanted {content.rows_count} as admitted, got {'more' if count > content.rows_count else count}"
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
