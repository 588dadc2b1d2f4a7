"""Points in time: Unix seconds inside, RFC 3339 in UTC on the wire."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(seconds: float) -> str:
    """`2026-05-04T10:00:00Z`: whole seconds, as Kubernetes writes times."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix_seconds(text: str | None) -> float | None:
    """The time an RFC 3339 text names; None for None and for text that names none."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else moment.replace(tzinfo=UTC).timestamp()


def earliest(*moments: float | None) -> float | None:
    """The earliest of those that are given; None when none is."""
    return min((moment for moment in moments if moment is not None), default=None)
