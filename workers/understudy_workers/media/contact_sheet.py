"""A campaign at a glance: one HTML file with every item's poster, words and links, and nothing loaded from elsewhere."""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from babel import Locale, UnknownLocaleError

from understudy_workers.media.captions import is_right_to_left
from understudy_workers.media.contact_sheet_style import STYLE


@dataclass(frozen=True)
class Entry:
    """One item: a file that was made, or with ``reason`` one that was not.

    ``video`` and ``captions`` are paths beside the sheet ("" for none), ``poster`` is a JPEG (b"" for none),
    ``text`` what is said.
    """

    row: str
    locale: str
    output: str
    width: int
    height: int
    seconds: float
    video: str = ""
    captions: str = ""
    poster: bytes = b""
    text: str = ""
    reason: str = ""


def contact_sheet(job: str, entries: Sequence[Entry], facts: Sequence[str] = (), more: int = 0) -> str:
    """The sheet as HTML, rows and locales in the order of their first entry.

    ``job`` is the headline, ``facts`` are short lines beside the totals, ``more`` counts items left out. Every text
    is escaped, every link is relative, and a policy in the page forbids scripts and anything remote.
    """
    totals = "".join(f"<li>{escape(fact)}</li>" for fact in (*_totals(entries, more), *facts))
    rows = "".join(_row(row, found) for row, found in _grouped(entries, lambda entry: entry.row))
    rest = f'<p class="more">and {more:,} more items: see index.jsonl</p>' if more else ""
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{escape(job)}</title><style>{STYLE}</style></head>\n"
        f'<body><header><h1>{escape(job)}</h1><ul class="totals">{totals}</ul></header>\n'
        f"<main>{rows}{rest}</main>\n"
        "<footer>AI-generated, synthetic performances. Every video carries a visible label and content credentials."
        "</footer></body></html>\n"
    )


def native_name(locale: str) -> str:
    """A locale's name in its own language: "Deutsch (Deutschland)"; the tag itself where CLDR has none."""
    try:
        name = Locale.parse(locale, sep="-").get_display_name() or locale
    except (UnknownLocaleError, ValueError):
        return locale
    return name[:1].upper() + name[1:]


def _totals(entries: Sequence[Entry], more: int) -> list[str]:
    made = [entry for entry in entries if not entry.reason]
    lost = len(entries) - len(made)
    rows, locales = ({getattr(entry, name) for entry in entries} for name in ("row", "locale"))
    facts = [
        _count(len(made), "video"),
        _clock(sum(entry.seconds for entry in made)),
        _count(len(rows), "row"),
        _count(len(locales), "locale"),
    ]
    return [*facts, *([f"{lost} not made"] if lost else []), *([f"first {len(entries):,} shown"] if more else [])]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _clock(seconds: float) -> str:
    """Whole seconds as 0:07, 12:00 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _grouped(entries: Iterable[Entry], key: Callable[[Entry], str]) -> list[tuple[str, list[Entry]]]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return list(groups.items())


def _row(row: str, entries: list[Entry]) -> str:
    cards = "".join(_card(locale, found) for locale, found in _grouped(entries, lambda entry: entry.locale))
    return f'<section><h2>{escape(row)}</h2><div class="grid">{cards}</div></section>\n'


def _card(locale: str, entries: list[Entry]) -> str:
    direction = "rtl" if is_right_to_left(locale) else "ltr"
    tongue = f'lang="{escape(locale)}" dir="{direction}"'
    text = next((entry.text for entry in entries if entry.text), "")
    said = f"<p {tongue}>{escape(text)}</p>" if text else ""
    return (
        f'<article><h3><bdi lang="{escape(locale)}">{escape(native_name(locale))}</bdi>'
        f"<code>{escape(locale)}</code></h3>"
        f'<div class="outputs">{"".join(map(_output, entries))}</div>{said}</article>'
    )


def _output(entry: Entry) -> str:
    figure = f'<figure style="--shape:{entry.width / entry.height:.4f}" title="{entry.width}×{entry.height}">'
    if entry.reason:
        return (
            f'{figure}<div class="frame lost"><span>{escape(entry.reason)}</span></div>'
            f"<figcaption>{escape(entry.output)}</figcaption></figure>"
        )
    alt = escape(f"{entry.row}, {entry.locale}, {entry.output}")
    picture = f"data:image/jpeg;base64,{base64.b64encode(entry.poster).decode()}"
    still = f'<img src="{picture}" alt="{alt}">' if entry.poster else ""
    links = [(entry.video, "mp4"), (entry.captions, "srt")]
    listed = " ".join(f'<a href="{_link(path)}">{kind}</a>' for path, kind in links if path)
    return (
        f'{figure}<a class="frame" href="{_link(entry.video)}">{still}<time>{_clock(entry.seconds)}</time></a>'
        f"<figcaption><span>{escape(entry.output)}</span> <span>{listed}</span></figcaption></figure>"
    )


def _link(path: str) -> str:
    """A path as a link that cannot leave the sheet's own place by naming a scheme or a host."""
    return "./" + quote(path, safe="/-._~")
