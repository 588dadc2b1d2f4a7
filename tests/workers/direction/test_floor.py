"""Who gets work on the floor: performers that hang, fail again and again, or have to be idle."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import pytest
from theatre import LANDSCAPE, eventually, receipt

from understudy_workers.direction.batch import Answer, Batch, Failure
from understudy_workers.direction.floor import Floor
from understudy_workers.direction.pool_metrics import PoolMetrics
from understudy_workers.direction.quota import Quota
from understudy_workers.direction.schedule import Schedule
from understudy_workers.direction.stints import Stint, client_of
from understudy_workers.work import ItemResult, ItemWork, PlannedItem, TakeResult, TakeWork, permit_of


def item(ordinal: int) -> PlannedItem:
    take = f"t{ordinal}"
    return PlannedItem(
        ordinal, f"{ordinal:064x}", f"r{ordinal}", "en-GB", LANDSCAPE, (take,), (take,), (f"c{ordinal}",)
    )


@dataclass(eq=False)
class Order:
    """As much of an order as the floor looks at."""

    order: object
    schedule: Schedule = field(default_factory=lambda: Schedule("order-uid"))
    lost_with: list[str] = field(default_factory=list)

    @property
    def permit(self):
        return permit_of(self.order)

    def next(self, asking, now):
        return self.schedule.next(asking, Quota(0.0, 1e9), now)

    def answered(self, assignment, performer, answer, now):
        return self.schedule.answered(assignment, performer, answer, now)

    def lost(self, assignment, performer, message, now):
        self.lost_with.append(message)
        return self.schedule.lost(assignment, performer, message, now)


def done(work: TakeWork | ItemWork) -> TakeResult | ItemResult:
    if isinstance(work, TakeWork):
        return TakeResult(work.take_id, 25, (False,), 0.1, {}, 0.0)
    return ItemResult(receipt(None, work.planned.ordinal), (), 0.1)


@dataclass
class Crew:
    """Performers that do as `acts` says, by their name; the rest work well."""

    acts: dict[str, object]
    seen: list[tuple[str, Batch]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    thumbprints: dict[str, str] = field(default_factory=dict)
    busy_seconds: float = 0.1

    async def work(self, performer: str, batch: Batch) -> Answer:
        self.seen.append((performer, batch))
        act = self.acts.get(performer)
        if act == "hang":
            await asyncio.Event().wait()
        if act == "nonsense":
            return Answer((), 0.1)
        if act == "fail":
            return Answer(tuple(Failure("no") for _ in batch.works), 0.1)
        if isinstance(act, Exception):
            raise act
        await asyncio.sleep(0)
        outcomes = tuple(done(work) for work in batch.works)
        return Answer(outcomes, self.busy_seconds, self.thumbprints.get(performer, ""), group="told")

    def stop(self, order_uid: str, until: float) -> None:
        raise AssertionError(f"{order_uid} was stopped")

    async def end(self, performer: str) -> None:
        self.ended.append(performer)


def play(
    crew: Crew,
    run: Order,
    names: tuple[str, ...],
    scene,
    limit_seconds: float = 60.0,
    metrics: PoolMetrics | None = None,
) -> list[Stint]:
    stints: list[Stint] = []
    metrics = metrics or PoolMetrics()

    async def played() -> None:
        floor = Floor(crew, lambda: [run], metrics, limit_seconds, stints.append)
        serving = asyncio.create_task(floor.serve())
        for name in names:
            floor.join(name)
        await scene(floor)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(played())
    return stints


@pytest.fixture
def run(write_order) -> Order:
    return Order(write_order())


def test_each_performer_holds_two_batches_first_ones_first(run) -> None:
    crew = Crew({"a": "hang", "b": "hang"})
    for n in range(9):
        run.schedule.add(item(n), 0.0)

    async def scene(floor: Floor) -> None:
        await eventually(lambda: len(crew.seen) == 4)
        assert [name for name, _ in crew.seen] == ["a", "b", "a", "b"]
        await asyncio.sleep(0)
        assert (len(crew.seen), floor.busy, floor.performers) == (4, 2, 2)

    play(crew, run, ("a", "b"), scene)


def test_a_performer_that_hangs_is_ended_and_its_work_done_by_others(run) -> None:
    crew = Crew({"a": "hang"})
    run.schedule.add(item(0), 0.0)

    async def scene(floor: Floor) -> None:
        await eventually(lambda: crew.ended)
        floor.leave("a")
        floor.join("b")
        await eventually(lambda: not run.schedule.open_items)

    play(crew, run, ("a",), scene, limit_seconds=0.05)
    assert set(run.lost_with) == {"no answer within 0 s"}


@pytest.mark.parametrize("act", ["nonsense", RuntimeError("Ray stumbled")])
def test_whatever_a_performer_answers_no_work_is_lost(run, act) -> None:
    crew = Crew({"a": act})
    for n in range(3):
        run.schedule.add(item(n), 0.0)

    async def scene(floor: Floor) -> None:
        await eventually(lambda: len(run.lost_with) >= 1)
        crew.acts.clear()
        await eventually(lambda: not run.schedule.open_items)

    play(crew, run, ("a", "b"), scene)


def test_a_performer_that_keeps_failing_rests(run) -> None:
    crew = Crew({"bad": "fail"})
    for n in range(40):
        run.schedule.add(item(n), 0.0)

    async def scene(floor: Floor) -> None:
        await eventually(lambda: not run.schedule.open_items)

    play(crew, run, ("bad", "good"), scene)
    assert sum(name == "bad" for name, _ in crew.seen) <= 6


def test_a_suspect_is_tried_alone_on_a_performer_that_was_drained_for_it(run) -> None:
    crew = Crew({"a": RuntimeError("died")})
    for n in range(20):
        run.schedule.add(item(n), 0.0)

    async def scene(floor: Floor) -> None:
        await eventually(lambda: run.lost_with)
        crew.acts.clear()
        await eventually(lambda: not run.schedule.open_items)

    play(crew, run, ("a", "b"), scene)
    assert len(run.lost_with) <= 4


def test_a_performer_that_left_gets_nothing(run) -> None:
    crew = Crew({})

    async def scene(floor: Floor) -> None:
        floor.leave("a")
        floor.leave("a")
        run.schedule.add(item(0), 0.0)
        floor.wake()
        await asyncio.sleep(0.01)
        assert crew.seen == []
        floor.join("b")
        await eventually(lambda: crew.seen)
        assert crew.seen[0][0] == "b"

    play(crew, run, ("a",), scene)


def test_a_performer_that_was_started_anew_unseen_is_known_by_its_new_key(run) -> None:
    """It ended while it held nothing: no call failed, and grants would name its old key for ever."""
    crew = Crew({}, thumbprints={"p0": "new"})
    run.schedule.add(item(0), 0.0)

    async def scene(floor: Floor) -> None:
        floor.join("p0", "old")
        assert floor.thumbprints == ("old",)
        await eventually(lambda: not run.schedule.open_items)
        assert floor.thumbprints == ("new",)

    play(crew, run, (), scene)


def test_a_node_that_is_drained_finishes_what_it_holds_and_gets_nothing_more(run) -> None:
    crew = Crew({"a": "hang"})
    run.schedule.add(item(0), 0.0)

    async def scene(floor: Floor) -> None:
        floor.join("a", node="10.0.0.1")
        await eventually(lambda: crew.seen)
        floor.drain(["10.0.0.1"])
        floor.join("b", node="10.0.0.2")
        run.schedule.add(item(1), 0.0)
        await eventually(lambda: any(name == "b" for name, _ in crew.seen))
        await eventually(lambda: floor.nodes[1].busy == 0)
        assert [name for name, _ in crew.seen].count("a") == 1
        told = [(node.address, node.performers, node.busy, node.draining) for node in floor.nodes]
        assert told == [("10.0.0.1", 1, 1, True), ("10.0.0.2", 1, 0, False)]

    play(crew, run, (), scene)


def test_a_node_that_is_drained_no_longer_gets_work_again(run) -> None:
    crew = Crew({})

    async def scene(floor: Floor) -> None:
        floor.drain(["10.0.0.1"])
        floor.join("a", node="10.0.0.1")
        run.schedule.add(item(0), 0.0)
        floor.wake()
        await asyncio.sleep(0.01)
        assert crew.seen == []
        floor.drain([])
        await eventually(lambda: not run.schedule.open_items)

    play(crew, run, (), scene)


def test_what_a_performer_was_busy_with_is_told(run) -> None:
    crew = Crew({}, busy_seconds=0.0)
    run.schedule.add(item(0), 0.0)

    async def scene(floor: Floor) -> None:
        await eventually(lambda: not run.schedule.open_items)

    began_at = time.time()
    take, joined = play(crew, run, ("a",), scene)
    assert (take.client, take.group, take.locales) == (client_of(run.permit), "told", (("en-GB", 1.0),))
    assert began_at <= take.ended_at <= joined.ended_at <= time.time()


def test_nobody_was_busy_for_longer_than_there_was_time(run) -> None:
    crew = Crew({}, busy_seconds=1e6)
    run.schedule.add(item(0), 0.0)

    async def scene(floor: Floor) -> None:
        await eventually(lambda: not run.schedule.open_items)

    began_at = time.monotonic()
    stints = play(crew, run, ("a",), scene)
    assert 0 < sum(stint.busy_seconds for stint in stints) <= time.monotonic() - began_at


def test_a_lost_performer_was_busy_until_its_loss_with_one_thing_at_a_time(run) -> None:
    crew = Crew({"a": "hang"})
    for n in range(2):
        run.schedule.add(item(n), 0.0)

    async def scene(floor: Floor) -> None:
        floor.leave("a")
        floor.join("a", group="spot")
        await eventually(lambda: len(crew.ended) == 2)
        floor.leave("a")

    began_at = time.monotonic()
    stints = play(crew, run, ("a",), scene, limit_seconds=0.1)
    lost = [stint for stint in stints if stint.group == "spot"]
    assert [stint.locales for stint in lost] == [(("en-GB", 1.0),)] * 2
    assert 0.1 <= sum(stint.busy_seconds for stint in lost) <= min(time.monotonic() - began_at, 0.19)


def test_a_performer_that_goes_is_lost_once_and_only_with_work(run) -> None:
    crew, metrics = Crew({"a": "hang"}), PoolMetrics()
    for n in range(2):
        run.schedule.add(item(n), 0.0)

    def lost() -> float | None:
        return metrics.registry.get_sample_value("understudy_performers_lost_total")

    async def scene(floor: Floor) -> None:
        await eventually(lambda: len(crew.seen) == 2)
        assert not floor.is_idle("a")
        floor.leave("a")
        assert lost() == 1, "it held two batches"
        floor.leave("a")
        floor.join("idle")
        assert (floor.is_idle("idle"), floor.is_idle("nobody")) == (True, False)
        floor.leave("idle")
        assert lost() == 1

    play(crew, run, ("a",), scene, metrics=metrics)
