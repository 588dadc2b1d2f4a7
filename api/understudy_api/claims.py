"""Claims of a verified token as a closed model: what does not fit has a reason and names the field."""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from understudy_api.model import path_of
from understudy_api.token import CLOCK_SKEW_SECONDS, Opened
from understudy_api.verdict import Refusal

M = TypeVar("M", bound=BaseModel)
_REASONS: Final = {"extra_forbidden": "UnknownClaim", "missing": "MissingClaim"}


def read_claims(model: type[M], token: Opened, what: str, malformed: str) -> M | Refusal:
    """The claims as `model`, types taken at their word (no `"5"` for 5).

    Otherwise a refusal: UnknownClaim, MissingClaim, or `malformed` for a value out of bounds; `what` begins its message.
    """
    try:
        return model.model_validate_json(token.payload, strict=True)
    except ValidationError as error:
        return claims_refusal(error, what, malformed)


def claims_refusal(error: ValidationError, what: str, malformed: str) -> Refusal:
    """The first thing a model did not accept."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = path_of(first["loc"]) or "claims"
    return Refusal(reason=_REASONS.get(first["type"], malformed), message=f"{what}: {where}: {first['msg']}")


def issued_in_future(iat: int, now: float, what: str) -> Refusal | None:
    """Why a token signed at `iat` cannot be believed at `now` (Unix seconds); None within the clock skew."""
    if iat <= now + CLOCK_SKEW_SECONDS:
        return None
    return Refusal(
        reason="FromTheFuture",
        message=f"{what}: signed {iat - now:.0f} s in the future, allowed are {CLOCK_SKEW_SECONDS} s; "
        "set the clock of whoever signs or of the farm",
    )
