"""What somebody wants to make of a twin, and what was made of it already: the two sides the license rule weighs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from understudy_api.categories import CategoryId
from understudy_api.model import Digest, Locale, Model, Name, Territory
from understudy_api.term_parts import Aspect, Channel, Disclosure, Purpose, Thumbprint


class Size(Model):
    """Width and height of a picture in pixels."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)

    @property
    def aspect(self) -> Aspect:
        """Its shape."""
        if self.width == self.height:
            return "square"
        return "landscape" if self.width > self.height else "portrait"


class Declaration(Model):
    """What a brand says of a use; held against the license, and kept with the order for whoever asks later."""

    purpose: Purpose
    channels: tuple[Channel, ...]
    territories: tuple[Territory, ...]
    categories: tuple[CategoryId, ...] = Field(default=(), description="What it is about, ids of the IAB table.")
    publish_until: int | None = Field(
        default=None, ge=0, le=253_402_300_799, description="First second at which it is shown no longer."
    )
    puppeteering: bool = False
    singing: bool = False
    edits: bool = False
    training_on_outputs: bool = False
    apparent_age: int | None = Field(default=None, ge=0, le=150, description="Years; None: as captured.")
    disclosures: tuple[Disclosure, ...] = Field(default=(), description="What will be said wherever it is shown.")


class Use(Declaration):
    """What somebody wants to make."""

    farm: Thumbprint
    namespace: Name
    namespace_uid: str | None = Field(default=None, description="UID of that Namespace object, where it is known.")
    twin: Digest
    version: Digest | None = Field(default=None, description="The twin's version; None covers no named version.")
    locales: tuple[Locale, ...]
    formats: tuple[Size, ...] = ()
    seconds: float = Field(ge=0, description="Upper bound of the metered seconds this use adds.")
    item_seconds: float = Field(default=0, ge=0, description="Length of its longest video, as far as it is known.")
    items: int = Field(default=0, ge=0, description="Upper bound of the items this use adds.")
    consented: bool = Field(default=False, description="The owner's approval of this very content was verified.")
    preview: bool = Field(default=False, description="Only a preview, sealed to the owner.")


Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


class Usage(Model):
    """What stands on the license's account, and what is known of the license beyond its own words.

    The defaults are those of a gate that was told nothing: nothing is used, and where the terms ask for a status list
    there is none.
    """

    used_seconds: Seconds = 0
    reserved_seconds: Seconds = 0
    used_items: Count = 0
    reserved_items: Count = 0
    running: Count = Field(default=0, description="Other jobs that hold a claim now.")
    namespace_uid: str | None = Field(default=None, description="UID of the namespace that used the license first.")
    revoked: bool = Field(default=False, description="The owner revoked it by an act or the status list.")
    stopped: bool = Field(default=False, description="The owner stopped the twin.")
    outranked: bool = Field(default=False, description="An exclusive license recorded earlier overlaps with it.")
    status: Literal["valid", "suspended", "revoked"] | None = Field(
        default=None, description="What the newest status list says; None: there is none."
    )
    status_iat: int | None = Field(default=None, description="When that list was signed, Unix seconds.")
    status_until: int | None = Field(
        default=None, description="First second at which that list counts no longer by its own words; None: unknown."
    )
