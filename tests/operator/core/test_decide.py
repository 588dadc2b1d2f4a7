"""Deciding as a whole: objects in any order, events on transitions, nothing written for nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from builders import NOW, a_job, a_job_spec, a_twin_view, an_identity
from memory_farm import MemoryFarm

from understudy_api.renderjob_status import RenderJobStatus
from understudy_operator.core.actions import EmitEvent, PutOrder, Record
from understudy_operator.core.decide import decide_job
from understudy_operator.core.noted import NOTE_SECONDS

SCRIPTS = (
    {"scenes": [{"say": "Hi {name}! Spring is here."}]},
    {"scenes": [{"say": "Hi {name}! Summer is here."}]},
)


@pytest.mark.parametrize("order", list(permutations(["twin", "license", "pool", "job"])))
def test_objects_may_come_in_any_order(order: tuple[str, ...]) -> None:
    farm = MemoryFarm(NOW)
    token, farm.token, farm.twin, farm.pool_exists = farm.token, None, None, False
    for what in order:
        match what:
            case "twin":
                farm.twin = a_twin_view()
            case "license":
                farm.token = token
            case "pool":
                farm.pool_exists = True
            case "job":
                farm.create("spring", a_job_spec())
        farm.settle()
    farm.finish()
    job = farm.jobs["spring"]
    assert job.status.phase == "Complete"
    assert [event.reason for event in job.events].count("AllItemsDone") == 1


def test_nothing_is_written_when_nothing_changed() -> None:
    farm = MemoryFarm(NOW)
    job = farm.create("spring", a_job_spec())
    farm.settle()
    writes, events = job.status_writes, len(job.events)
    for _ in range(10):
        farm.now += 5
        assert farm.reconcile("spring") is False
    assert (job.status_writes, len(job.events)) == (writes, events)


def test_events_tell_of_transitions_only() -> None:
    farm = MemoryFarm(NOW)
    job = farm.create("spring", a_job_spec())
    farm.finish()
    assert [(event.type, event.reason) for event in job.events] == [
        ("Normal", "Admitted"),
        ("Normal", "Dispatched"),
        ("Normal", "AllItemsDone"),
    ]


def test_a_refused_job_puts_no_order_and_is_looked_at_again() -> None:
    state = a_job(a_job_spec(use={"purpose": "advertising", "channels": ["social"], "territories": ["JP"]}))
    decision = decide_job(state, NOW)
    assert not [one for one in decision.actions if not isinstance(one, EmitEvent)]
    assert decision.requeue_after_seconds == NOTE_SECONDS
    assert decision.status is not None
    noted = decide_job(replace(state, status=decision.status), NOW)
    assert not [one for one in noted.actions if not isinstance(one, Record)]
    assert noted.requeue_after_seconds == 30
    assert decision.status is not None
    assert decision.status.phase == "Refused"
    admitted = decision.status.conditions[0]
    assert (admitted.type, admitted.status, admitted.reason) == ("Admitted", "False", "TerritoryNotCovered")
    assert "JP" in admitted.message


def test_a_finalizer_comes_before_the_order() -> None:
    actions = [type(one).__name__ for one in decide_job(a_job(), NOW).actions]
    assert actions == ["AddFinalizer", "Record", "PutOrder", "EmitEvent"]
    guarded = a_job(identity=an_identity(finalizers=("understudy.dev/pool",)))
    assert [type(one).__name__ for one in decide_job(guarded, NOW).actions] == ["Record", "PutOrder", "EmitEvent"]


def test_a_changed_script_is_not_complete_from_the_first_look() -> None:
    farm = MemoryFarm(NOW)
    job = farm.create("spring", a_job_spec())
    farm.finish()
    first = job.status.order_digest
    farm.edit("spring", script=SCRIPTS[1])
    decision = decide_job(farm.observe("spring"), farm.now)
    assert decision.status is not None
    assert {c.type: c.status for c in decision.status.conditions}["Complete"] == "False"
    assert decision.status.observed_generation == 2
    farm.finish()
    assert job.status.phase == "Complete"
    assert job.status.order_digest != first
    farm.edit("spring", script=SCRIPTS[0])
    farm.settle()
    assert job.status.phase != "Complete", "files of the second script lie there: the first has to be delivered again"
    farm.finish()
    assert (job.status.phase, job.status.order_digest) == ("Complete", first)
    assert job.head is not None
    assert job.head.billed_seconds == 16 * 3.0, "what was made once is not metered again"


def test_revoking_a_license_stops_the_order_and_a_new_one_resumes_it() -> None:
    farm = MemoryFarm(NOW)
    job = farm.create("spring", a_job_spec())
    farm.settle()
    farm.render(3)
    farm.settle()
    token, farm.token = farm.token, None
    farm.settle()
    assert job.order is None
    assert job.status.phase == "Refused"
    farm.token = token
    farm.finish()
    assert job.status.phase == "Complete"
    assert job.head is not None
    assert job.head.billed_seconds == 24.0


def test_a_restarted_operator_renews_the_grant_it_does_not_remember() -> None:
    farm = MemoryFarm(NOW)
    job = farm.create("spring", a_job_spec())
    farm.settle()
    before = job.order
    farm.now += 10
    farm.restart_operator()
    farm.settle()
    assert job.order is not None
    assert before is not None
    assert job.order.grant != before.grant
    assert job.order.digest == before.digest


def test_the_same_state_gives_the_same_decision() -> None:
    state = a_job(status=RenderJobStatus())
    assert decide_job(state, NOW) == decide_job(state, NOW)
    assert any(isinstance(one, PutOrder) for one in decide_job(state, NOW).actions)
