"""Trainings at the director's desk: queued, watched, ended, found again."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from theatre import NOW, eventually

from understudy_api.genesis import twin_id
from understudy_api.order import TrainingOrder
from understudy_api.receipt import TrainingResult, training_key
from understudy_api.settings import BucketNames
from understudy_api.token import load_key
from understudy_api.verdict import Verdict
from understudy_workers.direction.pool_metrics import PoolMetrics
from understudy_workers.direction.stints import Client, Stint
from understudy_workers.direction.training_work import TrainingWorkState
from understudy_workers.direction.trainings import TrainingDesk, training_refusal
from understudy_workers.direction.workshop import Workshop


class Trainers:
    """Trainers by digest, whose states a test sets; None is one whose process is gone."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.renewed: list[str | None] = []
        self.states: dict[str, TrainingWorkState | None] = {}

    async def begin(self, order: TrainingOrder) -> None:
        self.begun.append(order.digest)
        self.states.setdefault(order.digest, TrainingWorkState("Running", "listening (20%)", "the trainer's key"))

    async def renew(self, order: TrainingOrder) -> None:
        self.renewed.append(order.grant)

    async def state(self, digest: str) -> TrainingWorkState | None:
        return self.states[digest]

    async def end(self, digest: str) -> None:
        self.ended.append(digest)


@pytest.fixture
def order(signers):
    """Writes trainings that are permitted; each one's capture is its own unless said otherwise."""
    genesis = signers.genesis

    def written(number: int = 0, **changes) -> TrainingOrder:
        base = {
            "uid": f"training-{number}",
            "generation": 1,
            "namespace": "talent-ada",
            "twin": "ada",
            "twin_id": twin_id(genesis),
            "genesis": genesis,
            "capture_bucket": "understudy-outputs",
            "capture_key": f"talent-ada/{number}.mp4",
            "effort": "Quick",
            "voice_variant": "f2",
            "voice_pitch": 50,
            "voice_rate_wpm": 160,
        }
        return TrainingOrder.model_validate({**base, **changes})

    return written


def play(settings, objects, scene, at_once: int = 1, stints: list[Stint] | None = None) -> Trainers:
    trainers = Trainers()
    worked = ([] if stints is None else stints).append

    async def played() -> None:
        with ThreadPoolExecutor(2) as threads:
            workshop = Workshop(
                settings=settings,
                objects=objects,
                cache_key=b"",
                farm_key=load_key(settings.farm_public_key_file.read_text()),
                director="me",
                metrics=PoolMetrics(),
                wake=lambda: None,
                halt=lambda uid, until: None,
                threads=threads,
            )
            desk = TrainingDesk(workshop, trainers, at_once, worked)
            await scene(desk, trainers)
            await desk.retire()

    asyncio.run(played())
    return trainers


def state(desk: TrainingDesk, order: TrainingOrder) -> str:
    progress = desk.get(order.uid)
    return progress.state if progress else "gone"


def test_a_training_runs_and_finishes(order, settings, objects) -> None:
    one = order(1)

    async def scene(desk: TrainingDesk, trainers: Trainers) -> None:
        progress = await desk.put(one)
        assert (progress.state, progress.digest) == ("Queued", one.digest)
        await eventually(lambda: "listening" in desk.get(one.uid).message)
        assert (await desk.put(one)).state == "Running"
        trainers.states[one.digest] = TrainingWorkState("Finished", "Ready")
        await eventually(lambda: state(desk, one) == "Finished")

    trainers = play(settings, objects, scene)
    assert (trainers.begun, trainers.ended) == ([one.digest], [one.digest])


def test_a_trainers_key_is_told_and_it_is_handed_the_newer_grant(order, settings, objects) -> None:
    one, grant = order(10), "a.newer.grant-of-the-farm"

    async def scene(desk: TrainingDesk, trainers: Trainers) -> None:
        assert (await desk.put(one)).trainer is None, "no process, no key"
        await eventually(lambda: desk.get(one.uid).trainer)
        assert desk.get(one.uid).trainer == "the trainer's key"
        await desk.put(one.model_copy(update={"grant": grant}))

    trainers = play(settings, objects, scene)
    assert (trainers.begun, trainers.renewed, trainers.ended) == ([one.digest], [grant], [])


def test_only_so_many_train_at_once(order, settings, objects) -> None:
    one, two = order(2), order(3)

    async def scene(desk: TrainingDesk, trainers: Trainers) -> None:
        await desk.put(one)
        await desk.put(two)
        await eventually(lambda: state(desk, one) == "Running")
        assert state(desk, two) == "Queued"
        trainers.states[one.digest] = TrainingWorkState("Failed", "no memory left")
        await eventually(lambda: state(desk, two) == "Running")
        assert desk.get(one.uid).message == "no memory left"
        assert (await desk.put(one)).state == "Queued"

    assert len(play(settings, objects, scene).begun) == 2


def test_a_result_that_is_there_is_not_trained_again(order, settings, objects) -> None:
    one = order(4)
    result = TrainingResult(digest=one.digest, twin_id=one.twin_id, state="Ready", version="a" * 64, finished_at=NOW)
    objects.put(settings.buckets.receipts, training_key(one.digest), result.model_dump_json().encode())

    async def scene(desk: TrainingDesk, _: Trainers) -> None:
        await desk.put(one)
        await eventually(lambda: state(desk, one) == "Finished")

    assert play(settings, objects, scene).begun == []


def test_a_trainer_that_dies_is_started_once_more(order, settings, objects) -> None:
    one = order(5)

    async def scene(desk: TrainingDesk, trainers: Trainers) -> None:
        trainers.states[one.digest] = None
        await desk.put(one)
        await eventually(lambda: state(desk, one) == "Failed")
        assert desk.get(one.uid).message == "its process died 2 times"

    assert play(settings, objects, scene).begun == [one.digest, one.digest]


def test_a_changed_training_ends_the_one_before(order, settings, objects) -> None:
    one, other = order(6), order(6, capture_key="talent-ada/other.mp4", generation=2)

    async def scene(desk: TrainingDesk, trainers: Trainers) -> None:
        await desk.put(one)
        await eventually(lambda: trainers.begun)
        await desk.put(other)
        await eventually(lambda: len(trainers.begun) == 2)

    trainers = play(settings, objects, scene)
    assert trainers.ended == [one.digest]


def test_deleting_ends_a_trainer_unless_somebody_else_waits_for_it(order, settings, objects) -> None:
    one, same = order(7), order(7, uid="training-other")

    async def scene(desk: TrainingDesk, trainers: Trainers) -> None:
        await desk.put(one)
        await desk.put(same)
        await eventually(lambda: trainers.begun)
        await desk.delete(one.uid)
        assert trainers.ended == []
        await eventually(lambda: state(desk, same) == "Running")
        await desk.delete(same.uid)
        await desk.delete("nobody-knows")
        assert desk.get(same.uid) is None

    assert play(settings, objects, scene).ended == [one.digest]


def test_a_director_that_retires_lets_trainers_go_on(order, settings, objects) -> None:
    async def scene(desk: TrainingDesk, trainers: Trainers) -> None:
        await desk.put(order(8))
        await eventually(lambda: trainers.begun)

    assert play(settings, objects, scene).ended == []


def test_a_trainers_time_is_told_once_for_all_that_share_it(order, settings, objects) -> None:
    one, same, stints = order(11), order(11, uid="training-same"), []

    async def scene(desk: TrainingDesk, trainers: Trainers) -> None:
        trainers.states[one.digest] = TrainingWorkState("Running", "listening", group="gpu")
        await desk.put(one)
        await desk.put(same)
        await eventually(lambda: (state(desk, one), state(desk, same)) == ("Running", "Running"))
        await eventually(lambda: sum(stint.busy_seconds for stint in stints) > 0.6)
        trainers.states[one.digest] = TrainingWorkState("Finished", "Ready", group="gpu")
        await eventually(lambda: (state(desk, one), state(desk, same)) == ("Finished", "Finished"))

    began_at = time.monotonic()
    play(settings, objects, scene, at_once=2, stints=stints)
    clients = {stint.client for stint in stints}
    assert clients == {Client("Training", uid, "talent-ada", "ada") for uid in (one.uid, same.uid)}
    assert {stint.group for stint in stints} == {"gpu"}
    assert 0.6 < sum(stint.busy_seconds for stint in stints) <= time.monotonic() - began_at


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"twin_id": "f" * 64}, "TwinMismatch"),
        ({"genesis": "YWFh.YmJi.Y2Njc2NjY2Nj"}, "MalformedToken"),
        ({"capture_bucket": "understudy-twins"}, "CaptureRefused"),
        ({"capture_key": "talent-bob/1.mp4"}, "CaptureRefused"),
        ({"capture_key": "talent-ada/../talent-bob/1.mp4"}, "CaptureRefused"),
    ],
)
def test_what_may_be_trained(order, settings, objects, changes, reason) -> None:
    one = order(9, **changes)
    refusal = training_refusal(one, BucketNames())
    assert (refusal.reason if refusal else None) == reason

    async def scene(desk: TrainingDesk, _: Trainers) -> None:
        assert isinstance(await desk.put(one), Verdict) == (reason is not None)

    play(settings, objects, scene)
