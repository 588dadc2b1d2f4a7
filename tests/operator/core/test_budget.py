"""A job's budget: told to the pool, refused when nobody can keep it, and what becomes of a job that reached it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import NOW, a_head, a_job, a_job_spec, a_pool_view, a_progress, an_identity

from understudy_api.budget import Allowance, Charge, Spending
from understudy_api.model import Money
from understudy_api.order import Order
from understudy_api.receipt import Totals
from understudy_api.renderjob_status import RenderJobStatus
from understudy_operator.core.actions import EmitEvent, PutOrder, RenewGrant, StopOrder
from understudy_operator.core.admission import Permitted, Refused, admit
from understudy_operator.core.conditions import find
from understudy_operator.core.decide import decide_job
from understudy_operator.core.prices import Prices
from understudy_operator.core.state import JobState, OrderLog

EUR = Money(amount="0.60", currency="EUR")
TOLD = Allowance(currency="EUR", max_micros=12_500_000, price_micros=600_000)


def a_spec(action: str = "Pause", most: str = "12.50", **changed: Any) -> Any:
    return a_job_spec(budget={"max": most, "currency": "EUR", "whenExceeded": action}, **changed)


def an_order(spec: Any) -> Order:
    admission = admit(a_job(spec), NOW)
    assert isinstance(admission, Permitted)
    return admission.order


def a_held_job(reached: bool | None, spec: Any = None, allowance: Allowance = TOLD, **changed: Any) -> JobState:
    """A job whose order the pool holds, spending nearly all."""
    spec = spec or a_spec()
    digest = an_order(spec).digest
    said = Spending(allowance=allowance, reached=reached)
    head = a_head(digest, totals=Totals(done=3), charge=Charge(currency="EUR", nanos=12_400_000_001, reserved_nanos=7))
    pool = a_pool_view(held=a_progress(digest, spending=said), grant_expires_at=NOW + 900, granted_seconds=600.0)
    return a_job(spec, **{"pool": pool, "log": OrderLog(head=head), **changed})


def settled(state: JobState) -> tuple[JobState, RenderJobStatus]:
    status = decide_job(state, NOW).status
    assert status is not None
    return replace(state, status=status), status


def asked(state: JobState) -> list[str]:
    wanted = PutOrder | StopOrder | RenewGrant
    return [type(one).__name__ for one in decide_job(state, NOW).actions if isinstance(one, wanted)]


def test_the_pool_is_told_limit_and_prices_and_the_order_stays_the_same() -> None:
    with_budget, without = an_order(a_spec()), an_order(a_job_spec())
    assert with_budget.allowance == TOLD
    assert without.allowance is None
    assert with_budget.digest == without.digest
    assert "allowance" not in without.model_dump(mode="json")  # an earlier director understands it


def test_groups_are_told_with_their_prices() -> None:
    prices = Prices(None, {"a100": Money(amount="4.00", currency="EUR")})
    admission = admit(a_job(a_spec(), pool=a_pool_view(prices=prices)), NOW)
    assert isinstance(admission, Permitted)
    wanted = Allowance(currency="EUR", max_micros=12_500_000, group_price_micros={"a100": 4_000_000})
    assert admission.order.allowance == wanted


@pytest.mark.parametrize(
    ("prices", "reason", "cure"),
    [
        (Prices(), "BudgetUnpriced", "set pricePerWorkerHour"),
        (Prices(None, {"a100": EUR}, incomplete=True), "BudgetUnpriced", "or of each of its groups"),
        (Prices(EUR.model_copy(update={"currency": "USD"})), "BudgetCurrencyDiffers", "in USD"),
    ],
)
def test_what_nobody_can_keep_is_refused_with_the_cure(prices: Prices, reason: str, cure: str) -> None:
    state = a_job(a_spec(), pool=a_pool_view(prices=prices))
    admission = admit(state, NOW)
    assert isinstance(admission, Refused)
    assert admission.verdict.reason == reason
    assert cure in admission.verdict.message
    assert asked(state) == []
    assert isinstance(admit(replace(state, spec=a_job_spec()), NOW), Permitted)


def test_a_pool_that_loses_its_price_stops_the_job() -> None:
    state = a_held_job(False)
    assert state.pool is not None
    assert asked(replace(state, pool=replace(state.pool, prices=Prices()))) == ["StopOrder"]


def test_a_job_is_paused_when_the_director_says_so_and_told_once() -> None:
    state, status = settled(a_held_job(True))
    said = find(status.conditions, "BudgetReached")
    assert said is not None
    assert (status.phase, said.status, said.reason) == ("Suspended", "True", "BudgetReached")
    assert said.message.startswith("budget: 12.4001 of 12.50 EUR are spent")
    assert said.message.endswith("raise spec.budget.max to go on")
    assert status.budget is not None
    assert (status.budget.spent.amount, status.budget.left.amount) == ("12.4001", "0.0999")
    assert {one.type for one in status.conditions}.isdisjoint({"Reconciling", "Stalled"})
    events = [one for one in decide_job(a_held_job(True), NOW).actions if isinstance(one, EmitEvent)]
    assert [one.reason for one in events].count("BudgetReached") == 1
    again = decide_job(state, NOW + 5)
    assert not [one for one in again.actions if isinstance(one, EmitEvent)]
    assert asked(state) == []


@pytest.mark.parametrize("reached", [False, None])
def test_a_job_within_its_budget_runs(reached: bool | None) -> None:
    _, status = settled(a_held_job(reached))
    said = find(status.conditions, "BudgetReached")
    assert status.phase == "Running"
    assert said is not None
    assert (said.status, said.reason) == ("False", "WithinBudget")


def test_no_grant_is_renewed_while_paused() -> None:
    state, _ = settled(a_held_job(True))
    assert state.pool is not None
    late = replace(state, pool=replace(state.pool, grant_expires_at=NOW + 10))
    assert asked(late) == []
    running = a_held_job(False)
    assert running.pool is not None
    assert "RenewGrant" in asked(replace(running, pool=replace(running.pool, grant_expires_at=NOW + 10)))


@pytest.mark.parametrize("held", [None, "unknown", "unreachable"])
def test_who_paused_stays_so_while_the_director_does_not_know(held: str | None) -> None:
    state, _ = settled(a_held_job(True))
    pool = state.pool
    assert pool is not None
    pool = a_held_job(None).pool if held == "unknown" else replace(pool, held=None, reachable=held is None)
    decision = decide_job(replace(state, pool=pool), NOW)
    status = decision.status or state.status
    assert (status.phase, status.conditions[4].status) == ("Suspended", "True")
    assert find(status.conditions, "BudgetReached") == find(state.status.conditions, "BudgetReached")
    assert "BudgetReached" not in [one.reason for one in decision.actions if isinstance(one, EmitEvent)]


def test_raising_the_limit_lets_it_go_on() -> None:
    state, _ = settled(a_held_job(True))
    raised = replace(state, spec=a_spec(most="20"), identity=an_identity(generation=2))
    assert asked(raised) == ["PutOrder"]
    _, status = settled(raised)
    assert (status.phase, find(status.conditions, "BudgetReached").status) == ("Running", "False")  # type: ignore[union-attr]


def test_a_changed_price_is_told() -> None:
    state = a_held_job(False)
    assert state.pool is not None
    dearer = replace(state.pool, prices=Prices(Money(amount="0.90", currency="EUR")))
    assert asked(state) == ["RenewGrant"]
    assert asked(replace(state, pool=dearer)) == ["PutOrder"]
    assert asked(replace(state, spec=a_job_spec())) == ["PutOrder"]  # the budget was taken away


def test_what_was_said_of_other_prices_counts_no_longer() -> None:
    other = TOLD.model_copy(update={"price_micros": 900_000})
    _, status = settled(a_held_job(True, allowance=other))
    assert status.phase == "Running"


def test_cancel_ends_the_job_and_it_stays_ended() -> None:
    state, status = settled(a_held_job(True, a_spec("Cancel")))
    complete = find(status.conditions, "Complete")
    assert complete is not None
    assert (status.phase, complete.status, complete.reason) == ("Cancelled", "False", "BudgetReached")
    assert "delivered files stay" in complete.message
    assert asked(a_held_job(True, a_spec("Cancel"))) == ["StopOrder"]
    over = replace(state, pool=a_pool_view())
    assert decide_job(over, NOW + 60).status is None


def test_receipts_come_before_the_budget() -> None:
    state = a_held_job(True, a_spec("Cancel"))
    failed = replace(state.log.head, totals=Totals(done=3, failed=1))  # type: ignore[type-var]
    _, status = settled(replace(state, log=OrderLog(head=failed)))
    assert status.phase == "Failed"
