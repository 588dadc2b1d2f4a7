"""`index.jsonl`: one line an item in the order's own sequence, with its state, its reason and its files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from understudy_api.receipt import Receipt, Segment
from understudy_workers.work import staged_files

INDEX_NAME: Final = "index.jsonl"
INDEX_TYPE: Final = "application/jsonl"
_FILE_FIELDS: Final = ("video", "captions", "poster")
"""Along `work.ITEM_FILES`."""


def index_line(receipt: Receipt) -> dict[str, Any]:
    """What the index says of an item; file names are relative to the index."""
    line: dict[str, Any] = {
        "row": receipt.row,
        "locale": receipt.locale,
        "output": receipt.output,
        "state": receipt.outcome,
        "item": receipt.item,
    }
    if receipt.outcome != "done":
        return {**line, "reason": receipt.reason, "message": receipt.message, "attempts": receipt.attempts}
    names: dict[str, str] = {}
    if receipt.bytes:
        files = staged_files("", receipt.row, receipt.locale, receipt.output)
        names = {field: file.name for field, file in zip(_FILE_FIELDS, files, strict=True)}
    return {
        **line,
        "seconds": round(receipt.frames / 25, 3),
        "metered_seconds": round(receipt.metered_seconds, 3),
        "carried": receipt.carried,
        "sha256": receipt.sha256,
        "bytes": receipt.bytes,
        **names,
    }


def write_index(segments: Iterable[Segment], total_items: int, path: Path, *, shown: int = 0) -> list[Receipt]:
    """Writes the index of all receipts in the segments to `path`, sorted by ordinal, an item's first receipt only.

    Segments are read once and in the order of the log; 8 bytes of memory an item. Returns the receipts of the first
    `shown` ordinals, sorted.
    """
    first: list[Receipt] = []
    unsorted = path.with_name(f"{path.name}.unsorted")
    offsets: npt.NDArray[np.int64] = np.full(total_items, -1, np.int64)
    try:
        with unsorted.open("w+b") as found:
            for segment in segments:
                for receipt in segment.receipts:
                    if offsets[receipt.ordinal] < 0:
                        offsets[receipt.ordinal] = found.tell()
                        first += [receipt] if receipt.ordinal < shown else []
                        found.write(json.dumps(index_line(receipt), ensure_ascii=False).encode() + b"\n")
            _sort(found, offsets, path)
    finally:
        unsorted.unlink(missing_ok=True)
    return sorted(first, key=lambda receipt: receipt.ordinal)


def _sort(found: BinaryIO, offsets: npt.NDArray[np.int64], path: Path) -> None:
    with path.open("wb") as index:
        for offset in offsets[offsets >= 0]:
            found.seek(int(offset))
            index.write(found.readline())
