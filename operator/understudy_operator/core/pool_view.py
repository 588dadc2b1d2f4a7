"""A RenderPool as jobs and twins see it: who answers there, what it holds of theirs, what it was granted last."""

from __future__ import annotations

from dataclasses import dataclass

from understudy_api.grant import TrainingGrant
from understudy_api.order import Progress, TrainingProgress
from understudy_api.verdict import Verdict
from understudy_operator.core.prices import Prices

ENDED = frozenset({"Finished", "Failed", "Stopped"})
"""States in which a director makes nothing more of an order."""


@dataclass(frozen=True, kw_only=True)
class PoolAnswer:
    """A pool's refusal of an order (403 or 422), remembered in memory until an order of that uid is accepted."""

    order: str
    """Digest of the refused order."""
    verdict: Verdict
    at: float


@dataclass(frozen=True, kw_only=True)
class PoolView:
    """A RenderPool as a job or twin sees it."""

    name: str
    prices: Prices
    reachable: bool
    """True when its director answered just now."""
    problem: str = ""
    """One line why it did not."""
    held: Progress | None = None
    """The director's hint on this job's order; None: it holds none (or is not reachable)."""
    training: TrainingProgress | None = None
    """The director's hint on this twin's training; None: it holds none (or is not reachable)."""
    training_grant: TrainingGrant | None = None
    """The last grant this process gave for the training; None: unknown, for instance after a restart."""
    performers: tuple[str, ...] = ()
    """Keys of the performers that were ready at the last poll, sorted."""
    grant_performers: tuple[str, ...] = ()
    """The performers that last grant names."""
    grant_expires_at: float | None = None
    """`exp` of the last grant this process gave for the order; None: unknown, for instance after a restart."""
    granted_seconds: float | None = None
    """`seconds` of that grant."""
    granted_items: int | None = None
    """`items` of that grant."""
    answer: PoolAnswer | None = None

    @property
    def working(self) -> bool:
        """True while the pool may still make something of this job's order."""
        return self.held is not None and self.held.state not in ENDED
