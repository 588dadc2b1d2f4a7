"""A restored job counts its generations on: what was made before is earlier, whatever number the API server begins with."""

from __future__ import annotations

import pytest
from builders import NOW, a_finished, a_head, a_job, a_job_spec, an_identity

from understudy_api.receipt import Totals
from understudy_operator.core.actions import PutOrder
from understudy_operator.core.admission import Permitted, admit
from understudy_operator.core.decide import decide_job
from understudy_operator.core.failures import failure
from understudy_operator.core.lifecycle import course
from understudy_operator.core.noted import mark
from understudy_operator.core.state import OrderLog

RESTORED = an_identity(generation=2, earlier_generations=1005)


def test_an_edition_counts_what_went_before() -> None:
    assert (an_identity(generation=3).edition, RESTORED.edition) == (3, 1007)


def test_an_order_of_a_restored_job_is_later_than_its_log() -> None:
    (put,) = [one for one in decide_job(a_job(identity=RESTORED), NOW).actions if isinstance(one, PutOrder)]
    assert put.order.generation == 1007
    (put,) = [one for one in decide_job(a_job(), NOW).actions if isinstance(one, PutOrder)]
    assert put.order.generation == 1


def test_a_status_speaks_of_the_api_servers_own_generation() -> None:
    status = decide_job(a_job(identity=RESTORED), NOW).status
    assert status is not None
    assert status.observed_generation == 2
    assert {one.observed_generation for one in status.conditions} == {2}


def test_the_last_word_of_a_restored_job_stands() -> None:
    order = admit(a_job(), NOW)
    assert isinstance(order, Permitted)
    head = a_head(order.digest, generation=4, totals=Totals(done=8, metered_seconds=32.0))
    log = OrderLog(head=head, finished=(a_finished(order.digest, generation=4),))
    state = a_job(log=log, identity=an_identity(generation=1, earlier_generations=1004))
    assert course(state, admit(state, NOW), NOW).phase == "Complete"


@pytest.mark.parametrize(("edition", "gave_up"), [(4, True), (1005, False)])
def test_what_the_pool_gave_up_is_tried_again_after_a_restore(edition: int, gave_up: bool) -> None:
    finished = a_finished("a" * 64, generation=4, state="Failed")
    found = failure(a_job_spec(), Totals(), finished, edition)
    assert (found is not None) is gave_up


def test_a_refusal_is_noted_for_each_edition() -> None:
    assert mark(a_job(identity=RESTORED), "Expired") == "1007/Expired"
