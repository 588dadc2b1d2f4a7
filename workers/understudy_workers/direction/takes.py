"""Takes of one order: which clips exist, which are being made, which items wait for them, which will never be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from understudy_api.receipt import MAX_MESSAGE, MAX_REASON, Receipt
from understudy_workers.direction.ready import KnownClips
from understudy_workers.direction.units import ItemUnit, TakeUnit
from understudy_workers.work import PlannedItem, Speech, TakeResult, TakeWork

_MAX_DOOMED: Final = 10_000
_MAX_LENGTHS: Final = 10_000


@dataclass(frozen=True)
class Doom:
    """Why something will never be: what the receipts of the items concerned say."""

    outcome: Literal["failed", "rejected"]
    reason: str
    message: str
    attempts: int


def doomed_receipt(planned: PlannedItem, doom: Doom) -> Receipt:
    """The receipt of an item that will never be; it costs nothing."""
    return Receipt(
        item=planned.item_id,
        ordinal=planned.ordinal,
        row=planned.row,
        locale=planned.locale,
        output=planned.output.name,
        outcome=doom.outcome,
        reason=doom.reason[:MAX_REASON],
        message=doom.message[:MAX_MESSAGE],
        attempts=doom.attempts,
    )


class Takes:
    """Every take that an open item waits for, once."""

    def __init__(self) -> None:
        self._takes: dict[str, TakeUnit] = {}
        self._clips = KnownClips()
        self._doomed: dict[str, Doom] = {}
        self._lengths: dict[tuple[str, ...], float] = {}
        """Seconds of items, by their takes, that had to be known before all takes were made."""

    def doom_of(self, take_ids: tuple[str, ...]) -> Doom | None:
        """Why one of these takes will never be; None when nothing is known against them."""
        if not self._doomed:
            return None
        return next((self._doomed[take_id] for take_id in take_ids if take_id in self._doomed), None)

    def await_clips(self, unit: ItemUnit) -> list[TakeUnit]:
        """Lets an item wait for those of its clips that do not exist; returns takes that have to be queued for it."""
        planned, to_queue = unit.planned, []
        for clip_id in dict.fromkeys(planned.clip_ids):
            frames = self._clips.get(clip_id)
            if frames is not None:
                unit.frames += frames * planned.clip_ids.count(clip_id)
                continue
            unit.missing += 1
            take = self._wait(unit, clip_id)
            if take.sent is None and not take.queued:
                take.queued = True
                to_queue.append(take)
        return to_queue

    def _wait(self, unit: ItemUnit, clip_id: str) -> TakeUnit:
        planned = unit.planned
        place = planned.clip_ids.index(clip_id)
        take_id = planned.take_ids[place]
        take = self._takes.get(take_id)
        if take is None:
            filling = planned.fillings[place] if planned.fillings else None
            take = TakeUnit(take_id=take_id, words=planned.sentences[place], locale=planned.locale, filling=filling)
            self._takes[take_id] = take
        if clip_id not in take.waiting:
            take.waiting[clip_id] = []
            take.wanted[clip_id] = planned.output
        take.waiting[clip_id].append(unit)
        return take

    def send(self, take: TakeUnit, committed_seconds: float = 0.0) -> TakeWork | None:
        """The work to hand out for a queued take; None when nobody waits for it any more.

        Clips that nobody waits for are left out. `committed_seconds` are the metered seconds of the order so far.
        """
        take.queued = False
        wanted = {clip_id: output for clip_id, output in take.wanted.items() if take.waits_for(clip_id)}
        first = take.first
        if first is None:
            del self._takes[take.take_id]
            return None
        take.waiting = {clip_id: take.waiting[clip_id] for clip_id in wanted}
        speech, said = None, first.planned
        if said.take_ids not in self._lengths:
            speech = Speech(said.take_ids, said.sentences, committed_seconds, said.fillings)
        clip_ids, outputs = tuple(wanted), tuple(wanted.values())
        take.sent = TakeWork(take.take_id, clip_ids, outputs, take.words, take.locale, speech, take.filling)
        take.wanted = {}
        return take.sent

    def item_seconds(self, take: TakeUnit) -> float | None:
        """Length of the item that needs a take first; None when it is not known before all its takes are made."""
        if not self._lengths:
            return None
        return self._lengths.get(take.first.planned.take_ids) if take.first is not None else None

    def learn(self, take: TakeUnit, item_seconds: float) -> None:
        """The performer says how long the item is whose speech went along with a take."""
        if take.sent is not None and take.sent.speech is not None:
            self._lengths[take.sent.speech.take_ids] = item_seconds
            if len(self._lengths) > _MAX_LENGTHS:
                del self._lengths[next(iter(self._lengths))]

    def of_item(self, take: TakeUnit) -> list[ItemUnit]:
        """The item whose speech went along with a take, in all outputs that wait for it."""
        speech = take.sent.speech if take.sent else None
        waiters = dict.fromkeys(take.waiters())
        return [unit for unit in waiters if speech is not None and unit.planned.take_ids == speech.take_ids]

    def unsend(self, take: TakeUnit) -> None:
        """The work came back undone: all its clips are wanted again. The caller queues the take."""
        sent = take.sent
        if sent is not None:
            take.wanted = dict(zip(sent.clip_ids, sent.outputs, strict=True)) | take.wanted
        take.sent = None
        take.queued = True

    def made(self, take: TakeUnit, result: TakeResult) -> tuple[list[ItemUnit], bool]:
        """The clips of a take exist: items that miss nothing now, and whether the take has to be queued again."""
        sent, take.sent = take.sent, None
        if sent is None:
            raise ValueError(f"take {take.take_id[:12]}: answered without having been sent")
        complete = []
        for clip_id, reused in zip(sent.clip_ids, result.reused, strict=True):
            self._clips.remember(clip_id, result.frames)
            waiting = [unit for unit in take.waiting.pop(clip_id, []) if not unit.ended]
            for place, unit in enumerate(waiting):
                unit.frames += result.frames * unit.planned.clip_ids.count(clip_id)
                unit.missing -= 1
                if place == 0 and not reused:
                    unit.fresh_clips += 1
                    unit.fresh_frames += result.frames
                if not unit.missing:
                    complete.append(unit)
        if take.wanted:
            take.queued = True
            return complete, True
        del self._takes[take.take_id]
        return complete, False

    def doom(self, take: TakeUnit, doom: Doom) -> list[ItemUnit]:
        """Gives a take up for good; returns the items that will never be because of it, each once."""
        self._doomed[take.take_id] = doom
        if len(self._doomed) > _MAX_DOOMED:
            del self._doomed[next(iter(self._doomed))]
        self._takes.pop(take.take_id, None)
        return list(dict.fromkeys(take.waiters()))

    def vanished(self, unit: ItemUnit, clip_ids: tuple[str, ...]) -> list[TakeUnit]:
        """Clips of an item are gone from the cache: it waits for them again; returns takes to queue."""
        for clip_id in clip_ids:
            self._clips.forget(clip_id)
        unit.frames = unit.missing = 0
        return self.await_clips(unit)
