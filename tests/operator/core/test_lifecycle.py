"""Where a job stands, from receipts, wishes and the clock."""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    NOW,
    a_finished,
    a_head,
    a_job,
    a_job_spec,
    a_log,
    a_pool_view,
    a_progress,
    an_identity,
)

from understudy_api.receipt import Totals
from understudy_api.renderjob import RenderJobSpec
from understudy_api.renderjob_status import RenderJobStatus
from understudy_operator.core.actions import (
    Decision,
    EmitEvent,
)
from understudy_operator.core.admission import Permitted, admit
from understudy_operator.core.decide import decide_job
from understudy_operator.core.failures import failure
from understudy_operator.core.lifecycle import Course, course, last_word, totals
from understudy_operator.core.state import JobState, OrderLog
from understudy_operator.core.times import rfc3339

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


@pytest.mark.parametrize(
    ("spec", "made", "finished", "phase", "reason"),
    [
        ({}, Totals(), False, "Running", "Running"),
        ({}, DONE, False, "Running", "Running"),
        ({}, DONE, True, "Complete", "AllItemsDone"),
        ({}, Totals(done=7, failed=1), True, "Failed", "TooManyFailedItems"),
        ({}, Totals(done=3, rejected=1), False, "Failed", "TooManyFailedItems"),
        ({"failurePolicy": {"maxFailedItems": 1}}, Totals(done=7, failed=1), True, "Complete", "AllItemsDone"),
        ({"failurePolicy": {"maxFailedItems": 1}}, Totals(failed=1, rejected=1), False, "Failed", "TooManyFailedItems"),
        ({"cancel": True}, Totals(done=3), False, "Cancelled", "Cancelled"),
        ({"cancel": True}, DONE, True, "Complete", "AllItemsDone"),
        ({"suspend": True}, Totals(done=3), False, "Suspended", "Suspended"),
        ({"suspend": True}, DONE, True, "Complete", "AllItemsDone"),
        ({"suspend": True, "cancel": True}, Totals(), False, "Cancelled", "Cancelled"),
    ],
)
def test_receipts_come_first_then_wishes(
    spec: dict[str, Any], made: Totals, finished: bool, phase: str, reason: str
) -> None:
    wanted = a_job_spec(**spec)
    digest = _digest(wanted)
    found = _course(a_job(wanted, log=a_log(digest, made, finished=finished)))
    assert (found.phase, found.reason) == (phase, reason)
    assert found.finished is (phase in {"Complete", "Failed", "Cancelled"})


def test_a_pool_that_gives_up_fails_the_job() -> None:
    digest = _digest()
    log = OrderLog(head=a_head(digest), finished=(a_finished(digest, state="Failed", message="no performer left"),))
    found = _course(a_job(log=log))
    assert (found.phase, found.reason, found.message) == ("Failed", "PoolGaveUp", "no performer left")


def test_a_stopped_order_is_not_finished() -> None:
    digest = _digest()
    log = OrderLog(head=a_head(digest), finished=(a_finished(digest, state="Stopped"),))
    assert _course(a_job(log=log)).phase == "Running"


@pytest.mark.parametrize(
    ("admitted", "finished_at", "now", "phase"),
    [
        (None, None, NOW, "Pending"),
        (NOW - 50, None, NOW, "Pending"),
        (NOW - 100, None, NOW, "Failed"),
        (NOW - 200, NOW - 101, NOW, "Complete"),
        (NOW - 200, NOW - 50, NOW, "Failed"),
    ],
)
def test_a_deadline_ends_what_is_not_finished(
    admitted: float | None, finished_at: float | None, now: float, phase: str
) -> None:
    spec = a_job_spec(activeDeadlineSeconds=100)
    digest = _digest(spec)
    status = RenderJobStatus(order_digest=digest, admitted_at=rfc3339(admitted) if admitted else None)
    log = OrderLog(finished=(a_finished(digest, finished_at=finished_at),)) if finished_at else OrderLog()
    found = _course(a_job(spec, status=status, log=log), now)
    assert found.phase == phase
    if phase == "Failed":
        assert found.reason == "DeadlineExceeded"


def test_admission_is_dated_once_an_order() -> None:
    first = decide_job(a_job(), NOW).status
    assert first is not None
    later = _course(a_job(status=first), NOW + 500)
    assert later.admitted_at == NOW
    other = a_job_spec(outputs=[{"name": "only", "width": 640, "height": 360}])
    changed = a_job(other, status=first, identity=an_identity(generation=2))
    assert _course(changed, NOW + 500).admitted_at == NOW + 500


def test_what_is_finished_stays_finished_until_the_spec_changes() -> None:
    digest = _digest()
    done = decide_job(a_job(log=a_log(digest, DONE, finished=True)), NOW).status
    assert done is not None
    assert done.phase == "Complete"
    bare = a_job(status=done, license=None, twin=None, pool=None, content=None, log=OrderLog())
    assert _course(bare, NOW + 1e6).phase == "Complete"
    changed = a_job(status=done, license=None, identity=an_identity(generation=2))
    assert _course(changed).phase == "Refused"


@pytest.mark.parametrize(
    ("head_order", "head_generation", "finished_generation", "counts"),
    [
        (None, 0, 1, True),
        ("own", 1, 1, True),
        ("own", 1, 2, True),
        ("other", 1, 1, True),
        ("other", 2, 1, False),
        ("own", 3, 1, False),
    ],
)
def test_a_last_word_is_outdated_by_later_work(
    head_order: str | None, head_generation: int, finished_generation: int, counts: bool
) -> None:
    own, other = "a" * 64, "b" * 64
    head = a_head(own if head_order == "own" else other, generation=head_generation) if head_order else None
    log = OrderLog(head=head, finished=(a_finished(other), a_finished(own, generation=finished_generation)))
    assert (last_word(log, own) is not None) is counts


def test_totals_speak_of_one_order_only() -> None:
    log = a_log("a" * 64, DONE)
    assert totals(log, "a" * 64) == DONE
    assert totals(log, "b" * 64) == Totals()
    assert totals(log, None) == Totals()


def test_failures_name_the_limit() -> None:
    found = failure(a_job_spec(), Totals(failed=1), None, 1)
    assert found is not None
    assert found.message.startswith("1 item failed, failurePolicy.maxFailedItems allows 0")
    assert failure(a_job_spec(), Totals(done=5), None, 1) is None


def test_a_job_that_may_fail_more_often_now_goes_on() -> None:
    spec = a_job_spec(failurePolicy={"maxFailedItems": 2})
    made = Totals(done=3, failed=1)
    digest = _digest(spec)
    log = OrderLog(head=a_head(digest, totals=made), finished=(a_finished(digest, state="Failed", totals=made),))
    assert _course(a_job(spec, log=log)).reason == "PoolGaveUp"
    raised = a_job(spec, log=log, identity=an_identity(generation=2))
    assert _course(raised).phase == "Running"
    assert "PutOrder" in _asked(decide_job(raised, NOW))


def test_a_job_that_failed_says_why_its_first_item_did() -> None:
    made = Totals(done=4, failed=4, first_loss="PerformerDied: its performer died while it held the work")
    log = OrderLog(head=a_head(_digest(), totals=made), finished=())
    assert _course(a_job(log=log)).message == (
        "4 items failed, failurePolicy.maxFailedItems allows 0; the first: PerformerDied: its performer died while it held "
        "the work; index.jsonl names each with its reason"
    )


def test_a_raised_retry_is_another_order_that_goes_on_from_nothing_lost() -> None:
    made = Totals(done=7, failed=1)
    log = OrderLog(head=a_head(_digest(), totals=made), finished=(a_finished(_digest(), state="Failed", totals=made),))
    assert _course(a_job(log=log)).reason == "TooManyFailedItems"
    retried = a_job_spec(retry=1)
    assert _digest(retried) != _digest()
    again = a_job(retried, log=log, identity=an_identity(generation=2))
    assert not _course(again).finished
    assert "PutOrder" in _asked(decide_job(again, NOW))


@pytest.mark.parametrize(
    ("destination", "generation", "finished_generation", "phase"),
    [
        (None, 2, 1, "Complete"),
        ("s3://understudy-outputs/acme/spring/", 2, 1, "Complete"),
        ("s3://understudy-outputs/acme/elsewhere/", 2, 1, "Running"),
        ("s3://understudy-outputs/acme/elsewhere/", 2, 2, "Complete"),
        ("s3://other/acme/spring/", 2, 1, "Running"),
    ],
)
def test_a_changed_destination_is_delivered_to_anew(
    destination: str | None, generation: int, finished_generation: int, phase: str
) -> None:
    first = decide_job(a_job(log=a_log(_digest(), DONE, finished=True)), NOW).status
    assert first is not None
    place = {"destination": {"s3": destination, "credentialsRef": {"name": "acme-s3"}}} if destination else {}
    final = a_finished(_digest(), generation=finished_generation)
    log = OrderLog(head=a_head(_digest(), totals=DONE), finished=(final,))
    state = a_job(a_job_spec(**place), status=first, log=log, identity=an_identity(generation=generation))
    assert _course(state).phase == phase
    decision = decide_job(state, NOW)
    assert ("PutOrder" in _asked(decision)) is (phase == "Running")
    if phase == "Running":
        assert decision.status is not None
        assert decision.status.index == first.index, "the files still lie where they lay"


def test_a_cancelled_job_finished_when_it_was_cancelled() -> None:
    spec = a_job_spec(cancel=True)
    digest = _digest(spec)
    stopped = a_finished(digest, state="Stopped", finished_at=NOW - 5000)
    found = _course(a_job(spec, log=OrderLog(head=a_head(digest), finished=(stopped,))))
    assert (found.phase, found.finished_at) == ("Cancelled", NOW)
