"""Grants: signed for at most 15 minutes, renewed at half their life, never beyond the license's end.

A grant that runs out pauses an order; it never fails one. Who stops renewing has stopped the job.
"""

from __future__ import annotations

from typing import Final

from understudy_api.grant import MAX_GRANT_SECONDS, MAX_PERFORMERS, Grant, TrainingGrant
from understudy_api.ledger.account import account_id
from understudy_api.order import TrainingOrder
from understudy_api.status_source import UNLISTED, Standing
from understudy_api.terms import Terms
from understudy_operator.core.admission import Permitted
from understudy_operator.core.state import FarmView, PoolView

RENEW_BEFORE_SECONDS: Final = MAX_GRANT_SECONDS / 2


def grant(
    permitted: Permitted,
    farm: FarmView,
    pool: PoolView,
    seconds: float,
    now: float,
    expires_at: int,
    items: int | None = None,
    status_iat: int | None = None,
) -> Grant:
    """The grant to sign for an order at `now` (Unix seconds), over `seconds` metered seconds and `items` in total.

    It is good for the performers that are ready now. `status_iat` is when the list was signed that it rests on.
    """
    order, license_ = permitted.order, permitted.rights.license
    return Grant(
        iss=farm.thumbprint,
        aud=order.pool,
        sub=order.uid,
        order=permitted.digest,
        license=license_.digest,
        account=account_id(order.license),
        keys=permitted.rights.keyring.head,
        twin_version=order.twin.version,
        status_iat=status_iat,
        seconds=seconds,
        items=items,
        performers=pool.performers[:MAX_PERFORMERS],
        iat=int(now),
        exp=expires_at,
    )


def training_grant(order: TrainingOrder, farm: FarmView, pool: PoolView, now: float) -> TrainingGrant:
    """The grant to sign for a training at `now` (Unix seconds): the vault gives its trainer the twin's key by it.

    Until the trainer's process is there it names nobody, and is good for nobody.
    """
    held = pool.training
    return TrainingGrant(
        iss=farm.thumbprint,
        aud=order.pool,
        sub=order.uid,
        order=order.digest,
        twin=order.twin_id,
        trainer=held.trainer if held is not None and held.digest == order.digest else None,
        iat=int(now),
        exp=int(now) + MAX_GRANT_SECONDS,
    )


def training_renewal_due(pool: PoolView, now: float) -> bool:
    """True when a trainer is there and the last grant does not name it, is unknown, or is past half its life."""
    held, given = pool.training, pool.training_grant
    if held is None or held.state != "Running" or held.trainer is None:
        return False
    return given is None or given.trainer != held.trainer or given.exp - now <= RENEW_BEFORE_SECONDS


def renewal_due(terms: Terms, pool: PoolView, now: float, standing: Standing = UNLISTED) -> bool:
    """True when the grant is unknown, names other performers than are there, or is past half its life and could live longer."""
    expires = pool.grant_expires_at
    if expires is None or pool.grant_performers != pool.performers[:MAX_PERFORMERS]:
        return True
    return expires - now <= RENEW_BEFORE_SECONDS and expiry(terms, now, standing) > expires


def expiry(terms: Terms, now: float, standing: Standing = UNLISTED) -> int:
    """When a grant given at `now` ends: with the license, and with the status list that it was judged by."""
    if terms.status is None:
        return reach(terms, now)
    return int(now) if standing.until is None else min(reach(terms, now), standing.until)


def reach(terms: Terms, now: float) -> int:
    """When a grant given at `now` would end if no status list ended before."""
    return min(int(now) + MAX_GRANT_SECONDS, terms.exp)
