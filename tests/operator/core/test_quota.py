"""Quota: promised in slices, extended before they run out, exhausted when nothing more can be had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    NOW,
    UID,
    a_claim,
    a_head,
    a_job,
    a_job_spec,
    a_license_token,
    a_license_view,
    a_log,
    a_pool_view,
    a_progress,
    an_account,
    logged,
    some_terms,
)
from memory_farm import MemoryFarm

from understudy_api.ledger.account import Account
from understudy_api.permits import Usage
from understudy_api.receipt import Totals
from understudy_api.renderjob import RenderJobSpec
from understudy_api.renderjob_status import RenderJobStatus
from understudy_operator.core.actions import PutOrder, Record, RenewGrant, StopOrder
from understudy_operator.core.admission import Permitted, Refused, admit
from understudy_operator.core.decide import decide_job
from understudy_operator.core.quota import (
    EXHAUSTED,
    SLICE_SECONDS,
    Demand,
    begin,
    extension,
    granted_seconds,
    least_seconds,
    remaining_seconds,
    usage,
    wanted_micros,
)
from understudy_operator.core.state import JobState, OrderLog

SECOND = 1_000_000


def _long(rows: int) -> RenderJobSpec:
    """A job of many seconds: `rows` x 2 items."""
    return a_job_spec(
        script={"scenes": [{"say": "Hi {name}! " + "Spring is here. " * 60}]},
        translations=None,
        locales=["en-GB"],
        data={"key": "id", "rows": [{"id": str(row), "name": "Maya"} for row in range(rows)]},
    )


def _demand(state: JobState) -> Demand:
    admission = admit(state, NOW)
    assert isinstance(admission, Permitted), admission
    return admission.demand


def _extended(state: JobState, *, due: bool = False, now: float = NOW) -> Any:
    demand = _demand(state)
    booking = begin(state, demand)
    assert booking is not None
    return extension(state, booking, demand, int(now) + 900, due, now)


def _with(account: Account, **changed: Any) -> JobState:
    return a_job(license=a_license_view(account=account), **changed)


def test_own_promises_do_not_stand_against_a_job() -> None:
    state = _with(an_account(used=30, **{UID: 100, "other": 40}))
    assert usage(state, some_terms(), NOW) == Usage(used_seconds=30, reserved_seconds=40, running=1)
    assert usage(a_job(license=None), some_terms(), NOW) == Usage()


def test_a_new_job_gets_what_it_needs_at_most_a_slice() -> None:
    demand = _demand(a_job())
    assert demand.bound_seconds < SLICE_SECONDS
    opened = _extended(a_job())
    assert (opened.reserved_micros, opened.items, opened.segment) == (round(demand.bound_seconds * SECOND), 8, 0)
    assert opened.granted_until == int(NOW) + 900
    long = a_job(_long(2))
    assert _demand(long).bound_seconds > SLICE_SECONDS
    assert _extended(long).reserved_micros == SLICE_SECONDS * SECOND


def test_a_new_job_gets_the_rest_when_that_is_less() -> None:
    token = a_license_token(quota={"seconds": 100})
    account = an_account(token, used=60, other=30)
    state = a_job(license=a_license_view(token, account))
    assert _extended(state).reserved_micros == 10 * SECOND


@pytest.mark.parametrize(
    ("open_seconds", "made", "more"),
    [(600, 0, 0), (301, 299, 0), (300, 300, 300), (10, 590, 590), (0, 600, 600)],
)
def test_a_claim_is_extended_once_half_of_its_slice_is_used(open_seconds: int, made: int, more: int) -> None:
    spec = _long(20)
    digest = _demand(a_job(spec)).digest
    claim = a_claim(open_seconds + made, committed_micros=made * SECOND, segment=1, order=digest)
    account = an_account(used=made).model_copy(update={"claims": {UID: claim}})
    log = a_log(digest, Totals(done=1, metered_seconds=made))
    state = a_job(spec, license=a_license_view(account=account), log=log, next_segment=1)
    found = _extended(state)
    if not more:
        assert found is None
        renewed = _extended(state, due=True, now=NOW + 1)
        assert renewed.reserved_micros == claim.reserved_micros, "a renewed grant needs its end on record, no more"
        assert renewed.granted_until == int(NOW) + 901
    else:
        assert found.reserved_micros - claim.reserved_micros == more * SECOND
        assert found.segment == 1


def test_a_fast_pool_gets_what_it_makes_in_a_minute() -> None:
    spec = _long(99)
    digest = _demand(a_job(spec)).digest
    log = OrderLog(
        head=a_head(digest, totals=Totals(done=10, metered_seconds=2000, started_at=NOW - 50), billed_seconds=2000)
    )
    state = a_job(spec, log=log, next_segment=1)
    demand = _demand(state)
    booking = begin(state, demand)
    assert booking is not None
    assert wanted_micros(state, booking, demand, NOW) == 2000 / 50 * 60 * SECOND


def test_an_order_needs_what_it_has_not_made() -> None:
    demand = _demand(a_job())
    made = Totals(done=4, metered_seconds=10.0)
    assert remaining_seconds(OrderLog(), demand) == demand.bound_seconds
    assert remaining_seconds(a_log(demand.digest, made), demand) == demand.bound_seconds - 10
    assert remaining_seconds(a_log("b" * 64, made), demand) == demand.bound_seconds
    short = replace(demand, bound_seconds=1.0)
    assert remaining_seconds(a_log(demand.digest, made), short) == 10.0, "where a bound was too low, the mean tells"
    assert remaining_seconds(a_log(demand.digest, Totals(done=8, metered_seconds=9.0)), demand) == 0


def test_the_lower_bound_is_a_rest_for_each_item_of_a_job_that_made_nothing() -> None:
    demand = _demand(a_job())
    assert least_seconds(OrderLog(), demand.order) == pytest.approx(8 * 0.32)
    assert least_seconds(a_log("b" * 64, Totals()), demand.order) == 0


def test_a_grant_reaches_as_far_as_the_claim_whatever_counts_already() -> None:
    digest = _demand(a_job()).digest
    account = an_account(**{UID: 50})
    segment = logged(digest, 0, (2.0, 3.0))
    log = a_log(digest, Totals(done=2, metered_seconds=5.0))
    for uncounted, claims in (((segment,), account), ((), account)):
        state = _with(claims, log=log if uncounted else OrderLog(), uncounted=uncounted)
        booking = begin(state, _demand(state))
        assert booking is not None
        assert granted_seconds(state, booking, _demand(state)) == 50.0
    ahead = OrderLog(head=a_head(digest, sequence=1, totals=Totals(done=3, metered_seconds=7.5), billed_seconds=7.5))
    state = _with(account, log=ahead, uncounted=(segment,))
    booking = begin(state, _demand(state))
    assert booking is not None
    assert granted_seconds(state, booking, _demand(state)) == 50.0, "what nobody read yet is not granted twice"


def _short(left_over: float, **changed: Any) -> JobState:
    """A job whose director waits with `left_over` open seconds, all granted, and nothing more to have."""
    token = a_license_token(quota={"seconds": 20})
    digest = _demand(a_job(license=a_license_view(token))).digest
    claim = a_claim(20, committed_micros=round((20 - left_over) * SECOND), segment=1, order=digest)
    account = an_account(token, used=20 - left_over).model_copy(update={"claims": {UID: claim}})
    known: dict[str, Any] = {
        "license": a_license_view(token, account),
        "log": a_log(digest, Totals(done=3, metered_seconds=20 - left_over)),
        "next_segment": 1,
        "pool": a_pool_view(
            held=a_progress(digest, state="WaitingForGrant", committed=0, short_seconds=2.5),
            grant_expires_at=NOW + 900,
            granted_seconds=20.0,
        ),
    }
    return a_job(**{**known, **changed})


def test_a_job_that_runs_out_stops_and_says_so() -> None:
    state = _short(1.5)
    decision = decide_job(state, NOW)
    assert decision.status is not None
    admitted = decision.status.conditions[0]
    assert (admitted.status, admitted.reason) == ("False", EXHAUSTED)
    assert "1.50 s left of 20 s; 3 of 8 items" in admitted.message
    assert decision.status.quota_needed_seconds == "2.5"
    assert any(isinstance(one, StopOrder) for one in decision.actions)


@pytest.mark.parametrize(
    "pool",
    [
        {"grant_expires_at": NOW - 1},
        {"grant_expires_at": None},
        {"granted_seconds": 19.0},
        {"held": a_progress("0" * 64, state="WaitingForGrant")},
    ],
)
def test_a_job_that_waits_for_something_else_has_not_run_out(pool: dict[str, Any]) -> None:
    state = _short(1.5)
    assert state.pool is not None
    assert isinstance(admit(replace(state, pool=replace(state.pool, **pool)), NOW), Permitted)


@pytest.mark.parametrize("changed", [{"short_seconds": None}, {"takes_in_flight": 1}])
def test_a_job_at_work_has_not_run_out(changed: dict[str, Any]) -> None:
    state = _short(1.5)
    assert state.pool is not None
    assert state.pool.held is not None
    held = state.pool.held.model_copy(update=changed)
    assert isinstance(admit(replace(state, pool=replace(state.pool, held=held)), NOW), Permitted)


@pytest.mark.parametrize(("left", "goes_on"), [(1.5, False), (2.4, False), (2.5, True), (9.0, True)])
def test_a_job_that_ran_out_goes_on_only_when_there_is_more(left: float, goes_on: bool) -> None:
    stopped = decide_job(_short(1.5), NOW).status
    assert stopped is not None
    token = a_license_token(quota={"seconds": 20})
    account = an_account(token, used=20 - left)
    state = _short(1.5, license=a_license_view(token, account), pool=a_pool_view(), status=stopped)
    assert isinstance(admit(state, NOW), Permitted if goes_on else Refused)
    puts = [one for one in decide_job(state, NOW).actions if isinstance(one, PutOrder)]
    assert [round(one.grant.seconds, 6) for one in puts] == ([18.5 + left] if goes_on else [])


def test_another_order_is_not_held_back_by_what_the_last_one_lacked() -> None:
    stopped = decide_job(_short(1.5), NOW).status
    assert isinstance(stopped, RenderJobStatus)
    other = stopped.model_copy(update={"order_digest": "0" * 64})
    assert isinstance(admit(_short(1.5, pool=a_pool_view(), status=other), NOW), Permitted)


def test_slices_are_granted_one_after_the_other_and_an_absent_operator_pauses_the_job() -> None:
    farm = MemoryFarm(NOW)
    farm.item_seconds = 100.0
    job = farm.create("spring", _long(12))
    farm.settle()
    farm.render(1000)
    assert job.head is not None
    assert job.head.billed_seconds == 600, "not one item beyond the slice while nobody extends it"
    assert job.state == "WaitingForGrant"
    farm.finish()
    assert job.status.phase == "Complete"
    assert job.head.billed_seconds == 2400
    account = next(iter(farm.accounts.values()))
    assert (account.used_micros, account.used_items, account.claims) == (2400 * SECOND, 24, {})


@pytest.mark.parametrize("quota", [1, 3, 7, 8, 20, 24, 25])
def test_a_job_never_makes_an_item_beyond_the_license_and_uses_it_up(quota: int) -> None:
    farm = MemoryFarm(NOW, quota_seconds=quota)
    job = farm.create("spring", a_job_spec())
    farm.finish()
    account = next(iter(farm.accounts.values()), Account(id="0" * 64))
    items = 0 if quota < 3 else min(quota // 3, 8)
    assert account.used_micros == items * 3 * SECOND
    assert account.claims == {}
    reason = job.status.conditions[0].reason
    assert (job.status.phase, reason) == (("Complete", "Admitted") if quota >= 24 else ("Refused", reason))
    assert reason in ("Admitted", EXHAUSTED, "QuotaExceeded")


def test_a_grant_follows_every_extension() -> None:
    farm = MemoryFarm(NOW)
    farm.item_seconds = 100.0
    farm.create("spring", _long(12))
    farm.settle()
    farm.render(4)
    farm.now += 60
    decision = decide_job(farm.observe("spring"), farm.now)
    names = [type(one) for one in decision.actions if isinstance(one, Record | RenewGrant)]
    assert names == [Record, RenewGrant]
    (grant,) = (one.grant for one in decision.actions if isinstance(one, RenewGrant))
    assert grant.seconds == 400 + 600
