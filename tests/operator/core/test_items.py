"""Items under a bounded license: claimed in slices, granted as far as claimed, never one more than there are."""

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
)
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_farm import ConflictError, MemoryFarm

from understudy_api.ledger.account import Account, Claim
from understudy_api.ledger.entry import Reserved
from understudy_api.receipt import Totals
from understudy_api.renderjob import RenderJobSpec
from understudy_operator.core import items
from understudy_operator.core.actions import PutOrder, Record, RenewGrant, StopOrder
from understudy_operator.core.admission import Permitted, Refused, admit
from understudy_operator.core.booking import Booking
from understudy_operator.core.decide import decide_job
from understudy_operator.core.items import SLICE_ITEMS, granted_items, least_items, reachable_items, uncounted_items
from understudy_operator.core.quota import EXHAUSTED
from understudy_operator.core.state import JobState, OrderLog


def _token(items: int | None) -> str:
    return a_license_token(quota={"seconds": 100_000, "items": items})


def _account(items: int | None, used: int = 0, **claims: Claim) -> Account:
    found = an_account(_token(items))
    held = {uid.replace("_", "-"): claim for uid, claim in claims.items()}
    return found.model_copy(update={"quota_items": items, "used_items": used, "claims": held})


def _job(
    items: int | None, account: Account | None = None, spec: RenderJobSpec | None = None, **changed: Any
) -> JobState:
    return a_job(spec, license=a_license_view(_token(items), account), **changed)


def _rows(count: int) -> RenderJobSpec:
    """A job of `count` items."""
    rows = [{"id": str(row), "name": "Maya"} for row in range(count)]
    return a_job_spec(
        locales=["en-GB"],
        translations=None,
        data={"key": "id", "rows": rows},
        outputs=[{"name": "story", "width": 360, "height": 640}],
    )


def _promise(state: JobState) -> Reserved | None:
    written = [one for one in decide_job(state, NOW).actions if isinstance(one, Record)]
    return next((entry for one in written for entry in one.entries if isinstance(entry, Reserved)), None)


def _granted(state: JobState) -> list[int | None]:
    return [one.grant.items for one in decide_job(state, NOW).actions if isinstance(one, PutOrder | RenewGrant)]


def _digest(state: JobState) -> str:
    admission = admit(state, NOW)
    assert isinstance(admission, Permitted), admission
    return admission.digest


@pytest.mark.parametrize(
    ("quota", "rows", "promised", "granted"),
    [(None, 250, 250, None), (1000, 250, SLICE_ITEMS, SLICE_ITEMS), (1000, 20, 20, 20), (20, 20, 20, 20)],
)
def test_a_new_job_is_promised_a_slice_and_granted_it(
    quota: int | None, rows: int, promised: int, granted: int | None
) -> None:
    state = _job(quota, spec=_rows(rows))
    made = _promise(state)
    assert made is not None
    assert made.items == promised
    assert _granted(state) == [granted]


@pytest.mark.parametrize(
    ("used", "others", "reason"), [(0, 0, None), (12, 0, None), (13, 0, "ItemsExceeded"), (4, 9, "ItemsExceeded")]
)
def test_a_job_that_has_not_begun_has_to_fit(used: int, others: int, reason: str | None) -> None:
    held = {"other": a_claim(10, items=others)} if others else {}
    admission = admit(_job(20, _account(20, used, **held)), NOW)
    assert isinstance(admission, Refused if reason else Permitted)
    if isinstance(admission, Refused):
        (said,) = admission.verdict.refusals
        left = 20 - used - others
        assert (said.reason, said.clause, said.wanted) == (reason, "quota.items", "8 items")
        assert said.allowed == f"{left} left of 20"


def test_a_job_that_has_begun_shares_what_is_left() -> None:
    order = admit(_job(20), NOW)
    assert isinstance(order, Permitted)
    assert least_items(_job(20), order.order) == 8
    assert least_items(_job(20, _account(20, 0, **{UID: a_claim(10, items=3)})), order.order) == 0
    assert least_items(_job(20, log=OrderLog(head=a_head("0" * 64))), order.order) == 0


@pytest.mark.parametrize(
    ("made", "items", "more"), [(0, 100, 0), (49, 100, 0), (50, 100, 50), (100, 100, 100), (150, 200, 50)]
)
def test_a_claim_is_extended_once_half_of_its_slice_is_used(made: int, items: int, more: int) -> None:
    spec = _rows(1000)
    digest = _digest(_job(5000, spec=spec))
    claim = a_claim(100_000, items=items, committed_items=made, segment=1, order=digest)
    log = a_log(digest, Totals(done=made, metered_seconds=0.0), billed_items=made)
    state = _job(5000, _account(5000, made, **{UID: claim}), spec, log=log, next_segment=1, pool=a_pool_view(
        held=a_progress(digest, committed=0), grant_expires_at=NOW + 800, granted_seconds=1e9, granted_items=items
    ))  # fmt: skip
    found = _promise(state)
    assert (found.items - items if found else 0) == more
    assert _granted(state) == ([items + more] if more else [])


def test_a_fast_pool_gets_what_it_makes_in_a_minute() -> None:
    spec = _rows(1000)
    digest = _digest(_job(5000, spec=spec))
    claim = a_claim(100_000, items=100, committed_items=100, segment=1, order=digest)
    log = a_log(digest, Totals(done=100, started_at=NOW - 10), billed_items=100)
    found = _promise(_job(5000, _account(5000, 100, **{UID: claim}), spec, log=log, next_segment=1))
    assert found is not None
    assert found.items == 100 + 100 // 10 * 60


def test_a_grant_counts_the_whole_log_whatever_counts_already() -> None:
    segment = logged("0" * 64, 0, (2.0, 3.0))
    account = _account(20, 0, **{UID: a_claim(50, items=6)})
    log = a_log("0" * 64, Totals(done=2, metered_seconds=5.0), billed_items=2)
    ahead = replace(_job(20, account, log=log, uncounted=(segment,)))
    for booking in (Booking(account, account), ahead.booking):
        assert booking is not None
        assert granted_items(ahead, booking) == 6
    unread = a_log("0" * 64, Totals(done=3, metered_seconds=5.0), sequence=1, billed_items=3)
    assert uncounted_items(replace(ahead, log=unread), Booking(account, account)) == 3
    assert reachable_items(ahead, Booking(account, account)) == 20
    assert granted_items(ahead, Booking(_account(None), _account(None))) is None


@pytest.mark.parametrize(("used", "others", "granted"), [(0, 0, 8), (5, 0, 3), (5, 2, 1), (8, 0, 0), (9, 3, 0)])
def test_a_claim_from_before_a_bound_was_signed_reaches_no_further_than_the_bound(
    used: int, others: int, granted: int
) -> None:
    """It was promised everything, and the ledger takes no promise back: the grant is what holds."""
    mine, other = a_claim(100, items=500), a_claim(10, items=others)
    account = _account(8, used, **{UID: mine, "other": other})
    assert granted_items(_job(8, account), Booking(account, account)) == granted


def _short(**changed: Any) -> JobState:
    """A job whose director waits for an item, with all seconds at hand: others hold the five items that it lacks."""
    digest = _digest(_job(8))
    mine = a_claim(1000, items=3, committed_items=3, segment=1, order=digest)
    known: dict[str, Any] = {
        "account": _account(8, 3, **{UID: mine, "other": a_claim(10, items=5)}),
        "log": a_log(digest, Totals(done=3, metered_seconds=9.0), billed_items=3),
        "next_segment": 1,
        "pool": a_pool_view(
            held=a_progress(digest, state="WaitingForGrant", committed=0, short_seconds=2.5),
            grant_expires_at=NOW + 900,
            granted_seconds=1009.0,
            granted_items=3,
        ),
    }
    return _job(8, **{**known, **changed})


def test_a_job_that_finds_no_item_left_stops_and_says_so() -> None:
    decision = decide_job(_short(), NOW)
    assert decision.status is not None
    admitted = decision.status.conditions[0]
    assert (admitted.status, admitted.reason) == ("False", EXHAUSTED)
    assert "0 items left of 8; 3 of 8 items" in admitted.message
    assert "ask the owner for more items" in admitted.message
    assert any(isinstance(one, StopOrder) for one in decision.actions)


def test_a_brand_reads_how_many_are_left_for_it() -> None:
    status = decide_job(_job(20, _account(20, 4, other=a_claim(10, items=3), **{UID: a_claim(9, items=8)})), NOW).status
    assert status is not None
    assert status.license is not None
    assert status.license.left_items == 13
    unbounded = decide_job(a_job(), NOW).status
    assert unbounded is not None
    assert unbounded.license is not None
    assert unbounded.license.left_items is None


@pytest.mark.parametrize("changed", [{"granted_items": 2}, {"granted_items": None}, {"grant_expires_at": NOW - 1}])
def test_a_job_that_was_not_granted_everything_has_not_run_out(changed: dict[str, Any]) -> None:
    state = _short()
    assert state.pool is not None
    assert isinstance(admit(replace(state, pool=replace(state.pool, **changed)), NOW), Permitted)


@pytest.mark.parametrize(("others", "goes_on"), [(5, False), (4, True), (0, True)])
def test_it_goes_on_when_somebody_gives_an_item_back(others: int, goes_on: bool) -> None:
    stopped = decide_job(_short(), NOW).status
    assert stopped is not None
    account = _account(8, 3, other=a_claim(10, items=others))
    state = _short(account=account, pool=a_pool_view(), status=stopped)
    assert isinstance(admit(state, NOW), Permitted if goes_on else Refused)
    assert _granted(state) == ([3 + 5 - others] if goes_on else [])


@pytest.mark.parametrize("quota", [1, 7, 8, 12, 16, 17])
def test_two_jobs_use_a_license_up_and_never_pass_it(quota: int) -> None:
    farm = MemoryFarm(NOW, quota_items=quota)
    for name in ("spring", "summer"):
        farm.create(name, a_job_spec())
    farm.finish()
    account = next(iter(farm.accounts.values()), Account(id="0" * 64))
    complete = [job for job in farm.jobs.values() if job.status.phase == "Complete"]
    assert (len(complete), account.used_items) == (min(quota // 8, 2), 8 * min(quota // 8, 2))
    reasons = {job.status.conditions[0].reason for job in farm.jobs.values()} - {"Admitted"}
    assert reasons == (set() if quota >= 16 else {"ItemsExceeded"})


@pytest.mark.parametrize("quota", [11, 12, 15, 16])
def test_jobs_that_have_begun_share_what_is_left_slice_by_slice(quota: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "SLICE_ITEMS", 3)
    farm = MemoryFarm(NOW, quota_items=quota)
    for name in ("spring", "summer"):
        farm.create(name, a_job_spec())
    farm.settle()
    farm.render(2)
    assert [job.head.billed_items for job in farm.jobs.values() if job.head] == [2, 2]
    farm.finish()
    account = next(iter(farm.accounts.values()))
    assert (account.used_items, account.claims) == (quota, {})
    said = {job.status.conditions[0].reason for job in farm.jobs.values() if job.status.phase == "Refused"}
    assert said == (set() if quota == 16 else {EXHAUSTED})


STEPS = st.tuples(st.sampled_from(["observe", "apply", "render", "both", "cancel", "wait"]), st.integers(0, 3))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(1, 40), st.sampled_from([1, 3, 100]), st.lists(STEPS, max_size=40))
def test_no_interleaving_of_jobs_makes_more_items_than_the_license_has(
    quota: int, slice_items: int, steps: list[tuple[str, int]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(items, "SLICE_ITEMS", slice_items)
        _race(quota, steps)


def _race(quota: int, steps: list[tuple[str, int]]) -> None:
    farm = MemoryFarm(NOW, quota_items=quota)
    names = ["a", "b", "c", "d"]
    for name in names:
        farm.create(name, a_job_spec())
        farm.reconcile(name)
    seen = {name: farm.observe(name) for name in names}
    for what, index in steps:
        name = names[index]
        if what in {"observe", "both"}:
            seen[name] = farm.observe(name)
        if what in {"apply", "both"} and seen[name].status == farm.jobs[name].status:
            try:
                farm.apply(name, decide_job(seen[name], farm.now))
            except ConflictError:
                seen[name] = farm.observe(name)
        if what == "render":
            farm.render(index)
        if what == "cancel":
            farm.edit(name, cancel=True)
        if what == "wait":
            farm.now += 100
    farm.finish()
    account = next(iter(farm.accounts.values()), Account(id="0" * 64))
    made = sum(job.head.billed_items for job in farm.jobs.values() if job.head)
    assert account.used_items == made <= quota
    assert account.claims == {}
