"""The receipt log of one order: what counts, read back after any crash, shared safely by any number of writers.

Segments are created by conditional put. Whoever loses the race for a sequence reads the winner, drops the items it
already holds and tries the next sequence, so every item counts exactly once whoever rendered it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import Final

from understudy_api.order import Order
from understudy_api.receipt import (
    MAX_SEGMENT_ITEMS,
    UNSIGNED,
    Finished,
    Receipt,
    Segment,
    Totals,
    finished_key,
    segment_key,
)
from understudy_workers.direction.batch import Witness
from understudy_workers.direction.charges import Charges
from understudy_workers.direction.ordinals import ItemPlaces, Ordinals
from understudy_workers.direction.totals import Spent, totals_after, with_groups
from understudy_workers.objects import MissingObjectError, Objects, StoreError

_SEGMENT: Final = re.compile(r"/(\d{8})\.json$")
_READERS: Final = 8
_CACHED_SEGMENTS: Final = 8


@dataclass(frozen=True)
class Appended:
    """The segment that was written, None when others had written all of it; and segments met on the way."""

    written: Segment | None
    met: tuple[Segment, ...]


class ReceiptLog:
    """One writer's view of the log of an order. Blocking; `load` and `append` one at a time, reading at any time.

    Raises StoreError when the object store stays away: nothing is lost, call again with the same receipts.
    """

    def __init__(self, objects: Objects, bucket: str, order: Order, director: str) -> None:
        self._objects = objects
        self._bucket = bucket
        self._order = order
        self._digest = order.digest
        self._director = director
        self._segments: OrderedDict[int, Segment] = OrderedDict()
        self._remembering = Lock()
        self._forget()

    @property
    def order_uid(self) -> str:
        """The order whose log it is."""
        return self._order.uid

    def _forget(self) -> None:
        self.next_sequence = 0
        self.newest: Segment | None = None
        self.totals = Totals()
        self.billed_seconds = 0.0
        self.billed_items = 0
        self.billed_worker_seconds = 0.0
        self.billed_worker_seconds_by_group: Mapping[str, float] = {}
        self.charges = Charges()
        self.accounted = Ordinals(self._order.total_items)
        self.earlier = ItemPlaces()
        self.own_sequences: list[int] = []
        """Sequences of the segments of this very order content, whoever wrote them."""

    def load(self) -> None:
        """Reads the whole log: what is accounted for, totals, and items that earlier contents of the job made."""
        self._forget()
        for segment in self._read(range(self._count())):
            self._take_in(segment)

    def _count(self) -> int:
        """Number of segments: their sequences have no gap, so the last key tells."""
        found = [_SEGMENT.search(key) for key in self._objects.keys(self._bucket, f"{self._order.uid}/0")]
        return max((int(match[1]) + 1 for match in found if match), default=0)

    def _read(self, sequences: Iterable[int]) -> Iterator[Segment]:
        """Segments in order, read several at a time, few in memory at once."""
        remaining = iter(sequences)
        with ThreadPoolExecutor(_READERS, "receipts") as readers:
            while chunk := list(islice(remaining, 4 * _READERS)):
                yield from readers.map(self._fetch, chunk)

    def _fetch(self, sequence: int) -> Segment:
        return Segment.model_validate_json(self._objects.get(self._bucket, segment_key(self._order.uid, sequence)))

    def segment(self, sequence: int) -> Segment:
        """One segment; the latest ones are remembered."""
        with self._remembering:
            known = self._segments.get(sequence)
        if known is None:
            known = self._fetch(sequence)
            self._remember(known)
        return known

    def own_segments(self) -> Iterator[Segment]:
        """All segments of this order's content, oldest first."""
        return self._read(list(self.own_sequences))

    def carried(self, item_id: str) -> Receipt | None:
        """The receipt of an item that an earlier content of the job made already, None when there is none."""
        for sequence in self.earlier.find(item_id):
            for receipt in self.segment(sequence).receipts:
                if receipt.item == item_id and receipt.outcome == "done":
                    return receipt
        return None

    def append(
        self,
        receipts: tuple[Receipt, ...],
        spent: Spent,
        now: float,
        witnesses: Iterable[Witness] = (),
        *,
        even_empty: bool = False,
    ) -> Appended:
        """Writes receipts of items that have none yet as the next segment; `now` in Unix seconds.

        `witnesses` are what the receipts are verified by. With nothing to tell no segment is written, unless `even_empty`:
        then one that repeats the totals. Raises ValueError for more than MAX_SEGMENT_ITEMS receipts.
        """
        if len(receipts) > MAX_SEGMENT_ITEMS:
            raise ValueError(f"a segment holds at most {MAX_SEGMENT_ITEMS} receipts, got {len(receipts)}")
        met: list[Segment] = []
        while True:
            fresh = tuple(self._as_new(receipt) for receipt in receipts if receipt.ordinal not in self.accounted)
            if not fresh and not even_empty and (receipts or spent == Spent()):
                return Appended(None, tuple(met))
            segment = self._next_segment(fresh, spent, now, tuple(witnesses))
            key = segment_key(self._order.uid, segment.sequence)
            if self._objects.create(self._bucket, key, segment.model_dump_json().encode(), "application/json"):
                self._take_in(segment)
                return Appended(segment, tuple(met))
            winner = self._fetch(segment.sequence)
            self._take_in(winner)
            if winner.director == self._director:
                return Appended(winner, tuple(met))
            met.append(winner)

    def _as_new(self, receipt: Receipt) -> Receipt:
        """The receipt, unmetered when another content of the job has been billed for the very item meanwhile."""
        if receipt.outcome != "done" or receipt.carried or not len(self.earlier) or not self.carried(receipt.item):
            return receipt
        return receipt.model_copy(update={"carried": True, "metered_seconds": 0.0, **UNSIGNED})

    def _next_segment(
        self, receipts: tuple[Receipt, ...], spent: Spent, now: float, witnesses: tuple[Witness, ...]
    ) -> Segment:
        totals = totals_after(self.totals, receipts, spent)
        return Segment(
            uid=self._order.uid,
            sequence=self.next_sequence,
            director=self._director,
            order=self._digest,
            generation=self._order.generation,
            written_at=now,
            receipts=receipts,
            keys=tuple(dict.fromkeys(witness.key for witness in witnesses)),
            grants=tuple(dict.fromkeys(witness.grant for witness in witnesses)),
            totals=totals,
            billed_seconds=self.billed_seconds + totals.metered_seconds - self.totals.metered_seconds,
            billed_items=self.billed_items + sum(receipt.charged for receipt in receipts),
            billed_worker_seconds=self.billed_worker_seconds + spent.worker_seconds,
            billed_worker_seconds_by_group=with_groups(
                self.billed_worker_seconds_by_group, spent.worker_seconds_by_group
            ),
            charge=spent.entry.after(self.charges.last) if spent.entry else None,
        )

    def _take_in(self, segment: Segment) -> None:
        self.charges.take_in(segment)
        self.newest = segment
        self.next_sequence = segment.sequence + 1
        self.billed_seconds = segment.billed_seconds
        self.billed_items = segment.billed_items
        self.billed_worker_seconds = segment.billed_worker_seconds
        self.billed_worker_seconds_by_group = segment.billed_worker_seconds_by_group
        self._remember(segment)
        if segment.order == self._digest:
            self.totals = segment.totals
            self.own_sequences.append(segment.sequence)
            for receipt in segment.receipts:
                self.accounted.add(receipt.ordinal)
            return
        for receipt in segment.receipts:
            if receipt.outcome == "done":
                self.earlier.add(receipt.item, segment.sequence)

    def _remember(self, segment: Segment) -> None:
        with self._remembering:
            self._segments[segment.sequence] = segment
            self._segments.move_to_end(segment.sequence)
            if len(self._segments) > _CACHED_SEGMENTS:
                self._segments.popitem(last=False)

    @property
    def interrupted(self) -> bool:
        """True when another content of the job was worked on after this one, so its files may have been overwritten."""
        own = self.own_sequences
        return bool(own) and self.next_sequence - own[0] != len(own)

    def finished(self) -> Finished | None:
        """The order's last word, None while there is none."""
        try:
            data = self._objects.get(self._bucket, finished_key(self._order.uid, self._digest))
        except MissingObjectError:
            return None
        return Finished.model_validate_json(data)

    def finish(self, finished: Finished) -> None:
        """Writes the order's last word; one of an earlier generation or about a stopped order gives way."""
        key = finished_key(self._order.uid, self._digest)
        data = finished.model_dump_json().encode()
        if self._objects.create(self._bucket, key, data, "application/json"):
            return
        there = self.finished()
        if there is None:
            raise StoreError(
                f"s3://{self._bucket}/{key}: is taken and missing at once; the order will be finished later"
            )
        if there.generation < finished.generation or there.state == "Stopped":
            self._objects.put(self._bucket, key, data, "application/json")
