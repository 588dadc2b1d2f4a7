"""Queues with back-off, and clips that are known."""

from __future__ import annotations

from understudy_workers.direction.ready import KnownClips, Ready
from understudy_workers.direction.units import Unit


def test_units_come_out_in_the_order_they_went_in() -> None:
    queue: Ready[Unit] = Ready()
    units = [Unit() for _ in range(3)]
    for unit in units:
        queue.push(unit, 0.0)
    assert [queue.pop("p", 1) for _ in range(4)] == [*units, None]


def test_a_pausing_unit_waits_for_its_time() -> None:
    queue: Ready[Unit] = Ready()
    late, later = Unit(), Unit()
    queue.push_later(later, 9.0)
    queue.push_later(late, 5.0)
    queue.wake(4.9)
    assert (queue.pop("p", 1), queue.next_at, len(queue)) == (None, 5.0, 2)
    queue.wake(10.0)
    assert [queue.pop("p", 1), queue.pop("p", 1), queue.next_at] == [late, later, None]
    assert late.ready_at == 5.0


def test_what_came_back_untouched_goes_first() -> None:
    queue: Ready[Unit] = Ready()
    first, second = Unit(), Unit()
    queue.push(second, 0.0)
    queue.push_front(first)
    assert queue.pop("p", 1) is first


def test_a_unit_avoids_the_performer_it_failed_on() -> None:
    queue: Ready[Unit] = Ready()
    burnt, fresh = Unit(avoid=frozenset({"p"})), Unit()
    queue.push(burnt, 0.0)
    queue.push(fresh, 0.0)
    assert queue.pop("p", 2) is fresh
    assert queue.pop("p", 2) is None
    assert queue.pop("q", 2) is burnt


def test_a_unit_that_failed_everywhere_avoids_nobody() -> None:
    queue: Ready[Unit] = Ready()
    burnt = Unit(avoid=frozenset({"p", "q"}))
    queue.push(burnt, 0.0)
    assert queue.peek("p", 2) is burnt
    assert len(queue) == 1


def test_known_clips_forget_the_one_longest_unused() -> None:
    clips = KnownClips(limit=2)
    clips.remember("a", 1)
    clips.remember("b", 2)
    assert clips.get("a") == 1
    clips.remember("c", 3)
    assert [clips.get(name) for name in "abc"] == [1, None, 3]
    clips.forget("a")
    clips.forget("nobody")
    assert (clips.get("a"), len(clips)) == (None, 1)
