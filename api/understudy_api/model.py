"""Base classes of every word: frozen, closed to unknown fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

GROUP: Final = "understudy.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

DNS_LABEL: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
"""RFC 1123 label: what Kubernetes allows as a namespace or short name."""

MAX_NAME: Final = 63

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=DNS_LABEL)]
ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
Locale = Annotated[str, Field(min_length=2, max_length=35, pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$")]
Territory = Annotated[str, Field(min_length=2, max_length=6, pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
"""ISO 3166-1 alpha-2 country, or ISO 3166-2 part of one: JP, JP-13."""
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Token = Annotated[
    str, Field(min_length=16, max_length=16384, pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")
]

AgeRecipient = Annotated[str, Field(max_length=62, pattern=r"^age1[0-9a-z]{58}$")]
"""Whom a file is encrypted to, as age writes it."""


class Model(BaseModel):
    """A frozen value whose unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Resource(Model):
    """Part of a custom resource: camelCase on the wire, snake_case in Python.

    A field that is None is absent on the wire, as Kubernetes has it.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, alias_generator=to_camel, populate_by_name=True
    )

    def wire(self) -> dict[str, Any]:
        """The JSON object Kubernetes stores: camelCase keys, no nulls."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Observed(Resource):
    """Part of a status: unknown fields, written by a newer operator, are dropped instead of refused."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, alias_generator=to_camel, populate_by_name=True
    )


class Money(Resource):
    """An exact amount in one currency; amounts of two currencies are never added."""

    amount: str = Field(
        pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?$", max_length=19, description="Decimal amount, e.g. 0.60."
    )
    currency: str = Field(pattern=r"^[A-Z]{3}$", max_length=3, description="ISO 4217 code, e.g. EUR.")


class Condition(Observed):
    """A condition as in the Kubernetes API conventions (metav1.Condition)."""

    type: str = Field(max_length=316, description="Name of the condition in CamelCase.")
    status: Literal["True", "False", "Unknown"] = Field(description="True, False or Unknown.")
    reason: str = Field(max_length=1024, description="One CamelCase word for programs.")
    message: str = Field(default="", max_length=4096, description="One sentence for people, naming the cure.")
    last_transition_time: str = Field(max_length=32, description="RFC 3339 time in UTC when `status` last changed.")
    observed_generation: int | None = Field(
        default=None, description="The metadata.generation this condition speaks about."
    )


def path_of(location: Iterable[str | int]) -> str:
    """Where in an object a mistake is, `a.0.b`, as part of a one-line message; a strange name is shown as its characters' codes."""
    parts = (str(part) for part in location)
    return ".".join(part if part.isprintable() else ascii(part) for part in parts)[:120]


def fault_of(error: ValidationError, otherwise: str = "", within: tuple[str, ...] = ()) -> str:
    """The first thing that a model did not accept, `a.0.b: what is wrong`, as part of a one-line message.

    `within` begins the path; `otherwise` stands for it where the whole object is meant.
    """
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{path_of((*within, *first['loc'])) or otherwise}: {first['msg']}"
