"""Stints: what a worker did without a break, for whom, and how it falls into locales and hours. Pure: no clock, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from understudy_api import token
from understudy_api.order import TrainingOrder
from understudy_api.terms import LICENSE_TYPE
from understudy_api.timesheet import HOUR_SECONDS, NOBODY, WorkKind, hour_of
from understudy_api.verdict import Refusal
from understudy_workers.direction.batch import Outcome
from understudy_workers.work import ItemResult, ItemWork, Permit, TakeResult, TakeWork

_MAX_LICENSE: Final = 128

Locales = tuple[tuple[str, float], ...]
"""Locales with their shares, which add up to 1."""
NO_LOCALE: Final[Locales] = ((NOBODY, 1.0),)


@dataclass(frozen=True)
class Client:
    """For whom work is done; see `timesheet.Work`."""

    kind: WorkKind
    uid: str
    namespace: str
    name: str
    license: str = NOBODY


@dataclass(frozen=True)
class Stint:
    """The `busy_seconds` up to `ended_at` (Unix seconds) that one worker of a group worked for a client."""

    client: Client
    group: str
    ended_at: float
    busy_seconds: float
    locales: Locales = NO_LOCALE


def client_of(permit: Permit) -> Client:
    """Whom the work under a permit is for."""
    kind: WorkKind = "Job" if permit.making.preview is None else "Preview"
    return Client(kind, permit.order_uid, permit.namespace, permit.job, _jti(permit.license))


def client_of_training(order: TrainingOrder) -> Client:
    """Whom a training is for."""
    return Client("Training", order.uid, order.namespace, order.twin)


@lru_cache(maxsize=512)
def _jti(license_token: str) -> str:
    """The desk has verified the token; a name is all that is wanted of it here."""
    claims = token.unverified(license_token, LICENSE_TYPE)
    return NOBODY if isinstance(claims, Refusal) else str(claims.get("jti", NOBODY))[:_MAX_LICENSE]


def locales_of(
    works: Sequence[TakeWork | ItemWork], outcomes: Sequence[Outcome] = (), busy_seconds: float = 0.0
) -> Locales:
    """How a batch's time is shared by the locales of its works.

    Each gets the seconds that its works' outcomes tell; what nobody tells, such as those of a failure or of a batch that was
    lost, is shared evenly among the works.
    """
    own = [one.busy_seconds if isinstance(one, TakeResult | ItemResult) else 0.0 for one in outcomes] or [0.0] * len(
        works
    )
    even = max(busy_seconds - sum(own), 0.0) / len(works)
    shares: Counter[str] = Counter()
    for work, seconds in zip(works, own, strict=True):
        shares[work.locale if isinstance(work, TakeWork) else work.planned.locale] += seconds + even  # type: ignore[assignment]
    whole = sum(shares.values())
    if not whole:
        return tuple((locale, 1 / len(shares)) for locale in shares)
    return tuple((locale, seconds / whole) for locale, seconds in shares.items())


def hours_of(began_at: float, ended_at: float) -> Iterator[tuple[int, float]]:
    """The hours that a time lies in, and its seconds in each."""
    while began_at < ended_at:
        hour = hour_of(began_at)
        edge = min(ended_at, hour + HOUR_SECONDS)
        yield hour, edge - began_at
        began_at = edge
