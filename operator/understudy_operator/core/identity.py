"""Which object a state speaks of, and what it is when its spec cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

FINALIZER = "understudy.dev/pool"
"""Held on RenderJobs and TwinModels while a pool may work for them, and on the pool while it may work for any."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which object a state speaks of, from its metadata."""

    namespace: str
    """Empty for cluster-scoped kinds."""
    name: str
    uid: str
    """Of a RenderJob that was restored, the UID it had before: what its receipts are named by."""
    generation: int
    resource_version: str
    created_at: float
    deleted_at: float | None = None
    """`deletionTimestamp`; None while nobody asked for deletion."""
    finalizers: tuple[str, ...] = ()
    earlier_generations: int = 0
    """Generations of the object that this one was restored from."""

    @property
    def edition(self) -> int:
        """The generation as orders, receipts and ledger count it: a restore does not set it back."""
        return self.earlier_generations + self.generation

    @property
    def held(self) -> bool:
        """True while our finalizer is on the object."""
        return FINALIZER in self.finalizers


@dataclass(frozen=True, kw_only=True)
class SpecProblem:
    """A spec that the models do not accept although the schema did; `message` names the field and the cure."""

    message: str
