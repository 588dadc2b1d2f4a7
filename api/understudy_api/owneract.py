"""OwnerAct: the object that carries what an owner signed to the farm. Whoever delivers it proves nothing by that."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from understudy_api.crd import Column, Kind
from understudy_api.model import Condition, Observed, Resource, Token
from understudy_api.references import LocalReference


class OwnerActSpec(Resource):
    """One signed act."""

    twin_ref: LocalReference = Field(description="The TwinModel in this namespace that it is about.")
    act: Token = Field(
        description="The act (JWS), as `understudy license revoke`, `keys rotate` or `twin stop` print it."
    )


class OwnerActStatus(Observed):
    """What became of it; deleting the object undoes nothing."""

    observed_generation: int | None = Field(default=None, description="Generation of the spec this status speaks of.")
    conditions: tuple[Condition, ...] = Field(
        default=(),
        max_length=16,
        description="Accepted; Vaulted where a vault runs: it has taken the act in.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    type: str | None = Field(default=None, max_length=64, description="Which act it is, e.g. likeness-stop+jwt.")
    digest: str | None = Field(default=None, max_length=64, description="SHA-256 of the token.")
    accepted_at: str | None = Field(default=None, max_length=32, description="RFC 3339 time it was recorded.")
    says: str | None = Field(default=None, max_length=1024, description="The act in plain words.")
    receipt_digest: str | None = Field(
        default=None,
        max_length=64,
        description="SHA-256 of the vault's signed receipt of an erasure; heard/<twin>/<digest>.json in the ledger bucket holds it.",
    )


KIND: Final = Kind(
    kind="OwnerAct",
    plural="owneracts",
    short_names=("act",),
    spec=OwnerActSpec,
    status=OwnerActStatus,
    description="Something the owner of a twin signed that changes rights: a revocation, a stop, a key record, a consent.",
    columns=(
        Column("Accepted", "string", '.status.conditions[?(@.type=="Accepted")].status'),
        Column("Reason", "string", '.status.conditions[?(@.type=="Accepted")].reason'),
        Column("Vaulted", "string", '.status.conditions[?(@.type=="Vaulted")].status'),
        Column("Type", "string", ".status.type"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
    spec_rules=({"rule": "self == oldSelf", "message": "is immutable; sign and create another OwnerAct"},),
)
