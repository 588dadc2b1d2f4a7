"""The contact sheet of an order: its first items with poster, words and links, beside its outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from understudy_api.order import Order
from understudy_api.receipt import Receipt, Totals
from understudy_workers.direction.units import FPS
from understudy_workers.media.contact_sheet import Entry, contact_sheet
from understudy_workers.work import staged_files

SHEET_NAME: Final = "contact-sheet.html"
SHEET_TYPE: Final = "text/html; charset=utf-8"
SHOWN_ITEMS: Final = 200
"""Posters are part of the sheet: more of them would make it slow to open."""


def sheet(
    order: Order,
    totals: Totals,
    receipts: Sequence[Receipt],
    words: Mapping[int, str],
    poster: Callable[[Receipt], bytes],
) -> str:
    """The sheet as HTML. `receipts` are those to show, `words` what is said in an ordinal, `poster` fetches a JPEG."""
    sizes = {output.name: (output.width, output.height) for output in order.outputs}
    entries = [_entry(receipt, sizes[receipt.output], words, poster) for receipt in receipts]
    return contact_sheet(order.job, entries, _facts(totals), more=max(totals.items - len(entries), 0))


def _entry(
    receipt: Receipt, size: tuple[int, int], words: Mapping[int, str], poster: Callable[[Receipt], bytes]
) -> Entry:
    made = receipt.outcome == "done" and bool(receipt.bytes)
    video, captions, _ = staged_files("", receipt.row, receipt.locale, receipt.output)
    return Entry(
        row=receipt.row,
        locale=receipt.locale,
        output=receipt.output,
        width=size[0],
        height=size[1],
        seconds=receipt.frames / FPS,
        video=video.name if made else "",
        captions=captions.name if made else "",
        poster=poster(receipt) if made else b"",
        text=words.get(receipt.ordinal, ""),
        reason="" if receipt.outcome == "done" else f"{receipt.outcome}: {receipt.message or receipt.reason}",
    )


def _facts(totals: Totals) -> list[str]:
    clips = totals.clips_rendered + totals.clips_reused
    return [f"{totals.clips_reused:,} of {clips:,} clips reused"] if clips else []
