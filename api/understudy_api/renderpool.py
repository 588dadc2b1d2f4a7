"""RenderPool: one Ray cluster that renders, one trust domain."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from understudy_api.crd import Column, Kind
from understudy_api.model import Condition, Money, Observed, Resource


class EmbeddedPool(Resource):
    """The Ray cluster the operator's own settings name, as `understudy up` starts it."""


class RenderPoolSpec(Resource):
    """How to reach a pool and what it costs."""

    embedded: EmbeddedPool = Field(description="Use the Ray cluster of the operator's settings.")
    price_per_worker_hour: Money | None = Field(
        default=None, description="Price of one performer for one hour; cost is reported only with a price."
    )


class RenderPoolStatus(Observed):
    """Whether a pool can render."""

    observed_generation: int | None = Field(default=None, description="Generation of the spec this status speaks of.")
    conditions: tuple[Condition, ...] = Field(
        default=(),
        max_length=16,
        description="Ready.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    workers: int | None = Field(default=None, description="Performers the director has.")
    busy: int | None = Field(default=None, description="Performers at work when last looked at.")
    orders: int | None = Field(default=None, description="Orders the director holds.")
    release: str | None = Field(default=None, max_length=64, description="Release the director runs.")


KIND: Final = Kind(
    kind="RenderPool",
    plural="renderpools",
    short_names=("rp",),
    spec=RenderPoolSpec,
    status=RenderPoolStatus,
    description="A Ray cluster that trains and performs twins.",
    namespaced=False,
    columns=(
        Column("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
        Column("Workers", "integer", ".status.workers"),
        Column("Busy", "integer", ".status.busy"),
        Column("Orders", "integer", ".status.orders"),
        Column("Price/h", "string", ".spec.pricePerWorkerHour.amount"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
)
