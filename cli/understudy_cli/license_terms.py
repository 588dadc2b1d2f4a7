"""Readable YAML of license terms <-> the claims that are signed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from pydantic import Field, ValidationError

from understudy_api.model import Locale, Model, Name, Territory
from understudy_api.terms import Channel, Purpose, Terms
from understudy_cli.errors import UserError


class ReadableTerms(Model):
    """What an owner writes: dates instead of seconds, no digests."""

    id: str = Field(pattern=r"^[A-Za-z0-9._-]{8,64}$", description="The license's own id (jti), 8 to 64 characters.")
    assignee: Name = Field(description="Namespace of the brand.")
    purposes: tuple[Purpose, ...]
    channels: tuple[Channel, ...]
    territories: tuple[Territory, ...]
    languages: tuple[Locale, ...]
    valid_from: datetime | date
    valid_until: datetime | date
    seconds: int = Field(ge=1, description="Metered seconds in total.")


def claims_from(document: dict[str, Any], where: str, *, owner: str, farm: str, twin_id: str, now: int) -> Terms:
    """The claims to sign; UserError naming the field that is wrong. `owner` and `farm` are key thumbprints."""
    try:
        readable = ReadableTerms.model_validate(document)
        return Terms.model_validate(
            {
                "iss": owner,
                "aud": farm,
                "jti": readable.id,
                "iat": now,
                "nbf": _seconds(readable.valid_from),
                "exp": _seconds(readable.valid_until),
                "assignee": {"namespace": readable.assignee},
                "twin": twin_id,
                "purposes": readable.purposes,
                "channels": readable.channels,
                "territories": readable.territories,
                "languages": readable.languages,
                "quota": {"seconds": readable.seconds},
            }
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "terms"
        raise UserError(f"{where}: {field}: {first['msg']}") from error


def _seconds(moment: datetime | date) -> int:
    """Unix seconds; a bare date is its first second in UTC, a time without a zone is UTC."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())
