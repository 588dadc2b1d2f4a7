"""License terms: what an owner allows, as the closed claims of a signed token."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from joserfc.jwk import OKPKey
from pydantic import Field, ValidationError, model_validator

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.genesis import Genesis
from understudy_api.model import Digest, Locale, Model, Name, Territory
from understudy_api.verdict import Refusal

LICENSE_TYPE: Final = "likeness-license+jwt"
PROFILE: Final = "understudy-license/1"

Purpose = Literal["advertising", "customer-service", "education", "entertainment", "internal", "news"]
Channel = Literal["broadcast", "cinema", "email", "event", "in-app", "messaging", "out-of-home", "social", "web"]
Thumbprint = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]


class Assignee(Model):
    """Who may use the twin: the namespace a brand owns on the farm."""

    namespace: Name


class Quota(Model):
    """How much may be made in total under one license."""

    seconds: int = Field(ge=1, le=10**9, description="Metered seconds over the license's whole life.")


class Terms(Model):
    """The claims of a license, profile `understudy-license/1`."""

    profile: Literal["understudy-license/1"] = PROFILE
    iss: Thumbprint = Field(description="RFC 7638 thumbprint of the owner's root key.")
    aud: Thumbprint = Field(description="Thumbprint of the farm's key: valid on that farm alone.")
    jti: str = Field(pattern=r"^[A-Za-z0-9._-]{8,64}$", description="The license's own id; usage counts by it.")
    iat: int = Field(ge=0, description="Signed at, Unix seconds.")
    nbf: int = Field(ge=0, description="First second at which frames may be made, Unix seconds.")
    exp: int = Field(ge=0, description="First second at which frames may no longer be made, Unix seconds.")
    assignee: Assignee
    twin: Digest = Field(description="Id of the twin: digest of its genesis record.")
    purposes: tuple[Purpose, ...] = Field(min_length=1, max_length=16)
    channels: tuple[Channel, ...] = Field(min_length=1, max_length=16)
    territories: tuple[Territory, ...] = Field(min_length=1, max_length=249, description="ISO 3166-1 alpha-2.")
    languages: tuple[Locale, ...] = Field(
        min_length=1, max_length=200, description="BCP 47 ranges (RFC 4647 basic): `de` covers `de-AT`."
    )
    quota: Quota

    @model_validator(mode="after")
    def _window_is_not_empty(self) -> Self:
        if self.exp <= self.nbf:
            raise ValueError("exp must be later than nbf")
        return self


class License(Model):
    """A verified license: its terms and the digest of the very token."""

    terms: Terms
    digest: Digest


def sign_license(root: OKPKey, terms: Terms) -> str:
    """A license token signed with the owner's root key."""
    return token.sign(root, LICENSE_TYPE, terms.model_dump(mode="json"))


def read_license(text: str, genesis: Genesis) -> License | Refusal:
    """The terms of a license signed by the owner of `genesis`, or why it is none. Checks no window and no quota."""
    claims = token.verify(text, genesis.owner, LICENSE_TYPE)
    if isinstance(claims, Refusal):
        return claims
    try:
        terms = Terms.model_validate(claims)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "terms"
        return Refusal(reason="MalformedTerms", message=f"license: {where}: {first['msg']}")
    if terms.iss != token.thumbprint(genesis.owner):
        return Refusal(reason="WrongIssuer", message="license: `iss` does not name the owner who signed it")
    if terms.twin != genesis.twin_id:
        return Refusal(reason="TwinNotCovered", message="license: it was signed for another twin of this owner")
    return License(terms=terms, digest=digest_bytes(text.encode()))
