"""RenderPool: one Ray cluster that renders, one trust domain."""

from __future__ import annotations

from itertools import combinations
from typing import Final

from pydantic import Field

from understudy_api.crd import Column, Kind, rules
from understudy_api.kuberay import GroupStatus, KubeRayPool
from understudy_api.model import Condition, Money, Observed, Resource


class EmbeddedPool(Resource):
    """The Ray cluster the operator's own settings name, as `understudy up` starts it."""


class AddressedPool(Resource):
    """A Ray cluster that somebody else runs. It shares the farm's tokens and authority with the operator."""

    director: str = Field(
        pattern=r"^https://[^/?#@\s]+$", max_length=300, description="Where its director answers, `https://host:port`."
    )
    ray: str = Field(
        pattern=r"^https?://[^/?#@\s]+$",
        max_length=300,
        description="Where Ray's dashboard answers, `http://host:port`; its Jobs API starts the director.",
    )


_PRICES: Final = ("pricePerWorkerHour", "storagePricePerGibMonth", "egressPricePerGib")
_STAYS: Final = {"rule": "self == oldSelf", "message": "is immutable: orders run there; create another RenderPool"}


class RenderPoolSpec(Resource):
    """How to reach a pool, in exactly one way, and what it costs."""

    embedded: EmbeddedPool | None = Field(
        default=None, description="Use the Ray cluster of the operator's settings.", json_schema_extra=rules(_STAYS)
    )
    address: AddressedPool | None = Field(
        default=None, description="Use a Ray cluster that runs elsewhere.", json_schema_extra=rules(_STAYS)
    )
    kuberay: KubeRayPool | None = Field(
        default=None,
        description="Use a RayCluster of KubeRay in the operator's namespace.",
        json_schema_extra=rules(
            {
                "rule": "has(self.cluster) != (has(self.groups) && size(self.groups) > 0)",
                "message": "wanted exactly one of cluster (to adopt) and groups (of a RayCluster of its own)",
            },
            {
                "rule": "has(self.cluster) == has(oldSelf.cluster) && (!has(self.cluster) || self.cluster == oldSelf.cluster)",
                "message": "cluster is immutable: orders run there; create another RenderPool",
            },
            {
                "rule": "!has(self.groups) || self.groups.all(g, !has(g.minNodes) || g.minNodes <= (has(g.maxNodes) ? g.maxNodes : 1))",
                "message": "wanted minNodes of a group not above its maxNodes",
            },
        ),
    )
    price_per_worker_hour: Money | None = Field(
        default=None,
        description="Price of one performer for one hour, in groups without a price of their own; cost is reported only with a price.",
    )
    storage_price_per_gib_month: Money | None = Field(
        default=None,
        description="Price of one GiB of delivered files kept for 730 hours; `understudy cost show` estimates storage by it.",
    )
    egress_price_per_gib: Money | None = Field(
        default=None, description="Price of one GiB delivered; `understudy cost show` estimates egress by it."
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
    groups: tuple[GroupStatus, ...] = Field(
        default=(), max_length=8, description="Nodes of its own RayCluster, by group."
    )
    release: str | None = Field(default=None, max_length=64, description="Release the director runs.")


KIND: Final = Kind(
    kind="RenderPool",
    plural="renderpools",
    short_names=("rp",),
    spec=RenderPoolSpec,
    status=RenderPoolStatus,
    description="A Ray cluster that trains and performs twins.",
    namespaced=False,
    spec_rules=(
        {
            "rule": "[has(self.embedded), has(self.address), has(self.kuberay)].exists_one(way, way)",
            "message": "wanted exactly one of embedded, address and kuberay; name one way to reach the pool",
        },
        {
            "rule": "has(self.embedded) == has(oldSelf.embedded) && has(self.kuberay) == has(oldSelf.kuberay)",
            "message": "the way to reach a pool is immutable: orders run there; create another RenderPool",
        },
        {
            "rule": "!has(self.kuberay) || !has(self.kuberay.groups) || self.kuberay.groups.all(g, !has(g.pricePerWorkerHour) || "
            "((!has(self.pricePerWorkerHour) || g.pricePerWorkerHour.currency == self.pricePerWorkerHour.currency) && "
            "self.kuberay.groups.all(h, !has(h.pricePerWorkerHour) || h.pricePerWorkerHour.currency == g.pricePerWorkerHour.currency)))",
            "message": "wanted one currency for the prices of a pool and its groups; amounts of two are never added",
        },
        *(
            {
                "rule": f"!has(self.{one}) || !has(self.{other}) || self.{one}.currency == self.{other}.currency",
                "message": f"wanted one currency for {one} and {other}; amounts of two are never added",
            }
            for one, other in combinations(_PRICES, 2)
        ),
        *(
            {
                "rule": f"!has(self.{one}) || !has(self.kuberay) || !has(self.kuberay.groups) || self.kuberay.groups.all(g, "
                f"!has(g.pricePerWorkerHour) || g.pricePerWorkerHour.currency == self.{one}.currency)",
                "message": f"wanted one currency for {one} and the prices of groups; amounts of two are never added",
            }
            for one in _PRICES[1:]
        ),
    ),
    columns=(
        Column("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
        Column("Workers", "integer", ".status.workers"),
        Column("Busy", "integer", ".status.busy"),
        Column("Orders", "integer", ".status.orders"),
        Column("Price/h", "string", ".spec.pricePerWorkerHour.amount"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
)
