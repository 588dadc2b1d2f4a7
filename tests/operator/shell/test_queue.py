"""The work queue: one reconcile per key, delays, back-off, and nothing lost."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_operator.shell.queue import FIRST_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS, WorkQueue


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> WorkQueue[str]:
    return WorkQueue(clock)


def taken(queue: WorkQueue[str]) -> str | None:
    found = queue.take(timeout_seconds=0)
    return found.key if found else None


def test_a_marked_key_is_taken_once(queue: WorkQueue[str]) -> None:
    queue.mark("a")
    queue.mark("a")
    assert taken(queue) == "a"
    assert taken(queue) is None
    queue.finish("a")
    assert taken(queue) is None


def test_keys_come_in_the_order_they_became_due(queue: WorkQueue[str], clock: Clock) -> None:
    queue.mark("late", 5)
    queue.mark("first")
    clock.now += 1
    queue.mark("second")
    assert [taken(queue), taken(queue), taken(queue)] == ["first", "second", None]
    clock.now += 4
    found = queue.take(0)
    assert found is not None
    assert (found.key, found.waited_seconds) == ("late", 0)


def test_a_key_marked_while_running_runs_again_but_never_twice_at_once(queue: WorkQueue[str]) -> None:
    queue.mark("a")
    assert taken(queue) == "a"
    queue.mark("a")
    assert taken(queue) is None
    queue.mark("b")
    assert taken(queue) == "b"
    queue.finish("a")
    assert taken(queue) == "a"


def test_an_earlier_mark_wins_over_a_later_one(queue: WorkQueue[str], clock: Clock) -> None:
    queue.mark("a", 10)
    queue.mark("a", 2)
    queue.mark("a", 30)
    clock.now += 2
    assert taken(queue) == "a"
    queue.finish("a")
    clock.now += 100
    assert taken(queue) is None


def test_finish_requeues_after_the_given_time(queue: WorkQueue[str], clock: Clock) -> None:
    queue.mark("a")
    assert taken(queue) == "a"
    queue.finish("a", 7.0)
    clock.now += 6.9
    assert taken(queue) is None
    clock.now += 0.2
    assert taken(queue) == "a"


def test_failures_back_off_to_the_cap_and_success_forgets_them(queue: WorkQueue[str], clock: Clock) -> None:
    queue.mark("a")
    delays = []
    for _ in range(12):
        assert taken(queue) == "a"
        delays.append(queue.fail("a"))
        assert taken(queue) is None
        clock.now += delays[-1]
    assert delays[:4] == [FIRST_BACKOFF_SECONDS * n for n in (1, 2, 4, 8)]
    assert delays[-1] == MAX_BACKOFF_SECONDS
    assert taken(queue) == "a"
    queue.finish("a")
    queue.mark("a")
    assert taken(queue) == "a"
    assert queue.fail("a") == FIRST_BACKOFF_SECONDS


def test_a_failure_may_have_a_lower_cap(queue: WorkQueue[str], clock: Clock) -> None:
    queue.mark("a")
    for _ in range(6):
        assert taken(queue) == "a"
        delay = queue.fail("a", 0.5)
        clock.now += delay
    assert delay == 0.5


def test_a_doorbell_shortens_a_back_off_but_not_below_its_first_step(queue: WorkQueue[str], clock: Clock) -> None:
    queue.mark("a")
    for _ in range(8):
        assert taken(queue) == "a"
        clock.now += queue.fail("a")
    assert taken(queue) == "a"
    queue.fail("a")
    queue.mark("a")
    assert taken(queue) is None
    clock.now += FIRST_BACKOFF_SECONDS
    assert taken(queue) == "a"


def test_a_mark_during_a_failing_run_does_not_skip_the_back_off(queue: WorkQueue[str], clock: Clock) -> None:
    queue.mark("a")
    assert taken(queue) == "a"
    queue.mark("a")
    queue.fail("a")
    assert taken(queue) is None


def test_forgotten_keys_are_not_due(queue: WorkQueue[str]) -> None:
    queue.mark("a")
    queue.forget("a")
    assert taken(queue) is None


def test_backlog_counts_due_keys_by_group(queue: WorkQueue[str]) -> None:
    for key in ("job/a", "job/b", "license/a"):
        queue.mark(key)
    queue.mark("job/later", 60)
    assert queue.backlog(lambda key: key.split("/")[0]) == {"job": 2, "license": 1}


def test_longest_running_is_the_age_of_the_oldest_reconcile(queue: WorkQueue[str], clock: Clock) -> None:
    assert queue.longest_running_seconds() == 0
    queue.mark("a")
    taken(queue)
    clock.now += 5
    queue.mark("b")
    taken(queue)
    assert queue.longest_running_seconds() == 5
    queue.finish("a")
    assert queue.longest_running_seconds() == 0


def test_close_wakes_every_taker() -> None:
    queue: WorkQueue[str] = WorkQueue()
    results: list[object] = []
    threads = [threading.Thread(target=lambda: results.append(queue.take())) for _ in range(4)]
    for thread in threads:
        thread.start()
    queue.close()
    for thread in threads:
        thread.join(5)
    assert results == [None] * 4
    queue.mark("a")
    assert queue.take(0) is None


def test_many_threads_never_share_a_key_and_lose_no_mark() -> None:
    queue: WorkQueue[int] = WorkQueue()
    running: Counter[int] = Counter()
    marked, lock, overlaps = Counter[int](), threading.Lock(), []
    seen_after: dict[int, int] = {}

    def work() -> None:
        while (found := queue.take()) is not None:
            key = found.key
            with lock:
                running[key] += 1
                overlaps.append(running[key])
                seen_after[key] = marked[key]
            with lock:
                running[key] -= 1
            queue.finish(key)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for index in range(2000):
        with lock:
            marked[index % 7] += 1
        queue.mark(index % 7)
    settled = threading.Event()
    for _ in range(1000):
        if not queue.backlog() and queue.longest_running_seconds() == 0:
            break
        settled.wait(0.005)
    queue.close()
    for thread in threads:
        thread.join(5)
    assert set(overlaps) == {1}
    assert seen_after == dict(marked)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["mark", "take", "finish", "fail", "tick"])), max_size=60
    )
)
def test_a_marked_key_always_runs_in_the_end(steps: list[tuple[str, str]]) -> None:
    clock = Clock()
    queue: WorkQueue[str] = WorkQueue(clock)
    running: set[str] = set()
    owed: set[str] = set()
    for key, step in steps:
        match step:
            case "mark":
                queue.mark(key, 1.0)
                owed.add(key)
            case "take":
                if (got := taken(queue)) is not None:
                    assert got not in running
                    running.add(got)
                    owed.discard(got)
            case "finish" if key in running:
                running.discard(key)
                queue.finish(key)
            case "fail" if key in running:
                running.discard(key)
                queue.fail(key)
                owed.add(key)
            case _:
                clock.now += 0.5
    for key in running:
        queue.finish(key)
    clock.now += 2 * MAX_BACKOFF_SECONDS
    rest = set()
    while (got := taken(queue)) is not None:
        rest.add(got)
    assert rest == owed


def test_urgent_keys_go_first_and_once(queue: WorkQueue[str]) -> None:
    queue.mark("first")
    queue.mark("second")
    queue.hurry("second")
    queue.hurry("third")
    assert [taken(queue) for _ in range(4)] == ["second", "third", "first", None]
    for key in ("first", "second", "third"):
        queue.finish(key)
    queue.mark("second")
    queue.mark("first")
    assert [taken(queue), taken(queue)] == ["second", "first"], "urgent no longer: in the order of marks"


def test_whoever_wants_urgent_keys_alone_takes_no_other(queue: WorkQueue[str]) -> None:
    queue.mark("a")
    assert queue.take(0, urgent_only=True) is None
    queue.hurry("b")
    found = queue.take(0, urgent_only=True)
    assert found is not None
    assert found.key == "b"
    assert taken(queue) == "a"


def test_an_urgent_key_that_fails_stays_urgent(queue: WorkQueue[str], clock: Clock) -> None:
    queue.hurry("a")
    assert taken(queue) == "a"
    delay = queue.fail("a")
    assert queue.take(0, urgent_only=True) is None, "not before its time"
    clock.now += delay
    found = queue.take(0, urgent_only=True)
    assert found is not None
    assert found.key == "a"


def test_a_key_hurried_while_it_runs_is_due_again_and_urgent(queue: WorkQueue[str]) -> None:
    queue.mark("a")
    assert taken(queue) == "a"
    queue.hurry("a")
    assert queue.take(0, urgent_only=True) is None, "one thread at a time"
    queue.finish("a")
    found = queue.take(0, urgent_only=True)
    assert found is not None
    assert found.key == "a"


def test_what_takes_long_does_not_keep_the_urgent_waiting() -> None:
    """A taker of urgent keys that sleeps is woken by one, however many others are due."""
    queue: WorkQueue[str] = WorkQueue()
    found: list[str] = []

    def work() -> None:
        while (one := queue.take(urgent_only=True)) is not None:
            found.append(one.key)
            queue.finish(one.key)

    thread = threading.Thread(target=work)
    thread.start()
    for number in range(50):
        queue.mark(f"slow-{number}")
    queue.hurry("stop")
    while not found:
        assert thread.is_alive()
        thread.join(0.001)
    queue.close()
    thread.join(5)
    assert found == ["stop"]
