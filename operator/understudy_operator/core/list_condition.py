"""What a License says of the status list it names: fresh, about to go stale, or why it counts no longer."""

from __future__ import annotations

from typing import Final

from understudy_api.status_source import Standing
from understudy_api.term_parts import StatusEntry
from understudy_api.terms import Terms
from understudy_operator.core.conditions import Said

CONDITION: Final = "StatusFresh"


def list_said(standing: Standing, terms: Terms, now: float) -> tuple[Said, ...]:
    """The condition StatusFresh at `now` (Unix seconds); none for a license that names no list.

    True while the list is young, Unknown from half its life on, False once nothing may be made by it. Its message stays
    the same from list to list, so that a list that comes in time costs no write.
    """
    entry = terms.status
    if entry is None:
        return ()
    if standing.iat is None or standing.until is None:
        return (Said(CONDITION, "False", "StatusUnknown", _told(f"no status list was seen{_where(entry)}", standing)),)
    if standing.status is None:
        return (Said(CONDITION, "False", "StatusUnknown", standing.problem),)
    if now >= standing.until:
        return (
            Said(CONDITION, "False", "StatusStale", _told("the newest list is too old; nothing is made", standing)),
        )
    due = standing.due_at()
    if due is not None and now >= due:
        late = f"half the life of the newest list is over; without a newer one everything stops{_where(entry)}"
        return (Said(CONDITION, "Unknown", "StatusDue", _told(late, standing)),)
    words = f"the list says {standing.status}; one older than {entry.ttl_seconds:,} s counts no longer"
    return (Said(CONDITION, "True", "StatusFresh", words),)


def list_moments(standing: Standing, terms: Terms) -> tuple[float, ...]:
    """When that changes by itself, Unix seconds."""
    if terms.status is None:
        return ()
    return tuple(at for at in (standing.due_at(), standing.until) if at is not None)


def _where(entry: StatusEntry) -> str:
    return f" (asked for at {entry.uri})" if entry.uri else " (it is delivered as an OwnerAct)"


def _told(words: str, standing: Standing) -> str:
    why = f"; {standing.problem}" if standing.problem else ""
    return f"{words}{why}; publish a newer one with `understudy license status`"
