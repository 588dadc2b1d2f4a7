"""From a take to its clips: speak, animate, compose and encode, keep."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import structlog

from understudy_api.order import TwinPin, VideoOutput
from understudy_api.verdict import Refusal
from understudy_workers import marks
from understudy_workers.consented import Consented
from understudy_workers.custody import Custody
from understudy_workers.footage import Clip, Spoken
from understudy_workers.gate import Gatekeeper
from understudy_workers.media.compose import Composer
from understudy_workers.models.face import Performance
from understudy_workers.models.voice import FPS, UnspeakableError
from understudy_workers.sealing import Seal, VersionSeal
from understudy_workers.stages.animate import animate
from understudy_workers.stages.encode import encode
from understudy_workers.stages.speak import speak
from understudy_workers.stages.store import ClipCache
from understudy_workers.stops import InterruptedTakeError, Stops
from understudy_workers.stopwatch import Stopwatch
from understudy_workers.twins import Cast, Twins
from understudy_workers.work import Filling, Permit, TakeResult, TakeWork

_COMPOSERS: Final = 3

log = structlog.get_logger("take")


class RefusedItemError(Exception):
    """The item that needs a take may not be made: `refusal` says why, `seconds` how long it is where that is why."""

    def __init__(self, refusal: Refusal, seconds: float | None = None) -> None:
        super().__init__(refusal.message)
        self.refusal, self.seconds = refusal, seconds


class Filming:
    """Makes clips, one take at a time. Keeps a few composers with their placed plates, as twins stay warm."""

    def __init__(
        self,
        gatekeeper: Gatekeeper,
        stops: Stops,
        consented: Consented,
        custody: Custody,
        twins: Twins,
        cache: ClipCache,
    ) -> None:
        self._gatekeeper = gatekeeper
        self._stops = stops
        self._consented = consented
        self._custody = custody
        self._twins = twins
        custody.follow(self._forget)
        self._cache = cache
        self._composers: OrderedDict[tuple[TwinPin, int, int], Composer] = OrderedDict()
        self._uploads = ThreadPoolExecutor(1, "upload")

    def _forget(self, twin: str) -> None:
        """Lets go of what shows a twin whose key is gone."""
        self._twins.forget(twin)
        for key in [key for key in self._composers if key[0].id == twin]:
            del self._composers[key]

    def close(self) -> None:
        """Waits for uploads."""
        self._uploads.shutdown()

    def perform(self, take: TakeWork, permit: Permit) -> TakeResult:
        """Makes the clips of a take that are not kept yet; all of them are kept when it returns without a refusal.

        A take whose order is stopped, or whose grant runs out, ends before its next frame.
        """
        watch, started_at = Stopwatch(), self._gatekeeper.clock()
        refusal = self._stops.refusal(permit) or self._refusal(take, permit, take.words, take.filling)
        if refusal is not None:
            return _refused(take, refusal, watch, started_at)
        with watch.stage("key"):
            seal = self._custody.seal(permit)
        if isinstance(seal, Refusal):
            return _refused(take, seal, watch, started_at)
        item_seconds, shelf = None, self._cache.of(permit.account)
        with watch.stage("find"):
            spoken = shelf.take(take.take_id, seal.of(permit.twin.version))
            # A take is kept before its clips: where it is not, asking for them would only cost requests.
            reused = tuple(spoken is not None and shelf.has_clip(clip_id) for clip_id in take.clip_ids)
        if spoken is None or not all(reused):
            try:
                spoken, item_seconds = self._film(take, permit, seal, reused, spoken, watch)
            except InterruptedTakeError as interrupted:
                return _refused(take, interrupted.refusal, watch, started_at)
            except RefusedItemError as refused:
                result = _refused(take, refused.refusal, watch, started_at)
                return replace(result, item_seconds=refused.seconds, item_refused=True)
        result = TakeResult(take.take_id, spoken.frames, reused, watch.total_seconds, watch.stages, started_at)
        return replace(result, item_seconds=item_seconds, laps=tuple(watch.laps))

    def _film(
        self,
        take: TakeWork,
        permit: Permit,
        seal: Seal,
        reused: tuple[bool, ...],
        spoken: Spoken | None,
        watch: Stopwatch,
    ) -> tuple[Spoken, float | None]:
        with watch.stage("load"):
            cast = self._twins.get(permit.twin, seal)
        version, shelf = seal.of(permit.twin.version), self._cache.of(permit.account)
        keeping: list[Future[None]] = []

        def say(take_id: str, words: str) -> Spoken:
            with watch.stage("speak"):
                said = speak(cast.voice, words, take.locale)
            keeping.append(self._uploads.submit(shelf.keep_take, take_id, said, version))
            return said

        spoken = spoken or say(take.take_id, take.words)
        item_seconds = self._item_seconds(take, permit, spoken, version, say)
        missing = {
            clip_id: output
            for clip_id, output, known in zip(take.clip_ids, take.outputs, reused, strict=True)
            if not known
        }
        if missing:
            with self._frames_logged(take, permit):
                between = self._between(permit)
                with watch.stage("animate"):
                    performance = animate(cast.face, spoken, between)
                for clip_id, output in missing.items():
                    clip = self._shoot(cast, performance, output, between, watch)
                    keeping.append(self._uploads.submit(shelf.keep_clip, clip_id, clip, version))
        with watch.stage("keep"):  # uploads run beside the next output's encoder: this is what was left to wait for
            for upload in keeping:
                upload.result()
        return spoken, item_seconds

    def _item_seconds(
        self, take: TakeWork, permit: Permit, spoken: Spoken, version: VersionSeal, say: Callable[[str, str], Spoken]
    ) -> float | None:
        """How long the item is that needs the take first, where that has to be known before a frame is made.

        Its other sentences are spoken now and kept: nothing is spoken twice. Raises RefusedItemError when there may be
        no such item. None also where a sentence cannot be spoken: its own take says so.
        """
        speech = take.speech
        if speech is None or not self._gatekeeper.wants_length(permit, speech.committed_seconds):
            return None
        frames = {take.take_id: spoken.frames}
        fillings = speech.fillings or (None,) * len(speech.take_ids)
        for take_id, words, filling in zip(speech.take_ids, speech.sentences, fillings, strict=True):
            if take_id in frames:
                continue
            if (refusal := self._refusal(take, permit, words, filling)) is not None:
                raise RefusedItemError(refusal)
            try:
                said = self._cache.of(permit.account).take(take_id, version) or say(take_id, words)
            except UnspeakableError:
                return None
            frames[take_id] = said.frames
        seconds = sum(frames[take_id] for take_id in speech.take_ids) / FPS
        output, committed_seconds = take.outputs[0], speech.committed_seconds
        verdict = self._gatekeeper.ask_item(permit, take.locale, output, seconds, committed_seconds)
        if not verdict.permitted:
            raise RefusedItemError(verdict.refusals[0], seconds)
        return seconds

    def _refusal(self, take: TakeWork, permit: Permit, words: str, filling: Filling | None) -> Refusal | None:
        """Why a sentence must not be said in a take's locale and outputs: the gate's reason, or that it is not on the list."""
        verdict = self._gatekeeper.ask_take(permit, words, take.locale, take.outputs)
        if not verdict.permitted:
            return verdict.refusals[0]
        return self._consented.refusal(permit, words, take.locale, filling)

    def _between(self, permit: Permit) -> Callable[[], None]:
        """What is asked between two frames. It raises InterruptedTakeError when there must be no next one."""

        def ask() -> None:
            refusal = self._stops.refusal(permit) or self._gatekeeper.late(permit)
            if refusal is not None:
                raise InterruptedTakeError(refusal)

        return ask

    @contextmanager
    def _frames_logged(self, take: TakeWork, permit: Permit) -> Iterator[None]:
        """Says in the log when the frames of a take begin and end: what the delay of a revocation is measured by.

        `at` is in Unix seconds. No words, no names.
        """
        known, ended = marks.of_work(permit, take), "whole"
        log.info("frames begin", **known, at=self._gatekeeper.clock())
        try:
            yield
        except InterruptedTakeError as interrupted:
            ended = interrupted.refusal.reason
            raise
        except Exception:
            ended = "failed"
            raise
        finally:
            log.info("frames end", **known, at=self._gatekeeper.clock(), ended=ended)

    def _shoot(
        self, cast: Cast, performance: Performance, output: VideoOutput, between: Callable[[], None], watch: Stopwatch
    ) -> Clip:
        with watch.stage("place"):
            composer = self._composer(cast, output)
        with watch.stage("encode"):
            clip, composing_seconds = encode(composer, performance, between)
        watch.add("encode", -composing_seconds)
        watch.add("compose", composing_seconds)
        return clip

    def _composer(self, cast: Cast, output: VideoOutput) -> Composer:
        key = (cast.pin, output.width, output.height)
        if key in self._composers:
            self._composers.move_to_end(key)
            return self._composers[key]
        while len(self._composers) >= _COMPOSERS:
            self._composers.popitem(last=False)
        self._composers[key] = Composer(cast.face.plates, cast.face.mouth, output.width, output.height)
        return self._composers[key]


def _refused(take: TakeWork, refusal: Refusal, watch: Stopwatch, started_at: float) -> TakeResult:
    none = (False,) * len(take.outputs)
    return TakeResult(take.take_id, 0, none, watch.total_seconds, watch.stages, started_at, refusal)
