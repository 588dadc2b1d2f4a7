"""License terms in plain words, one clause a line: what `kubectl describe` and `understudy license show` print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from understudy_api.categories import category_names
from understudy_api.royalty_terms import Royalty
from understudy_api.terms import Terms

_MANNERS = {
    "puppeteering": "puppeteering",
    "singing": "singing",
    "edits": "edits after delivery",
    "training_on_outputs": "training on outputs",
}


def terms_in_words(terms: Terms) -> tuple[str, ...]:
    """The clauses of a license as short English sentences, in a fixed order, like a contract's summary."""
    return (*_parties(terms), *_scope(terms), *_topics(terms), *_amounts(terms), *_paper(terms))


def _parties(terms: Terms) -> Iterator[str]:
    brand = f" ({terms.assignee.brand})" if terms.assignee.brand else ""
    yield f"For {terms.assignee.namespace}{brand} alone, on this farm alone."
    if terms.exclusive:
        yield "Exclusive: nobody else gets an overlapping license while it holds."
    if terms.versions:
        yield f"Twin versions: {', '.join(version[:12] for version in terms.versions)}."
    yield f"From {_moment(terms.nbf)} until {_moment(terms.exp)}."
    if terms.publish_until is not None:
        yield f"May be shown until {_moment(terms.publish_until)} (declared by the brand, recorded)."


def _scope(terms: Terms) -> Iterator[str]:
    yield f"Purposes: {_listed(terms.purposes)}."
    yield f"Channels: {_listed(terms.channels)}."
    yield f"Territories: {_listed(terms.territories)}."
    yield f"Languages: {_listed(terms.languages)}."
    if terms.formats:
        shapes = (
            f"{one.aspect}{f' up to {one.max_height:,} px high' if one.max_height else ''}" for one in terms.formats
        )
        yield f"Formats: {_listed(shapes)}."
    if terms.max_item_seconds is not None:
        yield f"Each video at most {terms.max_item_seconds:,} seconds long."
    if terms.age is not None:
        yield f"Looks {terms.age.minimum} to {terms.age.maximum} years old."
    allowed = [words for name, words in _MANNERS.items() if getattr(terms.allows, name)]
    barred = [words for name, words in _MANNERS.items() if not getattr(terms.allows, name)]
    if allowed:
        yield f"Allowed: {_listed(allowed)}."
    if barred:
        yield f"Not allowed: {_listed(barred)}."


def _topics(terms: Terms) -> Iterator[str]:
    if terms.excluded_categories:
        yield f"Nothing about: {category_names(terms.excluded_categories)}."
    if terms.sensitive_categories:
        yield f"Only with the owner's consent to each use: {category_names(terms.sensitive_categories)}."
        if terms.preview:
            yield "A preview sealed to the owner may precede consent."
    if terms.disclosures:
        yield f"Every showing says: {_listed(map(repr, terms.disclosures))}."


def _amounts(terms: Terms) -> Iterator[str]:
    quota = terms.quota
    yield f"At most {quota.seconds:,} seconds of video in total, each format counting."
    if quota.items is not None:
        yield f"At most {quota.items:,} videos in total."
    if quota.concurrent is not None:
        yield f"At most {quota.concurrent:,} jobs at the same time."
    if terms.royalty is not None:
        yield from _royalty(terms.royalty)


def _royalty(royalty: Royalty) -> Iterator[str]:
    parts = {
        "a metered second": royalty.per_second_micros,
        "a video": royalty.per_item_micros,
        "guaranteed at least": royalty.minimum_micros,
    }
    named = [f"{amount(micros)} {royalty.currency} {what}" for what, micros in parts.items() if micros]
    yield f"Royalty: {', '.join(named) or 'none'}."
    shares = (f"{split.role} {split.payee} {split.share_millionths / 10_000:g} %" for split in royalty.splits)
    yield f"Paid to: {', '.join(shares)}."


def _paper(terms: Terms) -> Iterator[str]:
    if terms.status is not None:
        yield f"Stops when the owner's status list is older than {terms.status.ttl_seconds:,} seconds."
    if terms.intended_use:
        yield f"Intended use: {terms.intended_use}"
    if terms.representation is not None:
        yield f"The owner was represented by {terms.representation.kind}: {terms.representation.name}."
    if terms.contract_sha256 is not None:
        yield f"Paper contract: SHA-256 {terms.contract_sha256}."


def amount(micros: int) -> str:
    """Micro-units as a decimal, exact: 250,000 is `0.25`."""
    whole, rest = divmod(micros, 1_000_000)
    return f"{whole:,}.{rest:06d}".rstrip("0").rstrip(".") if rest else f"{whole:,}"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))


def _moment(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")
