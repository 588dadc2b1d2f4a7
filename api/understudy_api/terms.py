"""License terms: what an owner allows, as the closed claims of a signed token.

A profile of W3C ODRL 2.2; docs/license-profile.md names the term behind each field and says which are enforced and
which are recorded. What is not given is what is least: no consent-free sensitive use, no puppeteering, no edits.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from understudy_api import token
from understudy_api.categories import SENSITIVE, CategoryId
from understudy_api.claims import read_claims
from understudy_api.digest import digest_bytes
from understudy_api.keyring import Keyring, Signatory
from understudy_api.model import AgeRecipient, Digest, Locale, Model
from understudy_api.regions import Place, places_meet
from understudy_api.royalty_terms import Royalty
from understudy_api.term_parts import (
    AgeRange,
    Allows,
    Assignee,
    Channel,
    Disclosure,
    Format,
    Purpose,
    Quota,
    Representation,
    StatusEntry,
    Thumbprint,
)
from understudy_api.verdict import Refusal

__all__ = [
    "LICENSE_TYPE",
    "PROFILE",
    "Assignee",
    "Channel",
    "License",
    "Purpose",
    "Quota",
    "Terms",
    "Thumbprint",
    "read_license",
    "sign_license",
]

LICENSE_TYPE: Final = "likeness-license+jwt"
PROFILE: Final = "understudy-license/1"
_MAX_TIME: Final = 253_402_300_799
"""The last second of the year 9999, so that every time can be written as a date."""


class Terms(Model):
    """The claims of a license, profile `understudy-license/1`."""

    profile: Literal["understudy-license/1"] = PROFILE
    iss: Thumbprint = Field(
        description="RFC 7638 thumbprint of the twin's founding root key: names the owner for ever."
    )
    aud: Thumbprint = Field(description="Thumbprint of the farm's key: valid on that farm alone.")
    jti: str = Field(pattern=r"^[A-Za-z0-9._-]{8,64}$", description="The license's own id; usage counts by it.")
    iat: int = Field(ge=0, le=_MAX_TIME, description="Signed at, Unix seconds.")
    nbf: int = Field(ge=0, le=_MAX_TIME, description="First second at which frames may be made, Unix seconds.")
    exp: int = Field(
        ge=0, le=_MAX_TIME, description="First second at which frames may no longer be made, Unix seconds."
    )
    assignee: Assignee
    twin: Digest = Field(description="Id of the twin: digest of its genesis record.")
    versions: tuple[Digest, ...] = Field(default=(), max_length=64, description="Twin versions; empty: all.")
    purposes: tuple[Purpose, ...] = Field(min_length=1, max_length=16)
    channels: tuple[Channel, ...] = Field(min_length=1, max_length=16)
    territories: tuple[Place, ...] = Field(
        min_length=1, max_length=249, description="ISO 3166-1 alpha-2 (JP), ISO 3166-2 (JP-13), or regions such as EU."
    )
    languages: tuple[Locale, ...] = Field(
        min_length=1, max_length=200, description="BCP 47 ranges (RFC 4647 basic): `de` covers `de-AT`."
    )
    formats: tuple[Format, ...] = Field(default=(), max_length=16, description="Shapes of pictures; empty: all.")
    max_item_seconds: int | None = Field(default=None, ge=1, le=86_400, description="Length of one video at most.")
    excluded_categories: tuple[CategoryId, ...] = Field(
        default=(), max_length=100, description="IAB Content Taxonomy 3.1: nothing about these, nor what lies below."
    )
    sensitive_categories: tuple[CategoryId, ...] = Field(
        default=SENSITIVE, max_length=100, description="About these only with the owner's consent to each use."
    )
    publish_until: int | None = Field(
        default=None, ge=0, le=_MAX_TIME, description="First second at which outputs may no longer be shown."
    )
    quota: Quota
    age: AgeRange | None = Field(default=None, description="How old the twin may look; None: as it was captured.")
    allows: Allows = Allows()
    disclosures: tuple[Disclosure, ...] = Field(default=(), max_length=16, description="What every showing has to say.")
    intended_use: str = Field(default="", max_length=2000, description="The use in words, as statutes ask for it.")
    representation: Representation | None = None
    contract_sha256: Digest | None = Field(default=None, description="Digest of the paper contract.")
    exclusive: bool = Field(default=False, description="Nobody else gets an overlapping license while it holds.")
    royalty: Royalty | None = None
    status: StatusEntry | None = Field(default=None, description="Where revocation is published besides owner acts.")
    preview: bool = Field(default=False, description="A preview sealed to the owner may precede consent.")
    preview_recipient: AgeRecipient | None = Field(
        default=None,
        description="age recipient that alone opens such a preview; wanted with `preview`, and only there.",
    )

    @model_validator(mode="after")
    def _times_are_in_order(self) -> Self:
        if self.exp <= self.nbf:
            raise ValueError("exp must be later than nbf")
        if self.publish_until is not None and self.publish_until <= self.nbf:
            raise ValueError("publish_until must be later than nbf")
        return self

    @model_validator(mode="after")
    def _previews_are_sealed_to_somebody(self) -> Self:
        if self.preview != (self.preview_recipient is not None):
            raise ValueError("preview_recipient: wanted with preview, and only there")
        return self

    def outranks(self, later: Terms) -> bool:
        """Whether these terms, recorded first, keep `later` ones from being valid.

        An exclusive license of one brand stands against every later one of another brand for the same twin whose
        purposes, channels, territories, languages and render window all overlap with its own.
        """
        return (
            self.exclusive
            and self.twin == later.twin
            and self.assignee.namespace != later.assignee.namespace
            and max(self.nbf, later.nbf) < min(self.exp, later.exp)
            and not set(self.purposes).isdisjoint(later.purposes)
            and not set(self.channels).isdisjoint(later.channels)
            and places_meet(self.territories, later.territories)
            and _ranges_meet(self.languages, later.languages)
        )


class License(Model):
    """A verified license: its terms, the digest of the very token, and the thumbprint of the key that signed it.

    A license signed with a delegated key ends with that delegation at the latest: `terms.exp` is the earlier of the two.
    """

    terms: Terms
    digest: Digest
    signer: Thumbprint


def sign_license(signer: Signatory, terms: Terms) -> str:
    """A license token signed with the owner's root key, or one it delegated the role `license` to."""
    return token.sign(signer, LICENSE_TYPE, terms.model_dump(mode="json", exclude_none=True))


def read_license(text: str, keyring: Keyring) -> License | Refusal:
    """The terms of a license signed for the owner of `keyring`, or why it is none. Checks no window and no quota."""
    found = keyring.opens("license", text, LICENSE_TYPE)
    if isinstance(found, Refusal):
        return found
    terms = read_claims(Terms, found, "license", "MalformedTerms")
    if isinstance(terms, Refusal):
        return terms
    if terms.iss != keyring.owner:
        return Refusal(reason="WrongIssuer", message="license: `iss` does not name the owner of the twin")
    if terms.twin != keyring.twin_id:
        return Refusal(reason="TwinNotCovered", message="license: it was signed for another twin of this owner")
    ends = keyring.ends("license", found.kid)
    if ends is not None and ends <= terms.nbf:
        return Refusal(
            reason="DelegationOver",
            message=f"license: it begins after the key that signed it may sign ({_day(ends)}); sign it with another",
        )
    if ends is not None and ends < terms.exp:
        terms = terms.model_copy(update={"exp": ends})
    return License(terms=terms, digest=digest_bytes(text.encode()), signer=found.kid)


def _ranges_meet(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether some locale lies in a range of both."""
    return any(
        f"{one}-".startswith(f"{other}-") or f"{other}-".startswith(f"{one}-")
        for one in map(str.lower, ours)
        for other in map(str.lower, theirs)
    )


def _day(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
