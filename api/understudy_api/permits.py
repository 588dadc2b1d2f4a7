"""The one rule: may this use be made under these terms, now?

Asked at admission, at dispatch and on the worker before a frame, so the three cannot disagree. Pure: the clock and what
was used so far are arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from pydantic import Field

from understudy_api.model import Digest, Locale, Model, Name, Territory
from understudy_api.terms import Channel, Purpose, Terms, Thumbprint
from understudy_api.verdict import Refusal, Verdict


class Use(Model):
    """What somebody wants to make."""

    farm: Thumbprint
    namespace: Name
    twin: Digest
    purpose: Purpose
    channels: tuple[Channel, ...]
    territories: tuple[Territory, ...]
    locales: tuple[Locale, ...]
    seconds: float = Field(ge=0, description="Upper bound of the metered seconds this use adds.")


class Usage(Model):
    """What was already made or promised under the license, in metered seconds."""

    used_seconds: float = Field(default=0, ge=0)
    reserved_seconds: float = Field(default=0, ge=0)


def permits(terms: Terms, use: Use, usage: Usage, now: float) -> Verdict:
    """Permitted, or every clause that speaks against it. `now` in Unix seconds."""
    return Verdict(refusals=tuple(_refusals(terms, use, usage, now)))


def covers_language(ranges: tuple[str, ...], locale: str) -> bool:
    """RFC 4647 basic filtering: a range covers a locale that equals it or starts with it at a hyphen."""
    wanted = locale.lower()
    return any(wanted == r or wanted.startswith(r + "-") for r in (given.lower() for given in ranges))


def _refusals(terms: Terms, use: Use, usage: Usage, now: float) -> Iterator[Refusal]:
    if use.namespace != terms.assignee.namespace:
        # The same words as for a license that does not exist, and no others: nobody learns of others' contracts.
        yield NOT_FOUND
        return
    if use.farm != terms.aud:
        yield Refusal(
            reason="WrongFarm",
            message="license: it is valid on another farm; ask the owner for one with this farm's key in `aud`",
        )
    if use.twin != terms.twin:
        yield Refusal(
            reason="TwinNotCovered",
            message="license: it covers another twin; name the twin it was signed for",
        )
    yield from _window(terms, now)
    yield from _coverage(terms, use)
    left = terms.quota.seconds - usage.used_seconds - usage.reserved_seconds
    if use.seconds > left:
        yield Refusal(
            reason="QuotaExceeded",
            message=f"license: {use.seconds:.0f} s wanted, {max(left, 0):.0f} s of {terms.quota.seconds} s left; "
            "ask the owner for more seconds or make less",
        )


NOT_FOUND = Refusal(
    reason="LicenseNotFound", message="license: not found; check licenseRef, or ask the owner for a license"
)


def _window(terms: Terms, now: float) -> Iterator[Refusal]:
    if now < terms.nbf:
        yield Refusal(
            reason="LicenseNotYetValid",
            message=f"license: valid from {_day(terms.nbf)}; wait or ask the owner for an earlier start",
        )
    if now >= terms.exp:
        yield Refusal(
            reason="LicenseExpired",
            message=f"license: expired {_day(terms.exp)}; ask the owner for a new one",
        )


def _coverage(terms: Terms, use: Use) -> Iterator[Refusal]:
    uncovered = sorted(locale for locale in set(use.locales) if not covers_language(terms.languages, locale))
    if uncovered:
        yield _not_covered("LanguageNotCovered", "locales", uncovered, terms.languages)
    if use.purpose not in terms.purposes:
        yield _not_covered("PurposeNotCovered", "use.purpose", [use.purpose], terms.purposes)
    channels = sorted(set(use.channels) - set(terms.channels))
    if channels:
        yield _not_covered("ChannelNotCovered", "use.channels", channels, terms.channels)
    territories = sorted(set(use.territories) - set(terms.territories))
    if territories:
        yield _not_covered("TerritoryNotCovered", "use.territories", territories, terms.territories)


def _not_covered(reason: str, field: str, wanted: Sequence[str], allowed: tuple[str, ...]) -> Refusal:
    return Refusal(
        reason=reason,
        message=f"license: {field} {', '.join(wanted)} not covered, allowed: {', '.join(sorted(allowed))}; "
        f"remove {'it' if len(wanted) == 1 else 'them'} or ask the owner to extend the license",
    )


def _day(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")
