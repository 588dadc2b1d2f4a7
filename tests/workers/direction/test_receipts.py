"""The receipt log in a real object store: racing writers, reading back, coming back to an earlier content."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from theatre import NOW, receipt

from understudy_api.receipt import (
    MAX_LOGGED_GROUPS,
    Finished,
    Segment,
    Totals,
    finished_key,
    segment_key,
)
from understudy_workers.direction.batch import Witness
from understudy_workers.direction.receipts import ReceiptLog
from understudy_workers.direction.totals import Spent
from understudy_workers.objects import Objects, OutageError


@pytest.fixture
def open_log(objects, pool):
    """Opens a director's view of an order's log, read anew."""

    def opened(order, director: str = "one") -> ReceiptLog:
        log = ReceiptLog(objects, pool.buckets.receipts, order, director)
        log.load()
        return log

    return opened


def test_a_fresh_log_is_empty(orders, open_log) -> None:
    log = open_log(orders.write(["Ada"]))
    assert (log.next_sequence, log.newest, log.totals, len(log.accounted)) == (0, None, Totals(), 0)
    assert not log.interrupted
    assert log.finished() is None


def test_what_was_written_is_read_back(orders, open_log) -> None:
    order = orders.write(["Ada", "Bob", "Cleo", "Dan"])
    log = open_log(order)
    first = log.append(
        (receipt(order, 0), receipt(order, 2, "failed")), Spent(worker_seconds=3.0, frames=50, started_at=NOW), NOW
    )
    log.append((receipt(order, 1),), Spent(worker_seconds=1.0, clips_rendered=1), NOW + 2)
    assert first.written is not None
    assert (first.written.sequence, first.written.billed_seconds) == (0, 2.0)
    again = open_log(order, "two")
    wanted = Totals(
        done=2, failed=1, metered_seconds=4.0, worker_seconds=4.0, frames=50, clips_rendered=1, started_at=NOW
    )
    assert again.totals == wanted
    assert (again.billed_seconds, again.billed_worker_seconds, again.next_sequence) == (4.0, 4.0, 2)
    assert again.billed_items == 2, "what failed is not charged"
    assert [ordinal for ordinal in range(4) if ordinal in again.accounted] == [0, 1, 2]
    assert [segment.sequence for segment in again.own_segments()] == [0, 1]


def test_a_segment_carries_each_key_and_grant_once(orders, open_log) -> None:
    order = orders.write(["Ada", "Bob", "Cleo"])
    log, grant = open_log(order), order.grant
    witnesses = [Witness("k1", grant), Witness("k2", grant), Witness("k1", order.license)]
    written = log.append((receipt(order, 0), receipt(order, 1)), Spent(), NOW, witnesses).written
    assert (written.keys, written.grants) == (("k1", "k2"), (grant, order.license))
    assert log.append((receipt(order, 2),), Spent(), NOW).written.keys == ()


def test_nothing_to_tell_is_not_written(orders, open_log) -> None:
    order = orders.write(["Ada"])
    log = open_log(order)
    assert log.append((), Spent(), NOW).written is None
    assert log.append((), Spent(worker_seconds=1.0), NOW).written is not None
    assert log.append((), Spent(), NOW, even_empty=True).written is not None
    assert len(orders.segments(order)) == 2


def test_the_loser_of_a_race_drops_what_the_winner_holds(orders, open_log) -> None:
    order = orders.write(["Ada", "Bob", "Cleo"])
    winner, loser = open_log(order, "winner"), open_log(order, "loser")
    winner.append((receipt(order, 0), receipt(order, 1)), Spent(worker_seconds=1.0), NOW)
    appended = loser.append((receipt(order, 1), receipt(order, 2)), Spent(worker_seconds=2.0), NOW)
    assert [segment.director for segment in appended.met] == ["winner"]
    assert appended.written is not None
    assert [one.ordinal for one in appended.written.receipts] == [2]
    assert appended.written.sequence == 1
    assert appended.written.totals.metered_seconds == 6.0
    assert appended.written.billed_worker_seconds == 3.0


def test_a_loser_whose_items_are_all_told_writes_nothing(orders, open_log) -> None:
    order = orders.write(["Ada"])
    winner, loser = open_log(order, "winner"), open_log(order, "loser")
    winner.append((receipt(order, 0),), Spent(), NOW)
    appended = loser.append((receipt(order, 0),), Spent(worker_seconds=1.0), NOW)
    assert appended.written is None
    assert len(appended.met) == 1
    assert loser.next_sequence == 1


def test_a_put_that_got_through_unnoticed_is_recognised(orders, open_log, objects, pool) -> None:
    """The store took the segment, the answer was lost, the call is made again."""
    order = orders.write(["Ada"])
    log, twin = open_log(order, "me"), open_log(order, "me")
    twin.append((receipt(order, 0),), Spent(worker_seconds=1.0), NOW)
    appended = log.append((receipt(order, 0),), Spent(worker_seconds=1.0), NOW)
    assert appended.written is not None
    assert appended.met == ()
    assert (log.totals.done, log.totals.worker_seconds, len(orders.segments(order))) == (1, 1.0, 1)


def spent(**by_group: float) -> Spent:
    """So many seconds of each group, and one of none."""
    found = Spent()
    found.work(sum(by_group.values()) + 1.0, by_group)
    return found


def test_seconds_of_groups_are_read_back_and_go_on_beside_the_sum(orders, open_log) -> None:
    order = orders.write(["Ada", "Bob", "Cleo"])
    open_log(order).append((receipt(order, 0),), spent(spot=2.0), NOW)
    log = open_log(order, "two")
    assert log.billed_worker_seconds_by_group == {"spot": 2.0}
    log.append((receipt(order, 1),), spent(spot=0.5, fixed=4.0), NOW)
    log.append((receipt(order, 2),), Spent(), NOW)
    last = orders.segments(order)[-1]
    assert last.billed_worker_seconds_by_group == {"spot": 2.5, "fixed": 4.0}
    assert (last.billed_worker_seconds, last.totals.worker_seconds) == (8.5, 8.5)


def test_the_loser_of_a_race_adds_its_groups_to_the_winners(orders, open_log) -> None:
    order = orders.write(["Ada", "Bob"])
    winner, loser = open_log(order, "winner"), open_log(order, "loser")
    winner.append((receipt(order, 0),), spent(spot=2.0), NOW)
    loser.append((receipt(order, 1),), spent(spot=1.0, fixed=3.0), NOW)
    last = orders.segments(order)[-1]
    assert (last.sequence, last.billed_worker_seconds) == (1, 8.0)
    assert last.billed_worker_seconds_by_group == {"spot": 3.0, "fixed": 3.0}


def test_a_log_of_an_earlier_release_goes_on_with_groups(orders, open_log, objects, pool) -> None:
    order = orders.write(["Ada", "Bob"])
    first = open_log(order).append((receipt(order, 0),), Spent(worker_seconds=5.0), NOW).written
    stored = objects.get(pool.buckets.receipts, segment_key(order.uid, first.sequence))
    assert b"by_group" not in stored, "an earlier release reads a log without groups"
    log = open_log(order, "two")
    assert log.billed_worker_seconds_by_group == {}
    last = log.append((receipt(order, 1),), spent(spot=2.0), NOW).written
    assert (last.billed_worker_seconds, last.billed_worker_seconds_by_group) == (8.0, {"spot": 2.0})


def test_groups_beyond_those_a_log_tells_apart_count_in_the_sum_alone(orders, open_log) -> None:
    order = orders.write([f"n{n}" for n in range(MAX_LOGGED_GROUPS + 2)])
    log = open_log(order)
    for n in range(MAX_LOGGED_GROUPS + 2):
        log.append((receipt(order, n),), spent(**{f"g{n}": 1.0, "g0": 1.0}), NOW)
    last = orders.segments(order)[-1]
    assert set(last.billed_worker_seconds_by_group) == {f"g{n}" for n in range(MAX_LOGGED_GROUPS)}
    assert last.billed_worker_seconds_by_group["g0"] == MAX_LOGGED_GROUPS + 2
    assert last.billed_worker_seconds == log.billed_worker_seconds == 3.0 * (MAX_LOGGED_GROUPS + 2) - 1


@pytest.mark.parametrize("writers", [2, 4])
def test_directors_racing_on_one_log_tell_every_item_once(orders, open_log, writers: int) -> None:
    order = orders.write([f"n{n}" for n in range(60)])
    gate = threading.Barrier(writers)

    def direct(name: str) -> None:
        log = open_log(order, name)
        gate.wait()
        for start in range(0, 60, 5):
            log.append(tuple(receipt(order, n) for n in range(start, start + 5)), Spent(worker_seconds=1.0), NOW)

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(direct, [f"d{n}" for n in range(writers)]))
    told = orders.receipts(order)
    assert sorted(one.ordinal for one in told) == list(range(60))
    last = orders.segments(order)[-1]
    assert (last.totals.done, last.totals.metered_seconds, last.billed_seconds) == (60, 120.0, 120.0)
    assert [segment.sequence for segment in orders.segments(order)] == list(range(last.sequence + 1))


def changed(orders, order, sentence: str, generation: int):
    """The same job with other words."""
    return orders.write(["Ada", "Bob"], (sentence,), uid=order.uid, generation=generation)


def test_items_of_an_earlier_content_are_carried_not_billed(orders, open_log) -> None:
    order = orders.write(["Ada", "Bob"])
    kept, lost = receipt(order, 0, item="a" * 64), receipt(order, 1, "failed", item="b" * 64)
    open_log(order).append((kept, lost), Spent(worker_seconds=5.0), NOW)
    later = changed(orders, order, "Bye {name}.", 2)
    log = open_log(later)
    assert (log.totals, log.billed_seconds, log.billed_items, len(log.accounted)) == (Totals(), 2.0, 1, 0)
    assert log.carried("a" * 64) == kept
    assert log.carried("b" * 64) is None
    assert log.carried("c" * 64) is None


def test_an_item_billed_under_another_content_meanwhile_is_not_billed_again(orders, open_log) -> None:
    order = orders.write(["Ada", "Bob"])
    later = changed(orders, order, "Bye {name}.", 2)
    fast, slow = open_log(later, "fast"), open_log(order, "slow")
    fast.append((receipt(later, 0, item="a" * 64),), Spent(), NOW)
    appended = slow.append((receipt(order, 0, item="a" * 64), receipt(order, 1, item="b" * 64)), Spent(), NOW)
    assert appended.written is not None
    told = {one.item[0]: (one.carried, one.metered_seconds) for one in appended.written.receipts}
    assert told == {"a": (True, 0.0), "b": (False, 2.0)}
    assert appended.written.billed_seconds == 4.0


def test_a_content_that_others_followed_is_interrupted(orders, open_log) -> None:
    order = orders.write(["Ada", "Bob"])
    log = open_log(order)
    log.append((receipt(order, 0),), Spent(), NOW)
    later = changed(orders, order, "Bye {name}.", 2)
    open_log(later).append((receipt(later, 0, item="c" * 64),), Spent(), NOW)
    assert open_log(order).interrupted
    assert not open_log(later).interrupted


def finished(order, generation: int, state: str = "Complete") -> Finished:
    return Finished(
        uid=order.uid, order=order.digest, generation=generation, state=state, totals=Totals(), finished_at=NOW
    )


@pytest.mark.parametrize(
    ("there", "then", "stays"),
    [
        (("Complete", 2), ("Failed", 2), ("Complete", 2)),
        (("Complete", 2), ("Failed", 1), ("Complete", 2)),
        (("Complete", 1), ("Failed", 2), ("Failed", 2)),
        (("Stopped", 2), ("Complete", 2), ("Complete", 2)),
    ],
)
def test_the_last_word_gives_way_to_a_later_generation_only(orders, open_log, there, then, stays) -> None:
    order = orders.write(["Ada"])
    log = open_log(order)
    for state, generation in (there, then):
        log.finish(finished(order, generation, state))
    word = log.finished()
    assert word is not None
    assert (word.state, word.generation) == stays


def test_more_receipts_than_a_segment_holds_are_refused(orders, open_log) -> None:
    order = orders.write(["Ada"])
    with pytest.raises(ValueError, match="at most 500"):
        open_log(order).append((receipt(order, 0),) * 501, Spent(), NOW)


def test_an_outage_loses_nothing(orders, pool) -> None:
    order = orders.write(["Ada"])
    away = Objects(pool.s3.model_copy(update={"endpoint": "127.0.0.1:9"}), patience_seconds=0.1)
    log = ReceiptLog(away, pool.buckets.receipts, order, "me")
    with pytest.raises(OutageError):
        log.append((receipt(order, 0),), Spent(worker_seconds=1.0), NOW)
    assert (log.next_sequence, log.totals, len(log.accounted)) == (0, Totals(), 0)


def test_many_segments_are_read_in_order(orders, open_log, objects, pool) -> None:
    order = orders.write([f"n{n}" for n in range(150)])
    for n in range(150):
        segment = Segment(
            uid=order.uid,
            sequence=n,
            director="d",
            order=order.digest,
            generation=1,
            written_at=NOW,
            receipts=(receipt(order, n),),
            totals=Totals(done=n + 1),
        )
        objects.put(pool.buckets.receipts, segment_key(order.uid, n), segment.model_dump_json().encode())
    log = open_log(order)
    assert (log.totals.done, len(log.accounted), log.next_sequence) == (150, 150, 150)
    assert log.segment(3).receipts[0].ordinal == 3


def test_the_last_word_is_no_segment(orders, open_log, objects, pool) -> None:
    order = orders.write(["Ada"])
    log = open_log(order)
    log.finish(finished(order, 1))
    assert objects.head(pool.buckets.receipts, finished_key(order.uid, order.digest)) is not None
    assert open_log(order).next_sequence == 0
