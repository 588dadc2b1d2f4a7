"""The register of a twin's licenses on this farm: in which order they were recorded, which decides between exclusive ones.

Objects `register/{twin id}/{number:08d}.json` in the ledger bucket, each created by a conditional put, numbers without a gap:
a total order that nobody can rearrange. A license stands here once it was found valid for this farm, each token once.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field, ValidationError

from understudy_api import token
from understudy_api.digest import digest
from understudy_api.model import Model, Token
from understudy_api.terms import LICENSE_TYPE, Terms
from understudy_api.verdict import Refusal

MAX_REGISTERED: Final = 10_000
"""Licenses of one twin that a farm records; no more are valid on it."""


class Registered(Model):
    """One license as the farm keeps it."""

    license: Token
    recorded_at: float = Field(ge=0, description="Unix seconds at which the farm found it valid first.")


def claimed_terms(license_token: str) -> Terms | None:
    """What a token says of itself; its signature is not checked. None when it says no terms."""
    claims = token.unverified(license_token, LICENSE_TYPE)
    if isinstance(claims, Refusal):
        return None
    try:
        return Terms.model_validate(claims)
    except ValidationError:
        return None


def sameness(terms: Terms) -> str:
    """Equal for licenses that say the same, whenever they were signed: one signed anew keeps the place of the first."""
    return digest(terms.model_dump(mode="json", exclude={"iat"}))


def register_prefix(twin_id: str) -> str:
    """Prefix of the object keys of a twin's register."""
    return f"register/{twin_id}/"


def register_key(twin_id: str, number: int) -> str:
    """Object key of an entry: of two that want the same number, one stands."""
    return f"{register_prefix(twin_id)}{number:08d}.json"
