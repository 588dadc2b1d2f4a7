"""License: the object that carries an owner's signed terms to the farm."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from understudy_api.crd import Column, Kind
from understudy_api.model import Condition, Observed, Resource, Token
from understudy_api.references import LocalReference


class LicenseSpec(Resource):
    """A signed license; changing it means signing another one."""

    twin_ref: LocalReference = Field(description="The TwinModel in this namespace that it licenses.")
    token: Token = Field(description="The license (JWS) as `understudy license sign` prints it.")


class LicenseStatus(Observed):
    """What the license says and how much of it is used."""

    observed_generation: int | None = Field(default=None, description="Generation of the spec this status speaks of.")
    conditions: tuple[Condition, ...] = Field(
        default=(),
        max_length=16,
        description="Valid; Quarantined once it has ended; StatusFresh where the terms name a status list.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    id: str | None = Field(default=None, max_length=64, description="The license's `jti`; usage counts by it.")
    digest: str | None = Field(default=None, max_length=64, description="SHA-256 of the token.")
    assignee: str | None = Field(default=None, max_length=63, description="Namespace that may use it.")
    terms: tuple[str, ...] = Field(default=(), max_length=48, description="The terms in plain words.")
    valid_from: str | None = Field(default=None, max_length=32, description="RFC 3339 time from which it holds.")
    valid_until: str | None = Field(default=None, max_length=32, description="RFC 3339 time at which it ends.")
    used_seconds: str | None = Field(default=None, max_length=32, description="Metered seconds made under it.")
    reserved_seconds: str | None = Field(default=None, max_length=32, description="Seconds promised to running jobs.")
    left_seconds: str | None = Field(default=None, max_length=32, description="Seconds left to promise.")
    used_items: int | None = Field(default=None, description="Videos made under it.")
    left_items: int | None = Field(default=None, description="Videos left to promise, where the license bounds them.")
    quarantined_files: int | None = Field(
        default=None,
        ge=0,
        description="Files taken out of reach after the owner ended it; the ledger names their list.",
    )
    delivered_items: int | None = Field(
        default=None, ge=0, description="Videos that had been delivered when the owner ended it; the ledger lists them."
    )


KIND: Final = Kind(
    kind="License",
    plural="licenses",
    short_names=("lic",),
    spec=LicenseSpec,
    status=LicenseStatus,
    description="What the owner of a twin allows a brand, signed with the owner's key.",
    columns=(
        Column("Valid", "string", '.status.conditions[?(@.type=="Valid")].status'),
        Column("Reason", "string", '.status.conditions[?(@.type=="Valid")].reason'),
        Column("Assignee", "string", ".status.assignee"),
        Column("Used", "string", ".status.usedSeconds"),
        Column("Left", "string", ".status.leftSeconds"),
        Column("Until", "string", ".status.validUntil"),
    ),
    spec_rules=({"rule": "self == oldSelf", "message": "is immutable; sign and create another License"},),
)
