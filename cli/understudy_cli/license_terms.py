"""Readable YAML of license terms -> the claims that are signed: dates for seconds, amounts for micro-units, no digests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationError

from understudy_api.model import Model, Name, fault_of
from understudy_api.royalty_terms import MILLION
from understudy_api.terms import Terms
from understudy_cli.errors import UserError

MANNERS: Final = ("puppeteering", "singing", "edits", "training_on_outputs")


def _exact(value: object) -> object:
    """A YAML number as it was written: 0.1 is one tenth, not the nearest binary fraction."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Amount = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=10**9, max_digits=16, decimal_places=6)]
Percent = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, le=100, decimal_places=4)]


class ReadableAssignee(Model):
    """The brand."""

    namespace: Name
    brand: str | None = None


class ReadableSplit(Model):
    """A payee's share in percent."""

    role: Literal["owner", "driver", "studio"]
    payee: str
    percent: Percent


class ReadableRoyalty(Model):
    """Amounts in the currency's own unit, at most six decimals."""

    currency: str
    per_second: Amount = Decimal(0)
    per_video: Amount = Decimal(0)
    guaranteed: Amount = Decimal(0)
    splits: tuple[ReadableSplit, ...]


class ReadableTerms(Model):
    """What an owner writes; the fields that are only passed on are checked by `Terms`."""

    id: str = Field(pattern=r"^[A-Za-z0-9._-]{8,64}$", description="The license's own id (jti), 8 to 64 characters.")
    assignee: Name | ReadableAssignee = Field(description="Namespace of the brand, or namespace and brand.")
    purposes: tuple[str, ...]
    channels: tuple[str, ...]
    territories: tuple[str, ...]
    languages: tuple[str, ...]
    valid_from: datetime | date
    valid_until: datetime | date
    seconds: int = Field(description="Metered seconds in total.")
    items: int | None = Field(default=None, description="Videos in total.")
    concurrent: int | None = Field(default=None, description="Jobs at once.")
    versions: tuple[str, ...] = ()
    formats: tuple[str | dict[str, Any], ...] = Field(default=(), description="landscape, or {aspect, max_height}.")
    max_item_seconds: int | None = None
    excluded_categories: tuple[str | int, ...] = ()
    sensitive_categories: tuple[str | int, ...] | None = None
    publish_until: datetime | date | None = None
    age: dict[str, int] | None = None
    allows: tuple[Literal["puppeteering", "singing", "edits", "training_on_outputs"], ...] = ()
    disclosures: tuple[str, ...] = ()
    intended_use: str = ""
    representation: dict[str, str] | None = None
    contract_sha256: str | None = None
    exclusive: bool = False
    royalty: ReadableRoyalty | None = None
    status: dict[str, Any] | None = None
    preview: bool = False
    preview_recipient: str | None = None


_SAME: Final = (
    "purposes",
    "channels",
    "territories",
    "languages",
    "versions",
    "max_item_seconds",
    "age",
    "disclosures",
    "intended_use",
    "representation",
    "contract_sha256",
    "exclusive",
    "status",
    "preview",
    "preview_recipient",
)
"""Fields that are claims as they are written."""


def claims_from(document: dict[str, Any], where: str, *, owner: str, farm: str, twin_id: str, now: int) -> Terms:
    """The claims to sign; UserError naming the field that is wrong. `owner` and `farm` are key thumbprints."""
    try:
        given = ReadableTerms.model_validate(document)
        return Terms.model_validate({**_parties(given, owner, farm, twin_id, now), **_content(given)})
    except (ValidationError, InvalidOperation) as error:
        raise UserError(f"{where}: {_first(error)}") from error


def _parties(given: ReadableTerms, owner: str, farm: str, twin_id: str, now: int) -> dict[str, Any]:
    assignee = {"namespace": given.assignee} if isinstance(given.assignee, str) else given.assignee.model_dump()
    times = {"iat": now, "nbf": seconds_of(given.valid_from), "exp": seconds_of(given.valid_until)}
    return {"iss": owner, "aud": farm, "jti": given.id, "assignee": assignee, "twin": twin_id, **times}


def _content(given: ReadableTerms) -> dict[str, Any]:
    claims: dict[str, Any] = {name: getattr(given, name) for name in _SAME}
    claims["quota"] = {"seconds": given.seconds, "items": given.items, "concurrent": given.concurrent}
    claims["formats"] = [{"aspect": one} if isinstance(one, str) else one for one in given.formats]
    claims["allows"] = dict.fromkeys(given.allows, True)
    claims["excluded_categories"] = [str(one) for one in given.excluded_categories]
    if given.sensitive_categories is not None:
        claims["sensitive_categories"] = [str(one) for one in given.sensitive_categories]
    if given.publish_until is not None:
        claims["publish_until"] = seconds_of(given.publish_until)
    if given.royalty is not None:
        claims["royalty"] = _royalty(given.royalty)
    return claims


def _royalty(given: ReadableRoyalty) -> dict[str, Any]:
    splits = [
        {"role": one.role, "payee": one.payee, "share_millionths": int(one.percent * MILLION / 100)}
        for one in given.splits
    ]
    return {
        "currency": given.currency,
        "per_second_micros": int(given.per_second * MILLION),
        "per_item_micros": int(given.per_video * MILLION),
        "minimum_micros": int(given.guaranteed * MILLION),
        "splits": splits,
    }


def seconds_of(moment: datetime | date) -> int:
    """Unix seconds; a bare date is its first second in UTC, a time without a zone is UTC."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())


def _first(error: ValidationError | InvalidOperation) -> str:
    if isinstance(error, InvalidOperation):
        return "royalty: an amount is not a number"
    return fault_of(error, "terms")
