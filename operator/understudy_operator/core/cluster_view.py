"""A RayCluster and its pods as a pool's reconcile sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class PodView:
    """One pod of a RayCluster. `group` is empty for the head."""

    name: str
    group: str
    address: str
    """Its IP; empty until it has one."""
    ready: bool
    terminating: bool = False
    problem: str = ""
    """One line why it does not start: an image that cannot be pulled, no machine with room."""


@dataclass(frozen=True, kw_only=True)
class ClusterView:
    """A RayCluster as it stands at the API server."""

    name: str
    spec_digest: str
    """Digest under which we wrote its spec last; empty when we did not."""
    owned: bool
    """Whether this RenderPool is its controller."""
    nodes: Mapping[str, int] = field(default_factory=dict)
    """Replicas that each group is asked for."""
    leaving: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Pods that KubeRay was told to remove, by group."""
    pods: tuple[PodView, ...] = ()

    @property
    def head(self) -> PodView | None:
        """The pod of its head, None while there is none."""
        return next((pod for pod in self.pods if not pod.group and not pod.terminating), None)

    @property
    def problem(self) -> str:
        """The first thing that keeps one of its pods from starting; empty when nothing does."""
        return next((f"{pod.name}: {pod.problem}" for pod in self.pods if pod.problem and not pod.terminating), "")
