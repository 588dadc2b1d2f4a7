"""The budget of a job: what the pool is told to keep, what speaks against it, how far it is used, and what happens at its end.

The director keeps the limit with every batch it hands out; here it is only said and drawn consequences from. Where the director
cannot be asked, what the job said last holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, Literal

from understudy_api.budget import Allowance, JobBudget, JobSpending, micros_of, money
from understudy_api.model import Condition, Money
from understudy_api.renderjob import RenderJobSpec
from understudy_api.verdict import Refusal
from understudy_operator.core.conditions import Said, find, said
from understudy_operator.core.state import JobState, PoolView, SpecProblem

REACHED: Final = "BudgetReached"
"""Type of the condition, and reason of what follows from it."""
UNPRICED: Final = "BudgetUnpriced"
OTHER_CURRENCY: Final = "BudgetCurrencyDiffers"


def budget_of(state: JobState) -> JobBudget | None:
    """The budget of a job, if it has one."""
    return None if isinstance(state.spec, SpecProblem) else state.spec.budget


def budget_refusals(spec: RenderJobSpec, pool: PoolView | None) -> Iterator[Refusal]:
    """Why a budget cannot be kept: what the pool costs is not known, or in another currency. A missing pool is told elsewhere."""
    if spec.budget is None or pool is None:
        return
    budget, prices = spec.budget, pool.prices
    if prices.currency is None or prices.incomplete:
        yield Refusal(
            reason=UNPRICED,
            message=f"budget: pool {pool.name} has no price for all of its workers, so nobody can keep {_limit(budget)}; "
            "set pricePerWorkerHour of the RenderPool or of each of its groups, or remove spec.budget",
        )
    elif prices.currency != budget.currency:
        yield Refusal(
            reason=OTHER_CURRENCY,
            message=f"budget: it is in {budget.currency}, the prices of pool {pool.name} are in {prices.currency}; "
            f"create another RenderJob with spec.budget in {prices.currency}",
        )


def allowance(spec: RenderJobSpec, pool: PoolView | None) -> Allowance | None:
    """What the pool is told of the budget; None without one, or as long as it cannot be kept."""
    if spec.budget is None or pool is None or any(budget_refusals(spec, pool)):
        return None
    prices = pool.prices
    return Allowance(
        currency=spec.budget.currency,
        max_micros=micros_of(spec.budget.max),
        price_micros=None if prices.pool is None else micros_of(prices.pool.amount),
        group_price_micros={group: micros_of(price.amount) for group, price in prices.groups.items()},
    )


def reached(state: JobState) -> bool:
    """Whether nothing is in flight any more and the next work might cost more than is left.

    As the director says of this very limit and these prices; as the job said last while the director does not know yet.
    """
    spec, pool = state.spec, state.pool
    if isinstance(spec, SpecProblem) or spec.budget is None:
        return False
    held = pool.held if pool is not None and pool.working else None
    told = held.spending if held is not None else None
    if told is not None and told.reached is not None and told.allowance == allowance(spec, pool):
        return told.reached
    was = find(state.status.conditions, REACHED)
    current = state.status.observed_generation == state.identity.generation
    return current and was is not None and was.status == "True"


def ends_by_budget(state: JobState, action: Literal["Pause", "Cancel"]) -> bool:
    """Whether the budget is reached and this is what its brand wants then."""
    budget = budget_of(state)
    return budget is not None and budget.when_exceeded == action and reached(state)


def reached_message(state: JobState) -> str:
    """What is said of a job whose budget is reached: how much was spent of what, and the cure."""
    budget = budget_of(state)
    if budget is None:
        return ""
    spent = _spent(state, budget)
    known = f"{spent.amount} of {_limit(budget)} are spent" if spent else f"{_limit(budget)} are nearly spent"
    stays = "the job is paused" if budget.when_exceeded == "Pause" else "the job was ended; delivered files stay"
    return f"budget: {known} and the next work might cost more than is left, so {stays}; raise spec.budget.max to go on"


def spending(state: JobState) -> JobSpending | None:
    """How far the budget is used, as the receipt log says."""
    budget = budget_of(state)
    if budget is None:
        return None
    spent = _spent(state, budget) or Money(amount="0.0000", currency=budget.currency)
    left = max(Decimal(budget.max) - Decimal(spent.amount), Decimal(0))
    return JobSpending(spent=spent, left=Money(amount=f"{left:f}", currency=budget.currency))


def budget_reached(state: JobState, *, finished: bool) -> tuple[Said, ...]:
    """The condition of a job with a budget; once a job is finished, it stays as it was."""
    was = find(state.status.conditions, REACHED)
    budget = budget_of(state)
    if budget is None:
        return (said(REACHED, False, "NoBudget"),) if was is not None else ()
    if reached(state):
        return (said(REACHED, True, REACHED, reached_message(state)),)
    if finished and was is not None:
        return (_again(was),)
    return (said(REACHED, False, "WithinBudget"),)


def _again(was: Condition) -> Said:
    return Said(was.type, was.status, was.reason, was.message)


def _spent(state: JobState, budget: JobBudget) -> Money | None:
    charge = state.log.head.charge if state.log.head else None
    return money(charge.nanos, charge.currency) if charge is not None and charge.currency == budget.currency else None


def _limit(budget: JobBudget) -> str:
    return f"{budget.max} {budget.currency}"
