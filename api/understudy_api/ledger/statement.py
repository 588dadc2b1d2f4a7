"""Statements: what a license earned in one month, line by line, adding up to the receipts to the micro-unit.

A line sums one job's items of one month. Royalties are shared on the month's total (`royalty.shared`). The minimum is owed
over the license's whole life: what is missing of it is due in the month in which the license ends.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from understudy_api.ledger import entry as written
from understudy_api.ledger.chain import Link
from understudy_api.ledger.checkpoint import Evidence
from understudy_api.ledger.royalty import shared
from understudy_api.ledger.words import in_words
from understudy_api.model import Digest, Model
from understudy_api.royalty_terms import Royalty


class Line(Model):
    """One job's items of the month, or one correction."""

    kind: str = Field(pattern=r"^(use|correction|minimum)$")
    uid: str = Field(default="", description="The RenderJob's uid; of a correction the entry it corrects.")
    name: str = Field(default="", description="The job's namespace and name, while they are not erased.")
    items: int = 0
    frames: int = 0
    micros: int = Field(default=0, description="Metered micro-seconds.")
    royalty_micros: int = 0


class Event(Model):
    """Something of the month that is no amount: a refusal, a consent, a revocation, what became of files."""

    at: float = Field(ge=0, description="Unix seconds.")
    words: str


class Payment(Model):
    """What one payee gets of the month's royalties."""

    role: Literal["owner", "driver", "studio"]
    payee: str
    share_millionths: int
    micros: int


class Statement(Model):
    """One license's month."""

    license: Digest | None
    account: Digest
    jti: str
    month: str = Field(pattern=r"^\d{4}-\d{2}$", description="UTC.")
    currency: str | None
    lines: tuple[Line, ...]
    items: int
    micros: int
    royalty_micros: int
    payments: tuple[Payment, ...]
    events: tuple[Event, ...] = ()
    earned_to_date_micros: int = Field(description="Of the license's whole life up to the end of the month.")
    minimum_micros: int
    last_link: int = Field(description="Sequence of the last link that was looked at.")
    checkpoint: Evidence | None = Field(default=None, description="Keep it: it shows later whether the ledger was cut.")


@dataclass
class _Sum:
    items: int = 0
    frames: int = 0
    micros: int = 0
    royalty_micros: int = 0


@dataclass
class _Month:
    """What was gathered while links were read."""

    uses: dict[str, _Sum] = field(default_factory=dict)
    corrections: list[Line] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    earned_before_micros: int = 0
    licensed: written.Licensed | None = None


def month_of(seconds: float) -> str:
    """The UTC month of a time in Unix seconds: `2026-11`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m")


def statement(
    account: str,
    links: Iterable[Link],
    month: str,
    names: Mapping[str, str] | None = None,
    checkpoint: Evidence | None = None,
) -> Statement:
    """The statement of a month from all links of a license's chain, oldest first; `names` of jobs by uid."""
    found, last = _Month(), -1
    for link in links:
        last = link.sequence
        if month_of(link.written_at) <= month:
            _gather(found, link, month, names or {})
    lines = [
        Line(kind="use", uid=uid, name=(names or {}).get(uid, ""), **vars(total))
        for uid, total in sorted(found.uses.items())
    ]
    lines += found.corrections
    licensed = found.licensed
    royalty = licensed.royalty if licensed else None
    earned = found.earned_before_micros + sum(line.royalty_micros for line in lines)
    missing = royalty.minimum_micros - earned if royalty and licensed else 0
    if licensed and missing > 0 and month_of(licensed.expires_at) == month:
        lines.append(Line(kind="minimum", royalty_micros=missing))
    total = sum(line.royalty_micros for line in lines)
    return Statement(
        license=licensed.license if licensed else None,
        account=account,
        jti=licensed.jti if licensed else "",
        month=month,
        currency=royalty.currency if royalty else None,
        lines=tuple(lines),
        items=sum(line.items for line in lines),
        micros=sum(line.micros for line in lines),
        royalty_micros=total,
        payments=_payments(royalty, total),
        events=tuple(found.events),
        earned_to_date_micros=earned,
        minimum_micros=royalty.minimum_micros if royalty else 0,
        last_link=last,
        checkpoint=checkpoint,
    )


def to_csv(found: Statement) -> str:
    """The statement as CSV: use, correction and minimum lines, a total, and a line for each payee."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("kind", "who", "name", "items", "frames", "metered_micros", "amount_micros", "currency"))
    currency = found.currency or ""
    for line in found.lines:
        rows.writerow(
            (line.kind, line.uid, line.name, line.items, line.frames, line.micros, line.royalty_micros, currency)
        )
    frames = sum(line.frames for line in found.lines)
    rows.writerow(("total", "", "", found.items, frames, found.micros, found.royalty_micros, currency))
    for one in found.payments:
        rows.writerow(("payment", one.payee, one.role, "", "", "", one.micros, currency))
    return out.getvalue()


def _gather(found: _Month, link: Link, month: str, names: Mapping[str, str]) -> None:
    now = month_of(link.written_at) == month
    for one in link.entries:
        match one:
            case written.Licensed():
                found.licensed = one
            case written.Committed() if now:
                _add(found.uses.setdefault(one.uid, _Sum()), one)
            case written.Corrected() if now:
                found.corrections.append(_correction(one))
            case written.Committed() | written.Corrected():
                found.earned_before_micros += one.royalty_micros
            case _ if now and (words := in_words(one, names)):
                found.events.append(Event(at=link.written_at, words=words))


def _add(total: _Sum, one: written.Committed) -> None:
    total.items += 1
    total.frames += one.frames
    total.micros += one.micros
    total.royalty_micros += one.royalty_micros


def _correction(one: written.Corrected) -> Line:
    return Line(
        kind="correction",
        uid=one.entry,
        name=one.reason,
        items=one.items,
        micros=one.micros,
        royalty_micros=one.royalty_micros,
    )


def _payments(royalty: Royalty | None, total: int) -> tuple[Payment, ...]:
    if royalty is None:
        return ()
    parts = shared(total, [split.share_millionths for split in royalty.splits])
    return tuple(
        Payment(role=split.role, payee=split.payee, share_millionths=split.share_millionths, micros=part)
        for split, part in zip(royalty.splits, parts, strict=True)
    )
