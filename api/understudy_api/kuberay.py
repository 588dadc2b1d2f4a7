"""A pool that KubeRay runs: what a RenderPool says of the RayCluster it owns, or which one it adopts.

A RayCluster of `ray.io/v1`, as KubeRay's operator understands it (https://docs.ray.io/en/latest/cluster/kubernetes).
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import Field

from understudy_api.model import DNS_LABEL, MAX_NAME, Money, Name, Observed, Resource

MAX_NODES: Final = 1000
GROUP_VARIABLE: Final = "UNDERSTUDY_WORKER_GROUP"
"""Environment variable by which a node, and so each of its performers, knows its group; absent: it is of none."""
GROUP_LABEL: Final = "understudy.dev/worker-group"
"""Label by which Ray's table of nodes knows a node's group, before a performer is ready there and after all are gone."""
Quantity = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$")]
LabelKey = Annotated[str, Field(min_length=1, max_length=316)]
LabelValue = Annotated[str, Field(max_length=63)]


def is_group_name(name: str) -> bool:
    """Whether a WorkerGroup can be called so."""
    return len(name) <= MAX_NAME and re.fullmatch(DNS_LABEL, name) is not None


class Resources(Resource):
    """What a node's container asks of Kubernetes, as quantities: `{cpu: "4", memory: 16Gi}`."""

    requests: dict[LabelKey, Quantity] = Field(
        default_factory=dict,
        max_length=16,
        description="What has to be free on a machine before the node starts there.",
    )
    limits: dict[LabelKey, Quantity] = Field(
        default_factory=dict, max_length=16, description="What the node may use at most; GPUs are added from `gpus`."
    )


class Toleration(Resource):
    """A taint that a node's pod tolerates, as in a PodSpec."""

    key: str | None = Field(default=None, max_length=316, description="Key of the taint; absent: every taint.")
    operator: Literal["Exists", "Equal"] = Field(default="Equal", description="Whether `value` is compared.")
    value: str | None = Field(default=None, max_length=63, description="Value of the taint.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="Effect of the taint; absent: every effect."
    )


class WorkerGroup(Resource):
    """Nodes that are alike. They come when there is work, and go when there is none."""

    name: Name = Field(description="Name of the group, for instance its GPU type.")
    min_nodes: int = Field(default=0, ge=0, le=MAX_NODES, description="Nodes that are kept warm without work.")
    max_nodes: int = Field(default=1, ge=1, le=MAX_NODES, description="Nodes at most.")
    cpus: int = Field(default=2, ge=1, le=256, description="Performers of a node, one for each core it is given.")
    gpus: int = Field(default=0, ge=0, le=16, description="nvidia.com/gpu of a node, shared by its performers.")
    idle_seconds: int = Field(
        default=300,
        ge=10,
        le=86_400,
        description="Seconds for which a node above minNodes was not needed before it is drained and removed.",
    )
    image: str | None = Field(
        default=None, min_length=1, max_length=512, description="Image of the nodes; default: the farm's render image."
    )
    resources: Resources = Field(default=Resources(), description="Of a node; default: none.")
    node_selector: dict[LabelKey, LabelValue] = Field(
        default_factory=dict, max_length=16, description="Labels of the machines that nodes may start on."
    )
    tolerations: tuple[Toleration, ...] = Field(
        default=(), max_length=16, description="Taints of machines that nodes may start on all the same."
    )
    price_per_worker_hour: Money | None = Field(
        default=None, description="Price of one performer of the group for one hour; absent: the pool's."
    )


class RedisStore(Resource):
    """A Redis in which Ray's head keeps its state, so that a lost head is no lost cluster."""

    address: str = Field(
        min_length=3, max_length=300, pattern=r"^[A-Za-z0-9.-]+:[0-9]{1,5}$", description="`host:port` of the Redis."
    )
    password_secret: Name | None = Field(
        default=None, description="Secret in the operator's namespace whose key `password` opens it."
    )


class KubeRayPool(Resource):
    """A RayCluster in the operator's namespace: owned, of these groups, or adopted by its name."""

    cluster: Name | None = Field(
        default=None, max_length=40, description="Name of a RayCluster to adopt; somebody else made and scales it."
    )
    groups: tuple[WorkerGroup, ...] = Field(
        default=(),
        max_length=8,
        description="Groups of a RayCluster of its own, in the order in which they get nodes: the cheapest first.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    )
    redis: RedisStore | None = Field(default=None, description="Makes the head of its own RayCluster fault tolerant.")


class GroupStatus(Observed):
    """How many nodes a group has."""

    name: str = Field(max_length=63, description="Name of the group.")
    nodes: int = Field(description="Nodes that the RayCluster is asked for.")
    ready: int = Field(default=0, description="Nodes that are ready.")
    draining: int = Field(default=0, description="Nodes that finish what they hold before they are removed.")
    idle_since: str | None = Field(
        default=None, max_length=32, description="RFC 3339 time since which fewer nodes than there are were needed."
    )
