"""The parts of license terms that have fields of their own."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from understudy_api.model import Model, Name

Purpose = Literal["advertising", "customer-service", "education", "entertainment", "internal", "news"]
Channel = Literal["broadcast", "cinema", "email", "event", "in-app", "messaging", "out-of-home", "social", "web"]
Thumbprint = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
Aspect = Literal["landscape", "portrait", "square"]
Disclosure = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]

MADE_BY_THE_FARM: Final = frozenset({"visible-label", "content-credentials"})
"""Disclosures that stand on every output anyhow: the burned-in label and the signed C2PA manifest."""


class Assignee(Model):
    """Who may use the twin: the namespace a brand owns on the farm, and the brand's name in the contract."""

    namespace: Name
    brand: str | None = Field(default=None, min_length=1, max_length=120, description="As the contract calls it.")


class Quota(Model):
    """How much may be made in total under one license."""

    seconds: int = Field(ge=1, le=10**9, description="Metered seconds over the license's whole life.")
    items: int | None = Field(default=None, ge=1, le=10**9, description="Delivered items; None: as many as fit.")
    concurrent: int | None = Field(default=None, ge=1, le=10**6, description="RenderJobs at the same time.")


class Format(Model):
    """Pictures of one shape."""

    aspect: Aspect = Field(description="landscape: wider than high; portrait: higher than wide; square: neither.")
    max_height: int | None = Field(default=None, ge=1, le=16_384, description="In pixels; None: any.")


class AgeRange(Model):
    """How old the twin may look; never under 18."""

    minimum: int = Field(ge=18, le=120)
    maximum: int = Field(ge=18, le=120)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.maximum < self.minimum:
            raise ValueError("maximum must not be below minimum")
        return self


class Allows(Model):
    """What is forbidden unless it is allowed here."""

    puppeteering: bool = Field(default=False, description="A person's movements drive the twin.")
    singing: bool = Field(default=False, description="The twin sings.")
    edits: bool = Field(default=False, description="Outputs are cut or changed after delivery.")
    training_on_outputs: bool = Field(default=False, description="Outputs train other models.")


class Representation(Model):
    """Who advised the person when the contract was made."""

    kind: Literal["counsel", "union"]
    name: str = Field(min_length=1, max_length=120)


class StatusEntry(Model):
    """Where the license stands in the owner's status list."""

    index: int = Field(ge=0, le=10**7)
    uri: str | None = Field(default=None, max_length=512, pattern=r"^https://[^\s]+$", description="None: the farm's.")
    ttl_seconds: int = Field(ge=5, le=86_400, description="A list older than that counts as none: refused.")
