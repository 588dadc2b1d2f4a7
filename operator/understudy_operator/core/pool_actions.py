"""What is done for a pool itself: its director started, its RayCluster written, its nodes drained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from understudy_api.price_book import PricePage


@dataclass(frozen=True, kw_only=True)
class StartDirector:
    """Submit the director through Ray's Jobs API under this id; "already exists" is well."""

    submission_id: str


@dataclass(frozen=True, kw_only=True)
class ApplyRayCluster:
    """Apply a RayCluster as it is given, server-side and as its only owner; KubeRay makes pods of it."""

    manifest: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class DrainNodes:
    """`PUT /v1/nodes/draining`: these nodes, by address, get nothing more; all others get work."""

    pool: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WritePrices:
    """Add a page to the price book; a page of that number with other words is a conflict."""

    page: PricePage
