"""What a job asks of its pool, when it is looked at again, and when its rows are read."""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    NOW,
    UID,
    a_job,
    a_job_spec,
    a_license_view,
    a_log,
    a_pool_view,
    a_progress,
    a_twin_view,
    an_identity,
)

from understudy_api.receipt import Totals
from understudy_api.renderjob import RenderJobSpec
from understudy_api.renderjob_status import RenderJobStatus
from understudy_api.verdict import Refusal, Verdict
from understudy_operator.core.actions import (
    Decision,
    DeleteObject,
    EmitEvent,
    FreezeContent,
    PutOrder,
    RenewGrant,
    StopOrder,
    WriteAccount,
)
from understudy_operator.core.admission import Permitted, admit
from understudy_operator.core.content import request
from understudy_operator.core.decide import decide_job
from understudy_operator.core.lifecycle import Course, course
from understudy_operator.core.state import ContentProblem, JobState, PoolAnswer

HELD = ("understudy.dev/pool",)


def _digest(spec: RenderJobSpec | None = None) -> str:
    admission = admit(a_job(spec), NOW)
    assert isinstance(admission, Permitted)
    return admission.digest


def _course(state: JobState, now: float = NOW) -> Course:
    return course(state, admit(state, now), now)


def _asked(decision: Decision[RenderJobStatus]) -> list[str]:
    return [type(one).__name__ for one in decision.actions if not isinstance(one, EmitEvent)]


def _held(digest: str, **changed: Any) -> Any:
    return a_pool_view(held=a_progress(digest, **changed), grant_expires_at=NOW + 900)


DONE = Totals(done=8, metered_seconds=32.0)


def test_an_order_is_put_once() -> None:
    digest = _digest()
    held = a_job(identity=an_identity(finalizers=HELD), pool=_held(digest))
    assert _asked(decide_job(held, NOW)) == ["WriteAccount"]
    assert _asked(decide_job(a_job(identity=an_identity(finalizers=HELD)), NOW)) == ["WriteAccount", "PutOrder"]


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        ({"digest": "0" * 64}, "PutOrder"),
        ({"generation": 1}, None),
        ({"state": "Stopped"}, "PutOrder"),
        ({"state": "Finished"}, None),
        ({"state": "WaitingForGrant"}, None),
        ({"generation": 2}, None),
    ],
)
def test_an_order_is_put_again_when_the_pool_holds_another(changed: dict[str, Any], asked: str | None) -> None:
    state = a_job(pool=_held(**{"digest": _digest(), **changed}))
    found = [name for name in _asked(decide_job(state, NOW)) if name in {"PutOrder", "RenewGrant"}]
    assert found == ([asked] if asked else [])


def test_a_later_generation_is_put_even_when_the_work_is_the_same() -> None:
    spec = a_job_spec(priority=7)
    state = a_job(spec, identity=an_identity(generation=2), pool=_held(_digest(spec)))
    put = [one for one in decide_job(state, NOW).actions if isinstance(one, PutOrder)]
    assert [(one.order.generation, one.order.priority) for one in put] == [(2, 7)]


@pytest.mark.parametrize(("suspend", "renews"), [(False, True), (True, False)])
def test_grants_are_renewed_while_the_job_may_run(suspend: bool, renews: bool) -> None:
    spec = a_job_spec(suspend=suspend)
    pool = a_pool_view(held=a_progress(_digest(spec)), grant_expires_at=NOW + 100)
    actions = decide_job(a_job(spec, pool=pool), NOW).actions
    assert any(isinstance(one, RenewGrant) for one in actions) is renews


def test_a_suspended_job_is_not_put_and_a_running_one_is_told() -> None:
    spec = a_job_spec(suspend=True)
    assert "PutOrder" not in _asked(decide_job(a_job(spec), NOW))
    told = a_job(spec, identity=an_identity(generation=2), pool=_held(_digest()))
    put = [one for one in decide_job(told, NOW).actions if isinstance(one, PutOrder)]
    assert [one.order.suspended for one in put] == [True]


@pytest.mark.parametrize(
    "spec", [{"cancel": True}, {"use": {"purpose": "news", "channels": ["web"], "territories": []}}]
)
def test_cancelled_and_refused_jobs_are_stopped(spec: dict[str, Any]) -> None:
    if "use" in spec:
        spec = {"use": {"purpose": "news", "channels": ["social"], "territories": ["DE"]}}
    state = a_job(a_job_spec(**spec), pool=_held(_digest()))
    assert StopOrder(pool="default", uid=UID) in decide_job(state, NOW).actions


def test_nothing_is_asked_of_a_pool_that_does_not_answer() -> None:
    away = a_pool_view(reachable=False, problem="connection refused")
    decision = decide_job(a_job(pool=away), NOW)
    assert _asked(decision) == []
    assert decision.requeue_after_seconds == 5
    assert decision.status is not None
    dispatched = decision.status.conditions[1]
    assert (dispatched.reason, dispatched.message) == ("PoolUnreachable", "pool default: connection refused")


def test_an_order_the_pool_refused_is_put_again_after_a_while() -> None:
    verdict = Verdict(refusals=(Refusal(reason="WrongFarm", message="grant: of another farm"),))
    pool = a_pool_view(answer=PoolAnswer(order=_digest(), verdict=verdict, at=NOW))
    soon, later = decide_job(a_job(pool=pool), NOW + 29), decide_job(a_job(pool=pool), NOW + 31)
    assert "PutOrder" not in _asked(soon)
    assert "PutOrder" in _asked(later)
    assert soon.status is not None
    assert soon.status.conditions[1].reason == "PoolRefused"
    assert "of another farm" in soon.status.conditions[1].message


def test_an_unknown_pool_is_named() -> None:
    decision = decide_job(a_job(pool=None), NOW)
    assert decision.status is not None
    assert decision.status.conditions[1].reason == "PoolNotFound"
    assert "RenderPool default" in decision.status.conditions[1].message


def test_rows_are_frozen_first_and_looked_at_at_once() -> None:
    decision = decide_job(a_job(content=None), NOW)
    assert _asked(decision) == ["AddFinalizer", "FreezeContent"]
    assert decision.requeue_after_seconds == 0
    assert decision.status is not None
    assert decision.status.phase == "Pending"


@pytest.mark.parametrize(
    ("source", "later", "again"), [(True, 31, True), (True, 29, False), (False, 31, False), (False, 1e6, False)]
)
def test_rows_in_s3_are_read_again_after_a_while(source: bool, later: float, again: bool) -> None:
    data = {"key": "id", "from": {"s3": "s3://understudy-outputs/acme/rows.csv"}}
    spec = a_job_spec(**({"data": data} if source else {}))
    problem = ContentProblem(request=request(spec).digest, reason="NoRows", message="data: none", at=NOW)
    decision = decide_job(a_job(spec, content=problem), NOW + later)
    assert any(isinstance(one, FreezeContent) for one in decision.actions) is again
    assert decision.status is not None
    assert (decision.status.phase, decision.status.conditions[0].reason) == ("Refused", "NoRows")


def test_the_earlier_order_goes_on_while_new_rows_are_frozen() -> None:
    spec = a_job_spec(data={"key": "id", "rows": [{"id": "9", "name": "Zoe"}]})
    state = a_job(spec, content=None, identity=an_identity(generation=2), pool=_held(_digest()))
    assert "StopOrder" not in _asked(decide_job(state, NOW))
    waiting = a_job(spec, twin=a_twin_view(ready=False, version=None), pool=_held(_digest()))
    assert "StopOrder" in _asked(decide_job(waiting, NOW))


@pytest.mark.parametrize(
    ("ttl", "later", "deleted"), [(None, 1e6, False), (60, 59, False), (60, 60, True), (0, 0, True)]
)
def test_a_finished_job_is_deleted_after_its_time(ttl: int | None, later: float, deleted: bool) -> None:
    spec = a_job_spec(ttlSecondsAfterFinished=ttl)
    state = a_job(spec, log=a_log(_digest(spec), DONE, finished=True))
    decision = decide_job(state, NOW + later)
    assert (DeleteObject(uid=UID) in decision.actions) is deleted
    if ttl is not None and not deleted:
        assert decision.requeue_after_seconds == pytest.approx(ttl - later)


def test_a_finished_job_gives_back_what_it_did_not_use() -> None:
    state = a_job()
    claim = next(one for one in decide_job(state, NOW).actions if isinstance(one, WriteAccount))
    log = a_log(_digest(), DONE, finished=True)
    over = a_job(license=a_license_view(account=claim.account), log=log)
    back = next(one for one in decide_job(over, NOW).actions if isinstance(one, WriteAccount))
    assert (back.account.settled_seconds, back.account.claims) == (32.0, {})


@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        (lambda: a_job(license=None), 30),
        (lambda: a_job(twin=a_twin_view(ready=False, version=None)), 15),
        (lambda: a_job(pool=None), 5),
        (lambda: a_job(), 0.5),
        (lambda: a_job(a_job_spec(suspend=True)), 30),
        (lambda: a_job(log=a_log(_digest(), DONE, finished=True)), None),
        (lambda: a_job(pool=_held(_digest())), 10),
        (lambda: a_job(a_job_spec(activeDeadlineSeconds=1), pool=_held(_digest())), 1),
    ],
)
def test_when_to_look_again(state: Any, seconds: float | None) -> None:
    assert decide_job(state(), NOW).requeue_after_seconds == seconds
