"""How logs name an item and a take: by marks that whoever knows the item can work out.

Nobody reads a row key in a log. It is no secret from one who can read logs and guess keys: the order's uid stands beside.
"""

from __future__ import annotations

from typing import Final

from understudy_api.digest import digest_bytes

MARK_LENGTH: Final = 12


def item_mark(order_uid: str, row: str, locale: str, output: str) -> str:
    """The mark of a job's item: 12 hex digits. Row keys may be customers' numbers, which logs have no business with."""
    return digest_bytes("\0".join((order_uid, row, locale, output)).encode())[:MARK_LENGTH]


def take_mark(take_id: str) -> str:
    """The mark of a take: the first 12 hex digits of its id."""
    return take_id[:MARK_LENGTH]
