"""The owner's page as one HTML file: nothing loaded from elsewhere, no script, readable on a phone."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from understudy_api.plain import amount
from understudy_cli.owner_report.page_style import STYLE
from understudy_cli.owner_report.story import Happening, Piece, Share, Story, Sum

Pictures = Mapping[str, bytes]
"""Low-resolution JPEGs by item."""
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_SHOWN_HAPPENINGS: Final = 200
_MILLION: Final = 1_000_000


def page(owner: str, stories: Sequence[Story], pictures: Pictures, now: float, shown: int) -> str:
    """The page of an owner (thumbprint) at `now` (Unix seconds), with the newest `shown` videos of each license."""
    body = "".join(_license(one, pictures, now, shown) for one in stories)
    none = "" if stories else '<p class="none">Nothing was made of this twin yet.</p>'
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>What was made of your twin</title><style>{STYLE}</style></head>\n"
        f'<body><header><h1>What was made of your twin</h1><ul class="totals">{_facts(owner, stories, now)}</ul></header>\n'
        f"<main>{_waiting(stories)}{body}{none}</main>\n"
        "<footer>Every figure is added up from the ledger, whose links nobody can change unseen: "
        "<code>understudy ledger verify</code> checks it. Pictures are low-resolution stills of AI-generated videos."
        "</footer></body></html>\n"
    )


def _facts(owner: str, stories: Sequence[Story], now: float) -> str:
    earned: dict[str, int] = defaultdict(int)
    for one in stories:
        if one.currency:
            earned[one.currency] += one.total.royalty_micros
    facts = [
        f"owner {owner[:12]}",
        _count(len(stories), "license"),
        _count(sum(one.total.items for one in stories), "video"),
        _duration(sum(one.total.micros for one in stories)),
        *(f"{_money(micros, currency)} earned" for currency, micros in sorted(earned.items())),
        f"as of {_moment(now)}",
    ]
    return "".join(f"<li>{escape(fact)}</li>" for fact in facts)


def _waiting(stories: Iterable[Story]) -> str:
    """What needs the owner now, before anything else."""
    lines = [
        f"<li><b>{escape(one.jti)}</b> {escape(asked.words)}, asked {_moment(asked.at)}</li>"
        for one in stories
        for asked in one.open_consents
    ]
    if not lines:
        return ""
    answer = "<code>understudy consent list</code> shows every word"
    return (
        f'<section class="waiting"><h2>Waiting for your answer</h2><ul>{"".join(lines)}</ul><p>{answer}</p></section>'
    )


def _license(one: Story, pictures: Pictures, now: float, shown: int) -> str:
    account = one.account
    ended = any(happening.what in {"Revoked", "Erased"} for happening in one.happenings)
    state = "ended" if ended or now >= account.expires_at else "holds"
    until = f"until {_moment(account.expires_at)}" if state == "holds" else "no longer holds"
    broken = f'<p class="broken">The ledger does not hold here: {escape(one.broken)}</p>' if one.broken else ""
    return (
        f'<section class="license"><h2>{escape(one.jti)} <small class="{state}">{until}</small></h2>{broken}'
        f"{_quota(one)}"
        f'<div class="tables">{_sums("Month", one.months, one.currency)}{_sums("Job", one.jobs, one.currency)}'
        f"{_payees(one.shares, one.currency)}</div>"
        f"{_happenings(one.happenings)}{_gallery(one.pieces, pictures, shown)}</section>\n"
    )


def _quota(one: Story) -> str:
    account = one.account
    whole = max(account.quota_micros, 1)
    used, promised = 100 * account.used_micros / whole, 100 * account.reserved_micros / whole
    words = (
        f"{_seconds(account.used_micros)} of {_seconds(account.quota_micros)} s used, "
        f"{_seconds(account.reserved_micros)} s promised, {_seconds(account.left_micros)} s left"
    )
    bars = f'<i style="width:{used:.2f}%"></i><b style="width:{promised:.2f}%"></b>'
    return f'<p>{escape(words)}</p><div class="bar" role="img" aria-label="{escape(words)}">{bars}</div>'


def _sums(what: str, sums: Mapping[str, Sum], currency: str) -> str:
    if not sums:
        return ""
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{one.items:,}</td><td>{_seconds(one.micros)}</td>"
        f"<td>{escape(_money(one.royalty_micros, currency))}</td></tr>"
        for name, one in sums.items()
    )
    return f"<table><tr><th>{what}</th><th>videos</th><th>seconds</th><th>earned</th></tr>{rows}</table>"


def _payees(shares: Sequence[Share], currency: str) -> str:
    if not shares:
        return ""
    rows = "".join(
        f"<tr><th>{escape(one.payee)}</th><td>{escape(one.role)}</td><td>{one.millionths / 10_000:g} %</td>"
        f"<td>{escape(_money(one.micros, currency))}</td></tr>"
        for one in shares
    )
    return f"<table><tr><th>Paid to</th><th>as</th><th>share</th><th>to date</th></tr>{rows}</table>"


def _happenings(happenings: Sequence[Happening]) -> str:
    if not happenings:
        return ""
    rows = "".join(
        f"<li><time>{_moment(one.at)}</time> <b>{escape(one.what)}</b> {escape(one.words)}</li>"
        for one in reversed(happenings[-_SHOWN_HAPPENINGS:])
    )
    return f"<details open><summary>{_count(len(happenings), 'event')}</summary><ul>{rows}</ul></details>"


def _gallery(pieces: Sequence[Piece], pictures: Pictures, shown: int) -> str:
    newest = list(reversed(pieces))[:shown]
    if not newest:
        return ""
    rest = f'<p class="more">and {len(pieces) - shown:,} earlier ones</p>' if len(pieces) > shown else ""
    return f'<div class="gallery">{"".join(_still(one, pictures) for one in newest)}</div>{rest}'


def _still(one: Piece, pictures: Pictures) -> str:
    picture = pictures.get(one.item)
    data = base64.b64encode(picture).decode() if picture else ""
    still = (
        f'<img src="data:image/jpeg;base64,{data}" alt="video {one.item[:12]}">' if data else "<span>no still</span>"
    )
    return f"<figure>{still}<figcaption>{_seconds(one.micros)} s<code>{one.item[:8]}</code></figcaption></figure>"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _duration(micros: int) -> str:
    minutes, seconds = divmod(round(micros / _MILLION), 60)
    return f"{minutes:,} min {seconds:02} s"


def _seconds(micros: int) -> str:
    return f"{micros / _MILLION:,.2f}"


def _money(micros: int, currency: str) -> str:
    return f"{amount(micros)} {currency}".strip() if currency else "-"


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
