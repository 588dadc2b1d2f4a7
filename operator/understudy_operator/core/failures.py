"""When a job gives up: items that failed or were rejected, against what its failure policy allows."""

from __future__ import annotations

from understudy_api.receipt import Finished, Totals
from understudy_api.renderjob import RenderJobSpec
from understudy_api.verdict import Refusal


def failure(spec: RenderJobSpec, totals: Totals, finished: Finished | None, generation: int) -> Refusal | None:
    """Why a job has failed, by its receipts; None while it has not.

    Rejected items count like failed ones: either way a video that was asked for is not there. An order that the pool gave
    up is tried again once the spec (of `generation`) has changed since, for instance when it may fail more often now.
    """
    missing, allowed = totals.failed + totals.rejected, spec.failure_policy.max_failed_items
    if missing > allowed:
        first = f"the first: {totals.first_loss}; " if totals.first_loss else ""
        return Refusal(
            reason="TooManyFailedItems",
            message=f"{missing} {'item' if missing == 1 else 'items'} failed, failurePolicy.maxFailedItems allows "
            f"{allowed}; {first}index.jsonl names each with its reason",
        )
    if finished is not None and finished.state == "Failed" and finished.generation >= generation:
        return Refusal(reason="PoolGaveUp", message=finished.message or "the pool gave the order up")
    return None
