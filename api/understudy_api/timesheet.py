"""Timesheets: how long the workers of a pool were there, and for whom they worked. What cost is allocated by.

A director keeps one object for each hour (UTC) in the receipts bucket, `hours/{pool}/{hour}/{director}.json`, and writes it anew
while the hour lasts: only its writer ever writes that key, so the newest words are the whole. The hour of a pool is the sum of
its directors' timesheets, which never speak of the same second of the same worker twice.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import Field

from understudy_api.model import Model, ObjectName

HOUR_SECONDS: Final = 3600
DEFAULT_POOL: Final = "default"
"""The pool of a director that nobody told a name."""
PREFIX: Final = "hours/"
MAX_WORKS: Final = 5_000
"""Orders x locales x groups that an hour of a pool tells apart; what comes after is told by namespace alone."""
MAX_PRESENCES: Final = 33
NOBODY: Final = ""
"""Stands where a group, locale or license is none, and for the order of work that is told by namespace alone."""

WorkKind = Literal["Job", "Preview", "Training"]


class Presence(Model):
    """How long the workers of a group were there."""

    group: str = Field(max_length=63, description="Worker group; empty: of no group.")
    worker_seconds: float = Field(
        ge=0, description="Seconds that its workers' places were there, busy or idle, added up."
    )


class Work(Model):
    """What one order kept workers of one group busy with in one locale."""

    kind: WorkKind
    uid: str = Field(max_length=64, description="Of the RenderJob or TwinModel; empty: several of a namespace.")
    namespace: str = Field(max_length=63, description="The brand's; of a training, the owner's.")
    name: str = Field(max_length=253, description="Of the RenderJob or TwinModel.")
    license: str = Field(max_length=128, description="Its `jti`; empty: a training.")
    locale: str = Field(max_length=35, description="Empty: of no single locale.")
    group: str = Field(max_length=63)
    busy_seconds: float = Field(ge=0, description="Worker seconds.")


class Timesheet(Model):
    """What one director saw of one hour of its pool."""

    pool: ObjectName
    director: str = Field(max_length=64)
    release: str = Field(max_length=64)
    hour: int = Field(ge=0, multiple_of=HOUR_SECONDS, description="Unix seconds at which the hour began.")
    since: float = Field(description="Unix seconds; what came before is in another director's timesheet, or nowhere.")
    until: float = Field(description="Unix seconds of the newest word.")
    presences: tuple[Presence, ...] = Field(max_length=MAX_PRESENCES)
    works: tuple[Work, ...] = Field(max_length=MAX_WORKS + 1_000)


def hour_of(at: float) -> int:
    """When the hour (UTC) of a moment began, both in Unix seconds."""
    return int(at // HOUR_SECONDS) * HOUR_SECONDS


def timesheet_key(pool: str, hour: int, director: str) -> str:
    """Object key of a director's timesheet; keys of a pool sort as hours do."""
    return f"{hour_prefix(pool, hour)}{director}.json"


def hour_prefix(pool: str, hour: int) -> str:
    """What the keys of all timesheets of one hour of a pool begin with."""
    return f"{PREFIX}{pool}/{datetime.fromtimestamp(hour, UTC):%Y-%m-%dT%H}/"
