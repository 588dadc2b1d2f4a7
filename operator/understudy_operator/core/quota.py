"""Seconds under a license: what is left for a job, and the claim it has to hold before its order is put.

A job claims the upper bound of its whole order at once. The claim is written to the license's account by a conditional
put, before the order, so two jobs never both get the last seconds; whatever the bound was too high by is given back when
the job ends.
"""

from __future__ import annotations

from typing import Final

from understudy_api.permits import Usage
from understudy_operator.core.account import Account, Claim
from understudy_operator.core.state import AccountView, JobState, LicenseState, OrderLog

TOLERANCE_SECONDS: Final = 1.0
"""Claims are not rewritten for less."""


def billed_seconds(log: OrderLog) -> float:
    """Metered seconds of a job's whole log."""
    return log.head.billed_seconds if log.head else 0.0


def remaining_seconds(log: OrderLog, order_digest: str, bound_seconds: float) -> float:
    """Upper bound of what an order has still to make."""
    made = log.head.totals.metered_seconds if log.head and log.head.order == order_digest else 0.0
    return max(bound_seconds - made, 0.0)


def usage(state: JobState) -> Usage:
    """What was used under the license by everybody, and what is promised to other jobs."""
    view = _account_view(state)
    return view.account.usage(view.billed_seconds, without=state.identity.uid) if view else Usage()


def claimed(state: JobState, order_digest: str, bound_seconds: float) -> Account | None:
    """The account with the job's claim as it has to be; None when it stands already (or there is no account)."""
    view = _account_view(state)
    if view is None:
        return None
    uid, billed = state.identity.uid, billed_seconds(state.log)
    held = view.account.claims.get(uid)
    start = held.billed_from_seconds if held else billed
    wanted = max(billed - start, 0.0) + remaining_seconds(state.log, order_digest, bound_seconds)
    if held is not None and abs(held.reserved_seconds - wanted) <= TOLERANCE_SECONDS:
        return None
    claim = Claim(
        namespace=state.identity.namespace,
        job=state.identity.name,
        reserved_seconds=wanted,
        billed_from_seconds=start,
    )
    return view.account.claimed(uid, claim)


def settled(state: JobState) -> Account | None:
    """The account with the job's claim closed; None when it holds none."""
    view = _account_view(state)
    if view is None or state.identity.uid not in view.account.claims:
        return None
    return view.account.settled(view.billed_seconds, state.identity.uid)


def settled_orphans(state: LicenseState) -> Account | None:
    """The account without claims of jobs that are gone and that no pool works on any more; None when there are none."""
    if state.account is None or state.held is None:
        return None
    account = state.account.account
    orphans = [uid for uid in sorted(account.claims) if uid not in state.jobs and uid not in state.held]
    return account.settled(state.account.billed_seconds, *orphans) if orphans else None


def _account_view(state: JobState) -> AccountView | None:
    """The account with the job's own log as just read: it may be newer than the account's reading of it."""
    view = state.license.account if state.license else None
    if view is None:
        return None
    own = {state.identity.uid: billed_seconds(state.log)}
    return AccountView(account=view.account, billed_seconds={**view.billed_seconds, **own})
