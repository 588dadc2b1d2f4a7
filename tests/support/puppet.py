"""A studio of strings: real rights, real files in S3, nothing to look at. Sentences may carry stage directions.

`[fail]` raises, `[fail once]` raises the first time, `[die once]` and `[die]` end the process, `[slow]` takes 0.15 s,
`[measured]` asks for the item's length first, `[hold]` waits until a test has said `curtain_up`, or until the order is stopped.
Every work leaves a line in `puppet.log` of the work folder: what, its id, the process.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from understudy_api.proof import Signature
from understudy_api.receipt import Receipt
from understudy_api.settings import PoolSettings
from understudy_api.token import load_key, new_key
from understudy_workers import gate
from understudy_workers.objects import Objects
from understudy_workers.stages.store import clip_key
from understudy_workers.stops import Stops
from understudy_workers.stopwatch import Stopwatch
from understudy_workers.work import PAUSING_REASONS, ItemResult, ItemWork, Permit, TakeResult, TakeWork, staged_files

FRAMES = 25
SLOW_SECONDS = 0.15
HOLD_SECONDS = 60.0
CURTAIN = "curtain-is-up"


class Puppet:
    """Takes are a second long; an item's files are its words."""

    def __init__(self, settings: PoolSettings) -> None:
        self.folder = settings.work_dir
        self._stops = Stops()
        self._signature = Signature(new_key())
        self.thumbprint, self.key = self._signature.performer, self._signature.x
        self._objects = Objects(settings.s3, patience_seconds=0.5)
        self._bucket = settings.buckets.staging
        self._farm_key = load_key(settings.farm_public_key_file.read_text())

    def stop(self, order_uid: str, until: float) -> None:
        self._stops.stop(order_uid, until)

    def perform(self, take: TakeWork, permit: Permit) -> TakeResult:
        started_at = time.time()
        verdict = self._verdict(permit, take.locale, 0.0, committed_seconds=0.0)
        refusal = self._stops.refusal(permit) or next(iter(verdict.refusals), None)
        if refusal is not None:
            return TakeResult(take.take_id, 0, (False,) * len(take.outputs), 0.0, {}, started_at, refusal)
        if "[measured]" in take.words and take.speech is not None:
            seconds = float(len(take.speech.sentences))
            verdict = self._verdict(permit, take.locale, seconds, committed_seconds=take.speech.committed_seconds)
            if not verdict.permitted:
                none = (False,) * len(take.outputs)
                refusal = verdict.refusals[0]
                return TakeResult(take.take_id, 0, none, 0.0, {}, started_at, refusal, seconds, item_refused=True)
        self._note("take", take.take_id)
        watch = Stopwatch()
        with watch.stage("speak"):
            self._act(take.words, take.take_id)
        if "[hold]" in take.words and not self._hold(permit):
            return self.perform(take, permit)
        reused = []
        for clip_id in take.clip_ids:
            reused.append(self._objects.head(self._bucket, clip_key(permit.account, clip_id)) is not None)
            self._objects.put(self._bucket, clip_key(permit.account, clip_id), take.words.encode())
        laps = tuple(watch.laps)
        return TakeResult(take.take_id, FRAMES, tuple(reused), 0.01, {"speak": 0.01}, started_at, laps=laps)

    def assemble(self, item: ItemWork, permit: Permit) -> ItemResult:
        planned = item.planned
        seconds = float(len(planned.clip_ids))
        so_far = {"committed_seconds": item.committed_seconds, "items": 1, "committed_items": item.committed_items}
        verdict = self._verdict(permit, planned.locale, seconds, **so_far)
        refusal = self._stops.refusal(permit) or next(iter(verdict.refusals), None)
        if refusal is not None:
            return self._refused(item, refusal)
        missing = tuple(
            clip for clip in planned.clip_ids if not self._objects.head(self._bucket, clip_key(permit.account, clip))
        )
        if missing:
            return ItemResult(None, (), 0.0, missing_clips=missing)
        self._note("item", planned.item_id)
        words = "\n".join(planned.sentences).encode()
        staged = staged_files(item.staging_prefix, planned.row, planned.locale, planned.output.name)
        for file in staged:
            self._objects.put(self._bucket, file.key, words, file.content_type)
        receipt = Receipt(
            item=planned.item_id,
            ordinal=planned.ordinal,
            row=planned.row,
            locale=planned.locale,
            output=planned.output.name,
            outcome="done",
            frames=FRAMES * len(planned.clip_ids),
            metered_seconds=seconds,
            sha256=hashlib.sha256(words).hexdigest(),
            bytes=len(words),
            takes=len(planned.clip_ids),
        )
        receipt = self._signature.under(receipt, permit.order_uid, permit.order_digest, permit.grant)
        return ItemResult(receipt, staged, 0.01, {"join": 0.01})

    def _verdict(self, permit, locale, seconds, **so_far):
        return gate.check(
            permit,
            self._farm_key,
            pool=permit.pool,
            locale=locale,
            seconds=seconds,
            now=time.time(),
            **so_far,
        )

    def _refused(self, item, refusal) -> ItemResult:
        planned = item.planned
        if refusal.reason in PAUSING_REASONS:
            return ItemResult(None, (), 0.0, refusal=refusal)
        receipt = Receipt(
            item=planned.item_id,
            ordinal=planned.ordinal,
            row=planned.row,
            locale=planned.locale,
            output=planned.output.name,
            outcome="rejected",
            reason=refusal.reason,
            message=refusal.message,
        )
        return ItemResult(receipt, (), 0.0)

    def _act(self, words: str, take_id: str) -> None:
        if "[slow]" in words:
            time.sleep(SLOW_SECONDS)
        if "[fail]" in words or ("[fail once]" in words and self._first("failed", take_id)):
            raise ValueError("the puppet's string broke")
        if "[die]" in words or ("[die once]" in words and self._first("died", take_id)):
            os._exit(1)

    def _hold(self, permit: Permit) -> bool:
        """Waits for the curtain; False when the order is stopped meanwhile."""
        latest = time.monotonic() + HOLD_SECONDS
        while not (self.folder / CURTAIN).exists():
            if self._stops.refusal(permit):
                return False
            if time.monotonic() > latest:
                raise TimeoutError(f"no test raised the curtain within {HOLD_SECONDS:.0f} s")
            time.sleep(0.01)
        return True

    def _first(self, what: str, take_id: str) -> bool:
        try:
            (self.folder / f"{what}-{take_id}").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _note(self, what: str, name: str) -> None:
        with (self.folder / "puppet.log").open("a") as log:
            log.write(f"{what} {name} {os.getpid()}\n")


def curtain_up(folder: Path) -> None:
    """Lets every held puppet of a work folder go on, now and later."""
    (folder / CURTAIN).touch()


def noted(folder: Path, what: str) -> list[str]:
    """Ids of the works of a kind that were done, in order."""
    path = folder / "puppet.log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.split()[1] for line in lines if line.split()[0] == what]
