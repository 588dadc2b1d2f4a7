"""What a job asks of its pool, when it is looked at again, and when its rows are read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    NOW,
    UID,
    a_claim,
    a_job,
    a_job_spec,
    a_license_view,
    a_log,
    a_pool_view,
    a_progress,
    a_twin_view,
    an_account,
    an_identity,
    logged,
)

from understudy_api.ledger.account import Account, fold
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
    Record,
    RenewGrant,
    StopOrder,
    TellCommitted,
)
from understudy_operator.core.admission import Permitted, admit
from understudy_operator.core.content import request
from understudy_operator.core.decide import decide_job
from understudy_operator.core.lifecycle import Course, course
from understudy_operator.core.state import ContentProblem, JobState, LicenseView, PoolAnswer

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


def _claimed(digest: str) -> LicenseView:
    """A license under which the job holds a claim on all it needs for this order."""
    account = an_account().model_copy(update={"claims": {UID: a_claim(66.5, order=digest)}})
    return a_license_view(account=account)


DONE = Totals(done=8, metered_seconds=32.0)


def test_an_order_is_put_once() -> None:
    digest = _digest()
    held = a_job(identity=an_identity(finalizers=HELD), pool=_held(digest))
    assert _asked(decide_job(held, NOW)) == ["Record", "RenewGrant"], "a grant follows the claim it rests on"
    claimed = a_job(identity=an_identity(finalizers=HELD), pool=_held(digest), license=_claimed(digest))
    assert _asked(decide_job(claimed, NOW)) == []
    assert _asked(decide_job(a_job(identity=an_identity(finalizers=HELD)), NOW)) == ["Record", "PutOrder"]


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
    state = a_job(pool=_held(**{"digest": _digest(), **changed}), license=_claimed(_digest()))
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
    account = an_account(used=32, **{UID: 34.5})
    over = a_job(license=a_license_view(account=account), log=a_log(_digest(), DONE, finished=True))
    back = _recorded(decide_job(over, NOW))
    after = fold(account, back.entries)
    assert isinstance(after, Account)
    assert (after.used_micros, after.claims) == (32_000_000, {})


def test_what_nobody_is_there_to_deliver_does_not_count() -> None:
    account = an_account(**{UID: 100})
    made = logged(_digest(), 0, (32.0,))
    log = a_log(_digest(), Totals(done=4, metered_seconds=32.0))
    gone = a_job(a_job_spec(cancel=True), license=a_license_view(account=account), log=log, uncounted=(made,))
    assert [one.kind for one in _recorded(decide_job(gone, NOW)).entries] == ["Released"]


def test_nothing_is_given_back_while_the_pool_is_away_until_no_grant_can_bring_anything() -> None:
    away = a_pool_view(reachable=False, problem="connection refused")
    spec = a_job_spec(cancel=True)
    state = a_job(spec, license=a_license_view(account=an_account(**{UID: 100})), pool=away)
    assert _asked(decide_job(state, NOW + 900 + 59)) == []
    late = _recorded(decide_job(state, NOW + 900 + 60))
    assert [(one.kind, one.reason) for one in late.entries] == [("Released", "Expired")]
    running = a_job(license=a_license_view(account=an_account(**{UID: 100})), pool=away)
    assert _asked(decide_job(running, NOW + 5000)) == [], "it goes on when the pool is back"


def test_receipts_count_before_the_director_may_deliver_and_before_the_next_promise() -> None:
    account = an_account(**{UID: 100})
    made = logged(_digest(), 0, (32.0,))
    log = a_log(_digest(), Totals(done=4, metered_seconds=32.0))
    state = a_job(license=a_license_view(account=account), pool=_held(_digest()), log=log, uncounted=(made,))
    assert _asked(decide_job(state, NOW))[:2] == ["AddFinalizer", "Record"]
    told = [one for one in decide_job(state, NOW).actions if isinstance(one, TellCommitted)]
    assert told == [TellCommitted(pool="default", uid=UID, sequence=0)]
    knows = a_job(
        license=a_license_view(account=account), pool=_held(_digest(), committed=0), log=log, uncounted=(made,)
    )
    assert not [one for one in decide_job(knows, NOW).actions if isinstance(one, TellCommitted)]


def test_a_job_stops_at_a_receipt_that_nobody_proved() -> None:
    """What was proven before it counts and may be delivered; the job says what is wrong for as long as it is."""
    forged = Refusal(reason="ReceiptNotProven", message="receipts: segment 1: nobody signed it; find out who wrote it")
    made = (logged(_digest(), 0, (32.0,)), replace(logged(_digest(), 1, (8.0,), before=32.0), fault=forged))
    log = a_log(_digest(), Totals(done=5, metered_seconds=40.0))
    account = a_license_view(account=an_account(**{UID: 100}))
    decision = decide_job(a_job(license=account, pool=_held(_digest()), log=log, uncounted=made), NOW)
    asked = _asked(decision)
    assert {"Record", "TellCommitted", "StopOrder"} <= set(asked)
    assert "RenewGrant" not in asked
    assert [one.kind for one in _recorded(decision).entries if one.kind != "Licensed"] == ["Committed", "Counted"]
    (told,) = (one for one in decision.actions if isinstance(one, TellCommitted))
    assert told.sequence == 0
    assert decision.status is not None
    admitted = next(one for one in decision.status.conditions if one.type == "Admitted")
    assert (admitted.status, admitted.reason, admitted.message) == ("False", "ReceiptNotProven", forged.message)
    freed = a_job(license=a_license_view(account=an_account()), log=log, next_segment=1, uncounted=made[1:])
    assert not {"PutOrder", "Record"} & set(_asked(decide_job(freed, NOW)))


@pytest.mark.parametrize("cancel", [True, False])
def test_what_is_finished_after_a_stop_still_counts(cancel: bool) -> None:
    account = an_account(**{UID: 100})
    made = logged(_digest(), 0, (32.0,))
    log = a_log(_digest(), Totals(done=4, metered_seconds=32.0))
    stopping = _held(_digest(), state="Finishing")
    state = a_job(
        a_job_spec(cancel=cancel), license=a_license_view(account=account), pool=stopping, log=log, uncounted=(made,)
    )
    asked = _asked(decide_job(state, NOW))
    assert ("StopOrder" in asked) is cancel
    assert {"Record", "TellCommitted"} <= set(asked)


def _recorded(decision: Decision[RenderJobStatus]) -> Record:
    (found,) = (one for one in decision.actions if isinstance(one, Record))
    return found


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
