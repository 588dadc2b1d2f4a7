"""License terms in plain words, one clause a line: what `kubectl describe` and `understudy license show` print."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from understudy_api.terms import Terms


def terms_in_words(terms: Terms) -> tuple[str, ...]:
    """The clauses of a license as short English sentences, in a fixed order."""
    return (
        f"For {terms.assignee.namespace} alone, on this farm alone.",
        f"From {_moment(terms.nbf)} until {_moment(terms.exp)}.",
        f"Purposes: {_listed(terms.purposes)}.",
        f"Channels: {_listed(terms.channels)}.",
        f"Territories: {_listed(terms.territories)}.",
        f"Languages: {_listed(terms.languages)}.",
        f"At most {terms.quota.seconds:,} seconds of video in total, each format counting.",
    )


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))


def _moment(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")
