"""From clips to a finished item: join, caption, check, sign, store."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Final

import structlog

from understudy_api.digest import digest_bytes
from understudy_api.receipt import MAX_MESSAGE, MAX_REASON, Receipt
from understudy_api.verdict import Refusal
from understudy_workers import marks
from understudy_workers.custody import Custody
from understudy_workers.footage import Clip, Spoken
from understudy_workers.gate import Gatekeeper
from understudy_workers.localfiles import remove_leftovers
from understudy_workers.media.sound import Sound
from understudy_workers.models.voice import FPS
from understudy_workers.objects import Objects
from understudy_workers.preview import sealed_to
from understudy_workers.stages.caption import caption
from understudy_workers.stages.check import Checker, Expected
from understudy_workers.stages.join import join, mix
from understudy_workers.stages.portray import portray
from understudy_workers.stages.sign import Sealer
from understudy_workers.stages.store import ClipCache
from understudy_workers.stops import Stops
from understudy_workers.stopwatch import Stopwatch
from understudy_workers.work import PAUSING_REASONS, ItemResult, ItemWork, Permit, PlannedItem, StagedFile, staged_files

_SOUNDS: Final = 8

log = structlog.get_logger("item")


class FaultyItemError(Exception):
    """A finished file that must not be delivered; `reason` is one word, the message says what was wrong."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.reason = refusal.reason


class Finishing:
    """Makes items, one at a time. Remembers the latest few sound tracks, which the outputs of a row share."""

    def __init__(
        self,
        gatekeeper: Gatekeeper,
        stops: Stops,
        custody: Custody,
        objects: Objects,
        bucket: str,
        cache: ClipCache,
        sealer: Sealer,
        scratch: Path,
    ) -> None:
        self._gatekeeper = gatekeeper
        self._stops = stops
        self._custody = custody
        self._objects = objects
        self._bucket = bucket
        self._cache = cache
        self._sealer = sealer
        self._scratch = scratch
        self._checker = Checker()
        self._sounds: OrderedDict[tuple[str, ...], Sound] = OrderedDict()
        scratch.mkdir(parents=True, exist_ok=True)
        remove_leftovers(scratch, "item-*")

    def assemble(self, item: ItemWork, permit: Permit) -> ItemResult:
        """Makes one item of clips that are kept; an item whose files are stored already is not made again."""
        watch, planned = Stopwatch(), item.planned
        if (stopped := self._stops.refusal(permit)) is not None:
            return _refused(planned, stopped, watch)
        with watch.stage("key"):
            key = self._custody.seal(permit)
        if isinstance(key, Refusal):
            return _refused(planned, key, watch)
        seal, shelf = key.of(permit.twin.version), self._cache.of(permit.account)
        with watch.stage("find"):
            takes = {take_id: shelf.take(take_id, seal) for take_id in planned.take_ids}
        spoken = [take for take_id in planned.take_ids if (take := takes[take_id]) is not None]
        if len(spoken) < len(planned.take_ids):
            lost = [clip for take, clip in zip(planned.take_ids, planned.clip_ids, strict=True) if takes[take] is None]
            return _missing(lost, watch)
        frames = sum(take.frames for take in spoken)
        so_far = item.committed_seconds, item.committed_items
        verdict = self._gatekeeper.ask_item(permit, planned.locale, planned.output, frames / FPS, *so_far)
        if not verdict.permitted:
            return _refused(planned, verdict.refusals[0], watch)
        data = self._stored(item, watch)
        if data is None:
            with watch.stage("find"):
                clips = {clip_id: shelf.clip(clip_id, seal) for clip_id in planned.clip_ids}
            if lost := [clip_id for clip_id, clip in clips.items() if clip is None]:
                return _missing(lost, watch)
            data = self._make(item, permit, spoken, [clip for i in planned.clip_ids if (clip := clips[i])], watch)
        receipt = _done(planned, frames, data, metered=permit.making.preview is None)
        log.info("item made", **marks.of_item(permit, planned), seconds=frames / FPS)
        return ItemResult(receipt, _staged(item), watch.total_seconds, watch.stages, laps=tuple(watch.laps))

    def _stored(self, item: ItemWork, watch: Stopwatch) -> bytes | None:
        """The video of an item that was finished before: it is stored last, by creating it."""
        with watch.stage("find"):
            key = _staged(item)[0].key
            return self._objects.get(self._bucket, key) if self._objects.head(self._bucket, key) else None

    def _make(self, item: ItemWork, permit: Permit, spoken: list[Spoken], clips: list[Clip], watch: Stopwatch) -> bytes:
        planned = item.planned
        with tempfile.TemporaryDirectory(prefix="item-", dir=self._scratch) as folder:
            joined, signed = Path(folder) / "joined.mp4", Path(folder) / "signed.mp4"
            with watch.stage("mix"):
                sound = self._sound(planned.take_ids, spoken)
            with watch.stage("join"):
                frames = join(clips, sound, joined)
            with watch.stage("caption"):
                subtitles = caption(planned.sentences, spoken, planned.locale)
            with watch.stage("portray"):
                poster = portray(joined, clips)
            with watch.stage("check"):
                size = planned.output
                expected = Expected(frames, size.width, size.height, sample=int(planned.item_id[:8], 16))
                if (fault := self._checker.check(joined, expected)) is not None:
                    raise FaultyItemError(fault)
            with watch.stage("sign"):
                self._sealer.sign(joined, signed, planned, permit, self._gatekeeper.clock())
                data = signed.read_bytes()
        with watch.stage("store"):
            return self._store(item, *sealed_to(permit.making.preview, data, subtitles, poster))

    def _sound(self, take_ids: tuple[str, ...], spoken: list[Spoken]) -> Sound:
        sound = self._sounds.pop(take_ids, None) or mix(spoken)
        while len(self._sounds) >= _SOUNDS:
            self._sounds.popitem(last=False)
        self._sounds[take_ids] = sound
        return sound

    def _store(self, item: ItemWork, video: bytes, subtitles: bytes, poster: bytes) -> bytes:
        """Stores the item's files, the video last and only where none is; returns the video that is stored.

        Two signatures of one file differ. Were an item assembled twice at the same time, both receipts name the
        first one's bytes.
        """
        film, *beside = _staged(item)
        for file, data in zip(beside, (subtitles, poster), strict=True):
            self._objects.put(self._bucket, file.key, data, file.content_type)
        if self._objects.create(self._bucket, film.key, video, film.content_type):
            return video
        return self._objects.get(self._bucket, film.key)


def _staged(item: ItemWork) -> tuple[StagedFile, ...]:
    planned = item.planned
    return staged_files(item.staging_prefix, planned.row, planned.locale, planned.output.name)


def _done(planned: PlannedItem, frames: int, video: bytes, *, metered: bool) -> Receipt:
    return _receipt(planned).model_copy(
        update={
            "outcome": "done",
            "frames": frames,
            "metered_seconds": frames / FPS if metered else 0.0,
            "sha256": digest_bytes(video),
            "bytes": len(video),
            "takes": len(planned.clip_ids),
        }
    )


def _refused(planned: PlannedItem, refusal: Refusal, watch: Stopwatch) -> ItemResult:
    """A pause when a new grant cures it, else the item is rejected for good."""
    if refusal.reason in PAUSING_REASONS:
        return ItemResult(None, (), watch.total_seconds, watch.stages, refusal=refusal)
    update = {"outcome": "rejected", "reason": refusal.reason[:MAX_REASON], "message": refusal.message[:MAX_MESSAGE]}
    return ItemResult(_receipt(planned).model_copy(update=update), (), watch.total_seconds, watch.stages)


def _missing(clip_ids: list[str], watch: Stopwatch) -> ItemResult:
    return ItemResult(None, (), watch.total_seconds, watch.stages, missing_clips=tuple(dict.fromkeys(clip_ids)))


def _receipt(planned: PlannedItem) -> Receipt:
    return Receipt(
        item=planned.item_id,
        ordinal=planned.ordinal,
        row=planned.row,
        locale=planned.locale,
        output=planned.output.name,
        outcome="failed",
    )
