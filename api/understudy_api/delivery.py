"""Names of delivered files below a job's destination prefix, so that whoever delivers, lists or deletes them agrees."""

from __future__ import annotations

import re
from typing import Final

INDEX: Final = "index.jsonl"
CONTACT_SHEET: Final = "contact-sheet.html"
LOGS: Final = "logs.jsonl"
"""What directors and performers did about each item."""
ITEM_SUFFIXES: Final = (".mp4", ".srt", ".jpg")
"""Video, captions, poster of an item."""

_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f/\\%?#*:|\"<>^`{}\[\]~]")


def row_name(row: str) -> str:
    """A row key as one segment of an object key: letters of any script stay, what paths or URLs split at is escaped.

    Distinct rows give distinct names: the escape character is escaped itself.
    """
    escaped = _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), row)
    return escaped if escaped.strip(".") else escaped.replace(".", "%2E") or "%"


def item_names(row: str, locale: str, output: str) -> tuple[str, ...]:
    """Names of an item's files, relative to the destination prefix."""
    return tuple(f"{row_name(row)}/{locale}/{output}{suffix}" for suffix in ITEM_SUFFIXES)
