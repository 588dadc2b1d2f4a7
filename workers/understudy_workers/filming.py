"""From a take to its clips: speak, animate, compose and encode, keep."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from understudy_api.order import TwinPin, VideoOutput
from understudy_api.verdict import Refusal
from understudy_workers.custody import Custody
from understudy_workers.footage import Clip, Spoken
from understudy_workers.gate import Gatekeeper
from understudy_workers.media.compose import Composer
from understudy_workers.models.face import Performance
from understudy_workers.sealing import Seal
from understudy_workers.stages.animate import animate
from understudy_workers.stages.encode import encode
from understudy_workers.stages.speak import speak
from understudy_workers.stages.store import ClipCache
from understudy_workers.stopwatch import Stopwatch
from understudy_workers.twins import Cast, Twins
from understudy_workers.work import Permit, TakeResult, TakeWork

_COMPOSERS: Final = 3


class Filming:
    """Makes clips, one take at a time. Keeps a few composers with their placed plates, as twins stay warm."""

    def __init__(self, gatekeeper: Gatekeeper, custody: Custody, twins: Twins, cache: ClipCache) -> None:
        self._gatekeeper = gatekeeper
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
        """Makes the clips of a take that are not kept yet; all of them are kept when it returns without a refusal."""
        watch, started_at = Stopwatch(), self._gatekeeper.clock()
        verdict = self._gatekeeper.ask_take(permit, take.words, take.locale, take.outputs)
        if not verdict.permitted:
            none = (False,) * len(take.outputs)
            return TakeResult(take.take_id, 0, none, watch.total_seconds, {}, started_at, verdict.refusals[0])
        with watch.stage("key"):
            seal = self._custody.seal(permit)
        if isinstance(seal, Refusal):
            none = (False,) * len(take.outputs)
            return TakeResult(take.take_id, 0, none, watch.total_seconds, {}, started_at, seal)
        with watch.stage("find"):
            spoken = self._cache.take(take.take_id, seal.of(permit.twin.version))
            # A take is kept before its clips: where it is not, asking for them would only cost requests.
            reused = tuple(spoken is not None and self._cache.has_clip(clip_id) for clip_id in take.clip_ids)
        if spoken is None or not all(reused):
            spoken = self._film(take, permit.twin, seal, reused, spoken, watch)
        return TakeResult(take.take_id, spoken.frames, reused, watch.total_seconds, watch.stages, started_at)

    def _film(
        self,
        take: TakeWork,
        pin: TwinPin,
        seal: Seal,
        reused: tuple[bool, ...],
        spoken: Spoken | None,
        watch: Stopwatch,
    ) -> Spoken:
        with watch.stage("load"):
            cast = self._twins.get(pin, seal)
        version = seal.of(pin.version)
        keeping: list[Future[None]] = []
        if spoken is None:
            with watch.stage("speak"):
                spoken = speak(cast.voice, take.words, take.locale)
            keeping.append(self._uploads.submit(self._cache.keep_take, take.take_id, spoken, version))
        missing = {
            clip_id: output
            for clip_id, output, known in zip(take.clip_ids, take.outputs, reused, strict=True)
            if not known
        }
        if missing:
            with watch.stage("animate"):
                performance = animate(cast.face, spoken)
            for clip_id, output in missing.items():
                clip = self._shoot(cast, performance, output, watch)
                keeping.append(self._uploads.submit(self._cache.keep_clip, clip_id, clip, version))
        with watch.stage("keep"):  # uploads run beside the next output's encoder: this is what was left to wait for
            for upload in keeping:
                upload.result()
        return spoken

    def _shoot(self, cast: Cast, performance: Performance, output: VideoOutput, watch: Stopwatch) -> Clip:
        with watch.stage("place"):
            composer = self._composer(cast, output)
        with watch.stage("encode"):
            clip, composing_seconds = encode(composer, performance)
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
