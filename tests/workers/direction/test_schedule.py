"""The schedule of an order, played with performers that do anything."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_api.order import VideoOutput
from understudy_api.receipt import Receipt
from understudy_api.verdict import Refusal
from understudy_workers.direction.batch import Answer, Failure
from understudy_workers.direction.quota import Quota
from understudy_workers.direction.schedule import Asking, Schedule, Turnout
from understudy_workers.direction.units import Assignment
from understudy_workers.work import (
    GRANT_EXHAUSTED,
    Filling,
    ItemResult,
    ItemWork,
    PlannedItem,
    Speech,
    TakeResult,
    TakeWork,
)

LANDSCAPE = VideoOutput(name="landscape", width=384, height=216)
STORY = VideoOutput(name="story", width=216, height=384)
PLENTY = Quota(0.0, 1e9)
FRAMES = 50


def item(ordinal: int, *takes: str, output: VideoOutput = LANDSCAPE) -> PlannedItem:
    return PlannedItem(
        ordinal=ordinal,
        item_id=f"{ordinal:064x}",
        row=f"r{ordinal}",
        locale="en-GB",
        output=output,
        sentences=tuple(f"Say {take}." for take in takes),
        take_ids=takes,
        clip_ids=tuple(f"{take}/{output.name}" for take in takes),
    )


def took(work: TakeWork, *, reused: bool = False, refusal: Refusal | None = None) -> TakeResult:
    return TakeResult(work.take_id, FRAMES, (reused,) * len(work.clip_ids), 0.1, {}, 0.0, refusal)


def made(work: ItemWork) -> ItemResult:
    planned = work.planned
    frames = FRAMES * len(planned.clip_ids)
    receipt = Receipt(
        item=planned.item_id,
        ordinal=planned.ordinal,
        row=planned.row,
        locale=planned.locale,
        output=planned.output.name,
        outcome="done",
        frames=frames,
        metered_seconds=frames / 25,
        takes=len(planned.clip_ids),
    )
    return ItemResult(receipt, (), 0.01)


def done(work: TakeWork | ItemWork) -> TakeResult | ItemResult:
    return took(work) if isinstance(work, TakeWork) else made(work)


@dataclass
class Play:
    """A schedule and what was asked of its performers."""

    schedule: Schedule = field(default_factory=lambda: Schedule("order-uid"))
    now: float = 0.0
    receipts: list[Receipt] = field(default_factory=list)
    fresh: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, *items: PlannedItem) -> None:
        for one in items:
            ended = self.schedule.add(one, self.now)
            if ended is not None:
                self.receipts.append(ended.receipt)

    def next(self, performer: str = "p0", *, idle: bool = True, performers: int = 2, quota: Quota = PLENTY):
        return self.schedule.next(Asking(performer, idle, performers), quota, self.now)

    def work(self, performer: str = "p0", **asking) -> Assignment:
        assignment = self.next(performer, **asking)
        assert isinstance(assignment, Assignment)
        return assignment

    def answer(self, assignment: Assignment, *outcomes, performer: str = "p0", busy: float = 0.1) -> Turnout:
        answer = Answer(outcomes or tuple(done(work) for work in assignment.works), busy)
        assert self.schedule.fits(assignment, answer)
        return self.note(self.schedule.answered(assignment, performer, answer, self.now))

    def lose(self, assignment: Assignment, performer: str = "p0") -> Turnout:
        return self.note(self.schedule.lost(assignment, performer, "died", self.now))

    def note(self, turnout: Turnout) -> Turnout:
        for ended in turnout.ended:
            self.receipts.append(ended.receipt)
            self.fresh[ended.receipt.ordinal] = (ended.fresh_clips, ended.fresh_frames)
        return turnout

    def finish(self) -> list[Receipt]:
        """Everything that is left, done well."""
        for _ in range(10_000):
            self.now = max(self.now, self.schedule.next_at or 0.0)
            asked = [(name, self.next(name)) for name in ("p0", "p1")]
            if self.schedule.next_at is None and not any(assignment for _, assignment in asked):
                return self.receipts
            for name, assignment in asked:
                if isinstance(assignment, Assignment):
                    self.answer(assignment, performer=name)
        raise AssertionError("never finished")


def test_takes_come_first_then_the_item() -> None:
    play = Play()
    play.add(item(0, "a", "b"))
    first, second = play.work(), play.work("p1")
    assert [work.take_id for work in (*first.works, *second.works)] == ["a", "b"]
    assert play.next() is None
    play.answer(first)
    assert play.next() is None
    play.answer(second, performer="p1")
    (work,) = play.work().works
    assert isinstance(work, ItemWork)
    assert (work.staging_prefix, work.committed_seconds) == (f"orders/order-uid/items/{0:064x}/", 0.0)


def test_a_take_in_flight_is_waited_for_not_repeated() -> None:
    play = Play()
    play.add(item(0, "a"))
    take = play.work()
    play.add(item(1, "a"), item(2, "a"))
    assert play.next("p1") is None
    play.answer(take)
    assert len(play.finish()) == 3
    assert play.fresh == {0: (1, FRAMES), 1: (0, 0), 2: (0, 0)}


def test_one_take_makes_the_clips_of_all_outputs() -> None:
    play = Play()
    play.add(item(0, "a"), item(1, "a", output=STORY))
    (work,) = play.work().works
    assert isinstance(work, TakeWork)
    assert (work.clip_ids, work.outputs) == (("a/landscape", "a/story"), (LANDSCAPE, STORY))


def test_formats_of_a_row_go_to_one_performer_together_and_other_rows_do_not() -> None:
    play = Play()
    wide, tall, other = item(0, "a"), replace(item(1, "a", output=STORY), row="r0"), item(2, "a")
    play.add(wide, tall, other)
    play.answer(play.work())
    first, second = play.work(), play.work("p1")
    assert [work.planned for work in first.works] == [wide, tall]
    assert [work.planned for work in second.works] == [other]


def test_a_format_that_may_have_killed_its_performer_goes_alone() -> None:
    play = Play()
    play.add(item(0, "a"), replace(item(1, "a", output=STORY), row="r0"))
    play.answer(play.work())
    both = play.work()
    assert len(both.works) == 2
    play.lose(both)
    alone = play.work("p1")
    assert (len(alone.works), alone.alone) == (1, True)


def test_another_output_of_a_take_in_flight_is_asked_for_afterwards() -> None:
    play = Play()
    play.add(item(0, "a"))
    take = play.work()
    play.add(item(1, "a", output=STORY))
    assert play.next("p1") is None
    play.answer(take)
    works = [play.work().works[0], play.work("p1").works[0]]
    assert [type(work) for work in works] == [ItemWork, TakeWork]
    assert works[1].clip_ids == ("a/story",)


def test_a_sentence_said_twice_counts_twice() -> None:
    play = Play()
    play.add(item(0, "a", "a"))
    (receipt,) = play.finish()
    assert receipt.frames == 2 * FRAMES


def test_a_clip_made_before_costs_nothing() -> None:
    play = Play()
    play.add(item(0, "a"))
    take = play.work()
    play.answer(take, took(take.works[0], reused=True))
    play.finish()
    assert play.fresh[0] == (0, 0)


def test_a_failing_take_gets_three_attempts_on_other_performers_then_fails_its_items() -> None:
    play = Play()
    play.add(item(0, "a"), item(1, "a"))
    for performer in ("p0", "p1", "p2"):
        play.now += 10
        bad = play.work(performer, performers=3)
        play.answer(bad, Failure("no tongue", "Speechless"), performer=performer)
        play.now += 10
        assert play.next(performer, performers=3) is None
    assert [(one.ordinal, one.outcome, one.reason, one.message, one.attempts) for one in play.receipts] == [
        (0, "failed", "Speechless", "no tongue", 3),
        (1, "failed", "Speechless", "no tongue", 3),
    ]


def test_items_of_a_take_that_failed_for_good_end_at_once() -> None:
    play = Play()
    play.add(item(0, "a"))
    for _ in range(3):
        play.now += 60
        play.answer(play.work(performers=1), Failure("no"))
    play.add(item(1, "z", "a"))
    assert [receipt.ordinal for receipt in play.receipts] == [0, 1]
    assert play.schedule.open_items == 0


def test_a_retry_waits_longer_each_time() -> None:
    play = Play()
    play.add(item(0, "a"))
    play.answer(play.work(), Failure("no"))
    assert play.schedule.next_at == 0.5
    play.now = 0.4
    assert play.next("p1") is None
    play.now = 0.5
    play.answer(play.work("p1"), Failure("no"), performer="p1")
    assert play.schedule.next_at == pytest.approx(1.5)


def test_an_outage_is_no_attempt() -> None:
    play = Play()
    play.add(item(0, "a"))
    pauses = []
    for _ in range(8):
        turnout = play.answer(play.work(performers=1), Failure("S3 is away", "StoreOutage", outage=True))
        assert (turnout.outage, turnout.failures) == ("S3 is away", 0)
        pauses.append(play.schedule.next_at - play.now)
        play.now = play.schedule.next_at
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
    (receipt,) = play.finish()
    assert (receipt.outcome, receipt.attempts) == ("done", 1)


def test_attempts_of_an_item_stand_in_its_receipt() -> None:
    play = Play()
    play.add(item(0, "a"))
    play.answer(play.work())
    play.answer(play.work(), Failure("no"))
    (receipt,) = play.finish()
    assert receipt.attempts == 2


def test_a_performer_that_dies_takes_its_batch_along_and_each_work_is_tried_alone() -> None:
    play = Play()
    play.add(item(0, *(f"t{n}" for n in range(12))))
    for _ in range(2):
        play.answer(play.work(), busy=1e-4)
    batch = play.work()
    assert len(batch.works) == 4
    play.lose(batch)
    for work in batch.works:
        alone = play.work("p1")
        assert (alone.alone, alone.works) == (True, (work,))
        play.answer(alone, performer="p1", busy=1e-4)
    assert not play.work("p1").alone


def test_a_work_that_kills_three_performers_alone_has_failed() -> None:
    play = Play()
    play.add(item(0, "poison"), item(1, "fine"))
    play.lose(play.work())
    for performer in ("p1", "p2", "p3"):
        play.now += 60
        while not (batch := play.work(performer, performers=4)).alone:
            play.answer(batch, performer=performer)
        play.lose(batch, performer)
    outcomes = {receipt.ordinal: (receipt.outcome, receipt.reason) for receipt in play.finish()}
    assert outcomes == {0: ("failed", "PerformerDied"), 1: ("done", "")}


def test_a_suspect_waits_for_an_idle_performer() -> None:
    play = Play()
    play.add(item(0, "a"))
    play.lose(play.work())
    play.add(item(1, "b"))
    assert play.next("p1", idle=False) == "drain"
    assert isinstance(play.next("p0", idle=False), Assignment)
    assert play.work("p1", idle=True).alone


def test_nobody_waits_for_a_performer_that_is_gone() -> None:
    play = Play()
    play.add(item(0, "a"))
    play.lose(play.work())
    assert play.next("p1", idle=False) == "drain"
    play.schedule.gone("p1")
    assert play.work("p2", idle=True).alone


PAUSE = Refusal(reason="GrantExpired", message="grant: expired")
NEVER = Refusal(reason="LanguageNotCovered", message="license: locales en-GB not covered")


def test_a_grant_that_ran_out_pauses_and_costs_no_attempt() -> None:
    play = Play()
    play.add(item(0, "a"))
    take = play.work()
    assert play.answer(take, took(take.works[0], refusal=PAUSE)).paused == PAUSE
    play.answer(play.work())
    join = play.work()
    assert play.answer(join, ItemResult(None, (), 0.0, refusal=PAUSE)).paused == PAUSE
    (receipt,) = play.finish()
    assert (receipt.outcome, receipt.attempts) == ("done", 1)


def test_a_refused_take_rejects_its_items() -> None:
    play = Play()
    play.add(item(0, "a"), item(1, "a"))
    take = play.work()
    turnout = play.answer(take, took(take.works[0], refusal=NEVER))
    assert turnout.paused is None
    assert [(one.outcome, one.reason, one.metered_seconds) for one in play.receipts] == [
        ("rejected", "LanguageNotCovered", 0.0),
        ("rejected", "LanguageNotCovered", 0.0),
    ]


def test_vanished_clips_are_performed_again() -> None:
    play = Play()
    play.add(item(0, "a", "b"))
    for _ in range(2):
        play.answer(play.work())
    join = play.work()
    play.answer(join, ItemResult(None, (), 0.0, missing_clips=("b/landscape",)))
    again = play.work()
    assert [work.take_id for work in again.works] == ["b"]
    play.answer(again)
    (receipt,) = play.finish()
    assert (receipt.outcome, receipt.frames, receipt.attempts) == ("done", 2 * FRAMES, 2)


def test_clips_that_vanish_again_and_again_fail_the_item() -> None:
    play = Play()
    play.add(item(0, "a"))
    for _ in range(3):
        play.now += 60
        play.answer(play.work(performers=1))
        play.answer(play.work(performers=1), ItemResult(None, (), 0.0, missing_clips=("a/landscape",)))
    assert [(one.outcome, one.reason) for one in play.receipts] == [("failed", "ClipsVanished")]
    assert play.next() is None


def test_the_grant_bounds_what_is_handed_out() -> None:
    play = Play()
    play.add(*(item(n, "a") for n in range(4)))
    play.answer(play.work())
    quota = Quota(committed_seconds=10.0, granted_seconds=14.0)
    first = play.work(quota=quota)
    second = play.work("p1", quota=quota)
    assert [work.committed_seconds for work in (*first.works, *second.works)] == [10.0, 12.0]
    assert play.next(quota=quota) is None
    assert play.schedule.short_of_grant
    play.answer(first)
    assert play.next(quota=Quota(12.0, 14.0)) is None
    assert play.schedule.short_of_grant
    assert isinstance(play.next(quota=Quota(12.0, 20.0)), Assignment)
    assert not play.schedule.short_of_grant


def test_no_item_is_handed_out_beyond_those_granted() -> None:
    play = Play()
    play.add(*(item(n, "a") for n in range(4)))
    play.answer(play.work())
    quota = Quota(0.0, 600.0, committed_items=5, granted_items=7)
    first, second = play.work(quota=quota), play.work("p1", quota=quota)
    assert [work.committed_items for work in (*first.works, *second.works)] == [5, 6]
    assert play.next(quota=quota) is None
    assert (play.schedule.short_of_grant, play.schedule.short_seconds) == (True, FRAMES / 25)
    play.answer(first)
    play.lose(second, "p1")
    assert play.next(quota=Quota(2.0, 600.0, 6, 6)) is None, "what was lost is handed out under the same bound"
    assert isinstance(play.next(quota=Quota(2.0, 600.0, 6, 7)), Assignment)


def test_a_grant_without_seconds_still_lets_takes_begin() -> None:
    play = Play()
    play.add(item(0, "a"))
    assert isinstance(play.work(quota=Quota(0.0, 0.0)).works[0], TakeWork)


@pytest.mark.parametrize("outcomes", [(), ("two", "many"), (ItemResult(None, (), 0.0),)])
def test_an_answer_to_something_else_does_not_fit(outcomes: tuple) -> None:
    play = Play()
    play.add(item(0, "a"))
    assert not play.schedule.fits(play.work(), Answer(outcomes, 0.1))


def test_how_long_works_were_ready_is_told() -> None:
    play = Play()
    play.now = 5.0
    play.add(item(0, "a"))
    play.now = 7.5
    assert play.work().waited_seconds == 2.5


FATES = st.sampled_from(["done", "done", "done", "fail", "outage", "lost", "pause", "reject"])
ITEMS = st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(ITEMS, st.lists(FATES, max_size=80), st.randoms(use_true_random=False))
def test_whatever_happens_every_item_ends_exactly_once(takes, fates, chance) -> None:
    play, held = Play(), {"p0": [], "p1": [], "p2": []}
    waiting = [item(n, *names, output=chance.choice([LANDSCAPE, STORY])) for n, names in enumerate(takes)]
    fate = iter([*fates, *["done"] * 5000])
    for _ in range(5000):
        if waiting and chance.random() < 0.5:
            play.add(waiting.pop(0))
        performer = chance.choice(list(held))
        batches = held[performer]
        if len(batches) < 2 and not any(batch.alone for batch in batches):
            got = play.next(performer, idle=not batches, performers=3)
            if isinstance(got, Assignment):
                assert not got.alone or not batches
                batches.append(got)
        flying = [
            work.take_id for many in held.values() for one in many for work in one.works if hasattr(work, "words")
        ]
        assert len(flying) == len(set(flying)), "a take flies twice"
        if batches and chance.random() < 0.6:
            resolve(play, performer, batches, next(fate))
        play.now += 0.3
        if not waiting and not play.schedule.open_items and not any(held.values()):
            break
    ordinals = [receipt.ordinal for receipt in play.receipts]
    assert sorted(ordinals) == list(range(len(takes)))
    assert play.schedule.in_flight == 0
    assert all(receipt.attempts <= 3 for receipt in play.receipts)


def resolve(play: Play, performer: str, batches: list[Assignment], fate: str) -> None:
    """What becomes of the oldest batch of a performer; one that dies loses all it holds."""
    if fate == "lost":
        for batch in batches:
            play.lose(batch, performer)
        batches.clear()
        return
    batch = batches.pop(0)
    outcomes = []
    for work in batch.works:
        refusal = {"pause": PAUSE, "reject": NEVER}.get(fate)
        if fate in ("fail", "outage"):
            outcomes.append(Failure("no", outage=fate == "outage"))
        elif refusal is None or (fate == "reject" and isinstance(work, ItemWork)):
            outcomes.append(done(work))
        elif isinstance(work, TakeWork):
            outcomes.append(took(work, refusal=refusal))
        else:
            outcomes.append(ItemResult(None, (), 0.0, refusal=refusal))
    play.answer(batch, *outcomes, performer=performer)


TOO_LONG = Refusal(reason="ItemTooLong", message="license: too long")


def test_a_take_carries_what_its_item_says_until_its_length_is_known() -> None:
    play = Play()
    play.add(item(0, "a", "b", "c"))
    first = play.next(quota=Quota(5.0, 1e9))
    assert first.works[0].speech == Speech(("a", "b", "c"), ("Say a.", "Say b.", "Say c."), 5.0)
    play.answer(first, replace(took(first.works[0]), item_seconds=6.0))
    assert play.work().works[0].speech is None


def test_an_item_that_is_too_long_takes_no_other_along() -> None:
    """Two rows begin alike; the first goes on for too long. Neither is a clip made that it alone wanted."""
    play = Play()
    play.add(item(0, "a", "b"), item(1, "a", "b", output=STORY), item(2, "a", "c"))
    first = play.work()
    turnout = play.answer(first, replace(took(first.works[0], refusal=TOO_LONG), item_seconds=99.0, item_refused=True))
    assert [(one.receipt.ordinal, one.receipt.outcome, one.receipt.reason) for one in turnout.ended] == [
        (0, "rejected", "ItemTooLong"),
        (1, "rejected", "ItemTooLong"),
    ]
    again = play.work()
    assert (again.works[0].take_id, again.works[0].outputs) == ("a", (LANDSCAPE,))
    assert again.works[0].speech.take_ids == ("a", "c")
    play.answer(again)
    assert {receipt.ordinal: receipt.outcome for receipt in play.finish()} == {0: "rejected", 1: "rejected", 2: "done"}
    assert play.schedule.open_items == 0


def test_a_take_whose_only_item_is_too_long_is_forgotten() -> None:
    play = Play()
    play.add(item(0, "a", "b"))
    first = play.work()
    play.answer(first, replace(took(first.works[0], refusal=TOO_LONG), item_seconds=99.0, item_refused=True))
    assert play.next() is None
    play.add(item(1, "a", output=STORY))
    assert [receipt.outcome for receipt in play.finish()] == ["rejected", "done"]


def test_an_item_wanted_again_in_an_output_that_was_left_out_is_made() -> None:
    play = Play()
    play.add(item(0, "a", "b", output=STORY), item(1, "a"))
    first = play.work()
    play.answer(first, replace(took(first.works[0], refusal=TOO_LONG), item_seconds=99.0, item_refused=True))
    again = play.work()
    assert again.works[0].outputs == (LANDSCAPE,)
    play.add(item(2, "a", output=STORY))
    play.answer(again)
    assert {receipt.ordinal: receipt.outcome for receipt in play.finish()} == {0: "rejected", 1: "done", 2: "done"}


def test_what_the_performer_measured_is_held_against_every_grant_that_follows() -> None:
    """It says how long the item is; until a grant reaches for it, nobody is asked again and the shortage is told."""
    play = Play()
    play.add(item(0, "a", "b"))
    first = play.next(quota=Quota(10.0, 12.0))
    short = Refusal(reason=GRANT_EXHAUSTED, message="grant: 4.00 s wanted")
    turnout = play.answer(first, replace(took(first.works[0], refusal=short), item_seconds=4.0, item_refused=True))
    assert (turnout.paused, turnout.ended) == (short, [])
    for quota in (Quota(10.0, 12.0), Quota(10.0, 13.9)):
        assert (play.schedule.short_of_grant, play.schedule.short_seconds) == (True, 4.0)
        assert play.next(quota=quota) is None
    assert play.next(quota=Quota(10.0, 14.0)).works[0].take_id == "a"
    assert not play.schedule.short_of_grant


def test_how_a_sentence_came_about_goes_along_with_it() -> None:
    fillings = tuple(Filling(f"Say {{what}} {name}.", (("what", name),)) for name in ("a", "b"))
    play = Play()
    play.add(replace(item(0, "a", "b"), fillings=fillings))
    work = play.work().works[0]
    assert (work.filling, work.speech.fillings) == (fillings[0], fillings)
