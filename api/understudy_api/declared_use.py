"""The part of a RenderJob that says where and for what its videos will be used."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from understudy_api.categories import CategoryId
from understudy_api.model import Resource, Territory
from understudy_api.term_parts import Channel, Disclosure, Purpose


def _moment(text: str) -> str:
    """An RFC 3339 time with its zone; ValueError otherwise."""
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("wanted a time with its zone, e.g. 2027-06-01T00:00:00Z")
    return text


Moment = Annotated[
    str,
    Field(max_length=32, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$"),
    AfterValidator(_moment),
]


class DeclaredUse(Resource):
    """Where and for what the videos will be used; the license has to cover all of it."""

    purpose: Purpose = Field(description="What the videos are for.")
    channels: tuple[Channel, ...] = Field(min_length=1, max_length=16, description="Where they will be shown.")
    territories: tuple[Territory, ...] = Field(
        min_length=1,
        max_length=249,
        description="Where they will be shown: ISO 3166-1 alpha-2, e.g. JP, or ISO 3166-2, e.g. JP-13 for Tokyo.",
    )
    categories: tuple[CategoryId, ...] = Field(
        default=(),
        max_length=16,
        description="What they are about: ids or names of the IAB Content Taxonomy 3.1, e.g. Shopping. Sensitive ones need the owner's consent.",
    )
    publish_until: Moment | None = Field(
        default=None, description="RFC 3339 time from which they will be shown no longer, e.g. 2027-06-01T00:00:00Z."
    )
    puppeteering: bool = Field(default=False, description="A person's movements drive the twin.")
    singing: bool = Field(default=False, description="The twin sings.")
    edits: bool = Field(default=False, description="They will be cut or changed after delivery.")
    training_on_outputs: bool = Field(default=False, description="They will be used to train other models.")
    apparent_age: int | None = Field(
        default=None, ge=18, le=120, description="Years the twin is made to look. Default: as captured."
    )
    disclosures: tuple[Disclosure, ...] = Field(
        default=(), max_length=16, description="What will be said wherever they are shown, in the license's words."
    )

    @property
    def publish_until_seconds(self) -> int | None:
        """`publish_until` in Unix seconds."""
        return None if self.publish_until is None else int(datetime.fromisoformat(self.publish_until).timestamp())
