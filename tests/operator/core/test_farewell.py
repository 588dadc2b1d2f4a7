"""Letting go: a deleted object waits for its pool, a minute at most, and takes only what it was asked to take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    NOW,
    UID,
    a_job,
    a_job_spec,
    a_license_token,
    a_license_view,
    a_pool,
    a_pool_view,
    a_progress,
    a_twin,
    an_account,
    an_identity,
)
from memory_farm import MemoryFarm

from understudy_api.ledger.entry import Released
from understudy_api.order import TrainingProgress
from understudy_operator.core.actions import (
    AddFinalizer,
    DeleteOutputs,
    Record,
    RemoveFinalizer,
    StopOrder,
    StopTraining,
)
from understudy_operator.core.decide import decide_job, decide_pool, decide_twin
from understudy_operator.core.farewell import GRACE_SECONDS, SETTLING_SECONDS
from understudy_operator.core.state import FINALIZER, JobState, PoolState, PoolView, SpecProblem

LEAVING = an_identity(deleted_at=NOW, finalizers=("understudy.dev/pool",))
WORKING = a_pool_view(held=a_progress("a" * 64))
AWAY = a_pool_view(reachable=False)


@pytest.mark.parametrize(
    ("pool", "waited", "asked"),
    [
        (a_pool_view(), 0, ["RemoveFinalizer"]),
        (None, 0, ["RemoveFinalizer"]),
        (WORKING, 0, ["StopOrder"]),
        (WORKING, GRACE_SECONDS - 1, ["StopOrder"]),
        (WORKING, GRACE_SECONDS, ["StopOrder", "RemoveFinalizer"]),
        (a_pool_view(held=a_progress("a" * 64, state="Stopped")), 0, ["RemoveFinalizer"]),
        (a_pool_view(held=a_progress("a" * 64, state="Finished")), 0, ["RemoveFinalizer"]),
        (AWAY, 0, []),
        (AWAY, GRACE_SECONDS - 1, []),
        (AWAY, GRACE_SECONDS, ["RemoveFinalizer"]),
    ],
)
def test_a_deleted_job_waits_for_its_pool(pool: PoolView | None, waited: float, asked: list[str]) -> None:
    decision = decide_job(a_job(identity=LEAVING, pool=pool), NOW + waited)
    assert [type(one).__name__ for one in decision.actions] == asked
    assert decision.status is None
    gone = asked and asked[-1] == "RemoveFinalizer"
    assert decision.requeue_after_seconds == (None if gone else 1)


def test_a_job_without_our_finalizer_is_not_ours_to_hold() -> None:
    decision = decide_job(a_job(identity=an_identity(deleted_at=NOW), pool=WORKING), NOW)
    assert (decision.actions, decision.status, decision.requeue_after_seconds) == ((), None, None)


@pytest.mark.parametrize(
    ("spec", "prefix"),
    [
        ({}, None),
        ({"deletionPolicy": "KeepOutputs"}, None),
        ({"deletionPolicy": "DeleteOutputs"}, "acme/spring/"),
        (
            {"deletionPolicy": "DeleteOutputs", "destination": {"s3": "s3://understudy-outputs/acme/x/"}},
            "acme/x/",
        ),
        ({"deletionPolicy": "DeleteOutputs", "destination": {"s3": "s3://understudy-outputs/rival/x/"}}, None),
        (
            {
                "deletionPolicy": "DeleteOutputs",
                "destination": {"s3": "s3://brand/x/", "credentialsRef": {"name": "s"}},
            },
            None,
        ),
    ],
)
def test_files_are_deleted_only_when_asked_and_only_in_the_own_prefix(spec: dict[str, Any], prefix: str | None) -> None:
    decision = decide_job(a_job(a_job_spec(**spec), identity=LEAVING), NOW)
    found = [one for one in decision.actions if isinstance(one, DeleteOutputs)]
    wanted = [] if prefix is None else [DeleteOutputs(uid=UID, bucket="understudy-outputs", prefix=prefix)]
    assert found == wanted
    assert decision.actions[-1] == RemoveFinalizer()


def test_a_deleted_job_gives_its_seconds_back() -> None:
    token = a_license_token()
    account = an_account(token, **{UID: 50})
    decision = decide_job(a_job(identity=LEAVING, license=a_license_view(token, account)), NOW)
    assert [type(one).__name__ for one in decision.actions] == ["Record", "RemoveFinalizer"]
    written = decision.actions[0]
    assert isinstance(written, Record)
    assert written.entries == (Released(uid=UID, segment=0, reason="Stopped"),)


def test_an_unreadable_spec_does_not_keep_a_job() -> None:
    state = JobState(**{**vars(a_job(identity=LEAVING)), "spec": SpecProblem(message="x")})
    assert decide_job(state, NOW).actions == (RemoveFinalizer(),)


def test_a_running_job_is_stopped_before_it_goes() -> None:
    farm = MemoryFarm(NOW)
    job = farm.create("spring", a_job_spec(deletionPolicy="DeleteOutputs"))
    farm.settle()
    farm.render(3)
    farm.delete("spring")
    assert job.exists
    farm.settle()
    assert not job.exists
    assert job.order is None
    assert [one.prefix for one in farm.deleted_outputs] == ["acme/spring/"]
    account = next(iter(farm.accounts.values()))
    assert (account.used_micros, account.claims) == (9_000_000, {})


def test_a_job_let_go_without_its_pool_is_settled_by_its_license_later() -> None:
    farm = MemoryFarm(NOW)
    job = farm.create("spring", a_job_spec())
    farm.settle()
    farm.reachable = False
    farm.delete("spring")
    farm.settle()
    assert job.exists
    farm.now += GRACE_SECONDS
    farm.settle()
    assert not job.exists
    assert job.uid in next(iter(farm.accounts.values())).claims
    farm.render(2)
    farm.reachable = True
    farm.lose_director()
    farm.settle()
    account = next(iter(farm.accounts.values()))
    assert (account.used_micros, account.claims) == (0, {}), "what was made after it was let go came too late"


@pytest.mark.parametrize(
    ("state", "waited", "asked"),
    [
        (None, 0, ["RemoveFinalizer"]),
        ("Running", 0, ["StopTraining"]),
        ("Queued", GRACE_SECONDS, ["StopTraining", "RemoveFinalizer"]),
        ("Finished", 0, ["RemoveFinalizer"]),
    ],
)
def test_a_deleted_twin_stops_its_training(state: Any, waited: float, asked: list[str]) -> None:
    training = TrainingProgress(uid=UID, digest="a" * 64, state=state) if state else None
    twin = a_twin(identity=LEAVING, pool=a_pool_view(training=training))
    decision = decide_twin(twin, NOW + waited)
    assert [type(one).__name__ for one in decision.actions] == asked
    if "StopTraining" in asked:
        assert StopTraining(pool="default", uid=UID) in decision.actions


def test_a_deleted_twin_waits_a_minute_for_a_pool_that_is_away() -> None:
    assert decide_twin(a_twin(identity=LEAVING, pool=AWAY), NOW).actions == ()
    assert decide_twin(a_twin(identity=LEAVING, pool=AWAY), NOW + GRACE_SECONDS).actions == (RemoveFinalizer(),)
    assert decide_twin(a_twin(identity=an_identity(deleted_at=NOW)), NOW).actions == ()


def test_stopping_names_the_very_order() -> None:
    assert StopOrder(pool="default", uid=UID) in decide_job(a_job(identity=LEAVING, pool=WORKING), NOW).actions


def _leaving_pool(ago: float = 1, **changed: Any) -> PoolState:
    identity = an_identity(namespace="", name="far", deleted_at=NOW - ago, finalizers=(FINALIZER,))
    return a_pool(identity=identity, named=frozenset({"job-1", "job-2"}), **changed)


def test_a_pool_that_goes_stops_its_own_orders_first() -> None:
    preview = "job-2-preview-0123456789ab"
    decision = decide_pool(_leaving_pool(held=frozenset({"job-1", preview, "of-another-pool"})), NOW)
    assert decision.actions == (StopOrder(pool="far", uid="job-1"), StopOrder(pool="far", uid=preview))
    assert decision.requeue_after_seconds is not None
    free = decide_pool(_leaving_pool(SETTLING_SECONDS + 1, held=frozenset({"of-another-pool"})), NOW)
    assert free.actions == (RemoveFinalizer(),)


def test_a_pool_waits_for_orders_that_may_be_on_their_way_where_jobs_name_it() -> None:
    assert decide_pool(_leaving_pool(held=frozenset()), NOW).actions == ()
    assert decide_pool(replace(_leaving_pool(held=frozenset()), named=frozenset()), NOW).actions == (RemoveFinalizer(),)


@pytest.mark.parametrize(("ago", "gone"), [(1, False), (959, False), (961, True)])
def test_a_pool_that_does_not_answer_goes_when_no_grant_can_be_alive(ago: float, gone: bool) -> None:
    decision = decide_pool(_leaving_pool(ago, director=None, problem="away", ray_reachable=False), NOW)
    assert decision.actions == ((RemoveFinalizer(),) if gone else ())
    assert (decision.requeue_after_seconds is None) == gone


def test_a_pool_is_held_before_anything_is_asked_of_it() -> None:
    fresh = a_pool(identity=an_identity(namespace="", name="far"), director=None, problem="away")
    assert decide_pool(fresh, NOW).actions[0] == AddFinalizer()
