"""A pool: Ready when its director answers; started when there is none, patiently; orders without a job are stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import NOW, RELEASE, UID, a_pool, a_progress

from understudy_operator.core.actions import EmitEvent, StartDirector, StopOrder
from understudy_operator.core.conditions import find
from understudy_operator.core.decide import decide_pool
from understudy_operator.core.pool_policy import START_SECONDS, next_attempt, submission_id
from understudy_operator.core.state import DirectorView, PoolState, Submission


def _submission(attempt: int, status: Any = "SUCCEEDED", ago: float = 100, release: str = RELEASE) -> Submission:
    return Submission(
        submission_id=submission_id(release, attempt), status=status, submitted_at=NOW - ago, message="boom"
    )


def _director(*orders: Any, workers: int = 2) -> DirectorView:
    return DirectorView(id="d-1", release=RELEASE, workers=workers, busy=0, orders=orders)


def _started(state: PoolState, now: float = NOW) -> list[str]:
    return [one.submission_id for one in decide_pool(state, now).actions if isinstance(one, StartDirector)]


def _ready(state: PoolState) -> tuple[str, str, str]:
    status = decide_pool(state, NOW).status
    assert status is not None
    ready = find(status.conditions, "Ready")
    assert ready is not None
    return ready.status, ready.reason, ready.message


@pytest.mark.parametrize(
    ("submissions", "attempt"),
    [
        ((), 1),
        ((_submission(1, ago=START_SECONDS),), 2),
        ((_submission(1, ago=START_SECONDS - 1),), None),
        ((_submission(2, ago=90), _submission(1, ago=95)), 3),
        ((_submission(9, ago=1), _submission(10, ago=90)), 11),
        ((_submission(3, release="ef" * 32, ago=1),), 1),
        ((_submission(1, "FAILED", ago=31),), 2),
        ((_submission(1, "FAILED", ago=90), _submission(2, "FAILED", ago=59)), None),
        ((_submission(1, "FAILED", ago=90), _submission(2, "FAILED", ago=60)), 3),
        ((_submission(1, "FAILED", ago=90), _submission(2, "SUCCEEDED", ago=31)), 3),
        (tuple(_submission(n, "FAILED", ago=479) for n in range(1, 20)), None),
        (tuple(_submission(n, "FAILED", ago=480) for n in range(1, 20)), 20),
    ],
)
def test_a_missing_director_is_started_patiently(submissions: tuple[Submission, ...], attempt: int | None) -> None:
    state = a_pool(director=None, problem="connection refused", submissions=submissions)
    assert _started(state) == ([] if attempt is None else [submission_id(RELEASE, attempt)])


def test_a_running_director_is_left_alone_and_so_is_a_ray_that_is_away() -> None:
    assert _started(a_pool()) == []
    assert _started(a_pool(director=None, ray_reachable=False, problem="no route")) == []


def test_a_director_of_another_release_is_replaced_once() -> None:
    old = replace(_director(), release="ef" * 32)
    assert _started(a_pool(director=old)) == [submission_id(RELEASE, 1)]
    assert _started(a_pool(director=old, submissions=(_submission(1, ago=1),))) == []


def test_ids_are_never_used_twice() -> None:
    submissions: tuple[Submission, ...] = ()
    seen = []
    now = NOW
    for _ in range(6):
        state = a_pool(director=None, problem="x", submissions=submissions)
        now = max(now, next_attempt(state))
        (chosen,) = _started(state, now)
        seen.append(chosen)
        submissions = (*submissions, Submission(submission_id=chosen, status="FAILED", submitted_at=now))
    assert len(set(seen)) == 6


@pytest.mark.parametrize(
    ("changed", "status", "reason"),
    [
        ({}, "True", "Ready"),
        ({"director": _director(workers=0)}, "False", "NoWorkers"),
        ({"director": None, "problem": "x"}, "False", "Starting"),
        ({"director": None, "problem": "x", "ray_reachable": False}, "False", "RayUnreachable"),
        ({"director": None, "problem": "x", "submissions": (_submission(1, "FAILED"),)}, "False", "DirectorFailed"),
        ({"director": None, "problem": "x", "submissions": (_submission(1, "RUNNING"),)}, "False", "Starting"),
    ],
)
def test_whether_a_pool_can_render(changed: dict[str, Any], status: str, reason: str) -> None:
    assert _ready(a_pool(**changed))[:2] == (status, reason)


def test_a_pool_shows_what_its_director_says() -> None:
    status = decide_pool(a_pool(director=_director(a_progress("a" * 64), workers=3), jobs=frozenset({UID})), NOW).status
    assert status is not None
    assert (status.workers, status.busy, status.orders, status.release) == (3, 0, 1, RELEASE)


@pytest.mark.parametrize(
    ("state", "exists", "stopped"),
    [
        ("Running", True, False),
        ("Running", False, True),
        ("WaitingForGrant", False, True),
        ("Suspended", False, True),
        ("Finished", False, True),
        ("Stopped", False, True),
    ],
)
def test_orders_without_a_job_are_stopped(state: str, exists: bool, stopped: bool) -> None:
    pool = a_pool(director=_director(a_progress("a" * 64, state=state)), jobs=frozenset({UID} if exists else {"other"}))
    found = [one for one in decide_pool(pool, NOW).actions if isinstance(one, StopOrder)]
    assert found == ([StopOrder(pool="default", uid=UID)] if stopped else [])


def test_a_pool_at_rest_writes_nothing_and_is_looked_at_again() -> None:
    first = decide_pool(a_pool(), NOW)
    again = decide_pool(a_pool(status=first.status), NOW + 50)
    assert (again.actions, again.status) == ((), None)
    assert again.requeue_after_seconds == 10
    assert decide_pool(a_pool(director=None, problem="x"), NOW).requeue_after_seconds == 1


def test_events_of_a_pool() -> None:
    def told(state: PoolState) -> list[tuple[str, str]]:
        return [(one.type, one.reason) for one in decide_pool(state, NOW).actions if isinstance(one, EmitEvent)]

    assert told(a_pool()) == [("Normal", "Ready")]
    assert told(a_pool(director=None, problem="x")) == []
    assert told(a_pool(director=None, problem="x", ray_reachable=False)) == [("Warning", "RayUnreachable")]
