"""Grants: the operator's short-lived signed permission for one order on one pool."""

from __future__ import annotations

from typing import Final, TypeVar

from joserfc.jwk import OKPKey
from pydantic import Field

from understudy_api import token
from understudy_api.claims import read_claims
from understudy_api.model import Digest, Model, ObjectName
from understudy_api.terms import Thumbprint
from understudy_api.token import CLOCK_SKEW_SECONDS
from understudy_api.verdict import Refusal

GRANT_TYPE: Final = "understudy-grant+jwt"
TRAINING_GRANT_TYPE: Final = "understudy-training-grant+jwt"
MAX_GRANT_SECONDS: Final = 900
MAX_PERFORMERS: Final = 200
"""As many thumbprints as a token has room for."""


class Grant(Model):
    """The claims of a grant."""

    iss: Thumbprint = Field(description="Thumbprint of the farm's key.")
    aud: ObjectName = Field(description="The pool it is good on.")
    sub: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$", description="Order uid.")
    order: Digest = Field(description="Digest of the order's content.")
    license: Digest = Field(description="Digest of the license token.")
    account: Digest | None = Field(
        default=None, description="Account of the license in the ledger: what is made under it counts there alone."
    )
    keys: Digest = Field(description="Head of the keyring the operator judged by: digest of the newest key record.")
    twin_version: Digest
    status_iat: int | None = Field(
        default=None, ge=0, description="When the status list was signed that said the license stands; None: no list."
    )
    seconds: float = Field(ge=0, le=1e9, description="Metered seconds the order may reach in total.")
    items: int | None = Field(
        default=None, ge=0, description="Charged items the order's whole log may reach; None: the license bounds none."
    )
    performers: tuple[Thumbprint, ...] = Field(
        default=(), max_length=MAX_PERFORMERS, description="Keys of the performers it is good for; nobody else's."
    )
    iat: int = Field(ge=0)
    exp: int = Field(ge=0)


class TrainingGrant(Model):
    """The farm's permission to train one twin from one capture on one pool."""

    iss: Thumbprint
    aud: ObjectName = Field(description="The pool it is good on.")
    sub: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$", description="Uid of the training.")
    order: Digest = Field(description="Digest of the training order.")
    twin: Digest
    trainer: Thumbprint | None = Field(
        default=None, description="Key of the trainer it is good for; None while none is known: then for nobody."
    )
    iat: int = Field(ge=0)
    exp: int = Field(ge=0)


G = TypeVar("G", Grant, TrainingGrant)


def sign_grant(farm: OKPKey, grant: Grant | TrainingGrant) -> str:
    """A grant signed with the farm's key. Raises ValueError when it would live longer than 15 minutes."""
    if grant.exp - grant.iat > MAX_GRANT_SECONDS:
        raise ValueError(f"a grant lives at most {MAX_GRANT_SECONDS} s, got {grant.exp - grant.iat} s")
    typ = GRANT_TYPE if isinstance(grant, Grant) else TRAINING_GRANT_TYPE
    return token.sign(farm, typ, grant.model_dump(exclude_none=True))


def read_grant(text: str, farm: OKPKey, now: float) -> Grant | Refusal:
    """The grant, when this farm signed it and it holds at `now` (Unix seconds); or why not."""
    grant = signed_grant(text, farm)
    if isinstance(grant, Refusal):
        return grant
    return refusal_now(grant, now) or grant


def signed_grant(text: str, farm: OKPKey) -> Grant | Refusal:
    """The grant, when this farm signed it, whatever the clock says: ask `refusal_now` before acting on it."""
    return _signed(Grant, GRANT_TYPE, text, farm)


def read_training_grant(text: str, farm: OKPKey, now: float) -> TrainingGrant | Refusal:
    """The training grant, when this farm signed it and it holds at `now` (Unix seconds); or why not."""
    grant = _signed(TrainingGrant, TRAINING_GRANT_TYPE, text, farm)
    if isinstance(grant, Refusal):
        return grant
    return refusal_now(grant, now) or grant


def _signed(kind: type[G], typ: str, text: str, farm: OKPKey) -> G | Refusal:
    found = token.opened(text, lambda kid: _farm_key(farm, kid), typ)
    if isinstance(found, Refusal):
        return _bad(found)
    grant = read_claims(kind, found, "grant", "BadGrant")
    return _bad(grant) if isinstance(grant, Refusal) else grant


def _farm_key(farm: OKPKey, kid: str) -> OKPKey | Refusal:
    if kid == token.thumbprint(farm):
        return farm
    return Refusal(reason="WrongSigner", message=f"grant: signed by {kid!r}, which is not this farm")


def _bad(refusal: Refusal) -> Refusal:
    """One reason for programs, whatever is wrong: a grant is the farm's own, a brand cannot mend it."""
    return Refusal(reason="BadGrant", message=f"grant: {refusal.reason}: {refusal.message}")


def refusal_now(grant: Grant | TrainingGrant, now: float) -> Refusal | None:
    """Why a grant whose signature was checked does not hold at `now` (Unix seconds), or None when it does."""
    if grant.exp - grant.iat > MAX_GRANT_SECONDS:
        return Refusal(
            reason="BadGrant", message="grant: it would live longer than 15 minutes; no farm signs such a one"
        )
    if now < grant.iat - CLOCK_SKEW_SECONDS:
        return Refusal(
            reason="BadGrant",
            message=f"grant: given {grant.iat - now:,.0f} s in the future, allowed are {CLOCK_SKEW_SECONDS} s; set the clocks "
            "of operator and pool by one time service",
        )
    if now >= grant.exp:
        return Refusal(reason="GrantExpired", message="grant: expired; the order waits until the operator renews it")
    return None
