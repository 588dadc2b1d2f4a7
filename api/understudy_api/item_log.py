"""What is kept of items when their workers are gone: lines of JSON in the receipts bucket, a few objects an order.

Objects `logs/{uid}/{milliseconds}-{order digest}-{director}-{bytes}.jsonl`: since when, of which content of the job, by whom, and
how many bytes of that content's lines there are with these. A hint for people: nothing is billed or decided by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

FOLDER: Final = "logs/"
MAX_ITEM_BYTES: Final = 16 * 1024
"""Of lines about one item, or about one take."""
MAX_ORDER_BYTES: Final = 8 * 1024**2
"""Of lines of one content of a job. Those about what goes well get half of it: what goes wrong still finds room."""
KEEP_DAYS: Final = 30
CUT: Final = "log cut"
"""The event that says that there is no more room."""

_NAME: Final = re.compile(r"/(\d{13})-([0-9a-f]{16})-([0-9A-Za-z]{1,8})-(\d{1,9})\.jsonl$")


@dataclass(frozen=True)
class Part:
    """What the name of a part of a log says; `at` in Unix seconds."""

    at: float
    order: str
    bytes_so_far: int


def log_prefix(uid: str) -> str:
    """Where the parts of an order's log lie, in the order of their times."""
    return f"{FOLDER}{uid}/"


def part_key(uid: str, at: float, order_digest: str, director: str, bytes_so_far: int) -> str:
    """The key of a part that begins at a time (Unix seconds)."""
    return f"{log_prefix(uid)}{int(at * 1000):013d}-{order_digest[:16]}-{director[:8]}-{bytes_so_far}.jsonl"


def read_part(key: str) -> Part | None:
    """What a key says; None when it is not a part of a log."""
    match = _NAME.search(key)
    return Part(int(match[1]) / 1000, match[2], int(match[4])) if match else None
