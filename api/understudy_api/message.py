"""The front door to a scene's text: parse it, name its variables, hold a row against it.

A text the farm cannot read is a value (``MessageError``), and so is a row it cannot fill (a tuple of reasons):
the operator shows both as conditions. The grammar itself stands in ``message_syntax``.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from understudy_api.message_parts import (
    Date,
    Hash,
    Message,
    MessageError,
    Number,
    Part,
    Plural,
    Select,
    Simple,
    Text,
    to_text,
)
from understudy_api.message_syntax import Parser, Refused

__all__ = [
    "Date",
    "Hash",
    "Message",
    "MessageError",
    "Number",
    "Part",
    "Plural",
    "Select",
    "Simple",
    "Text",
    "as_date",
    "as_number",
    "check_row",
    "parse",
    "to_text",
    "variables",
]

MAX_VALUE_CHARS = 500

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T.{1,40})?")
_WANTED = {"number": "a number such as 39 or 39.5", "date": "a day such as 2026-03-05", "text": "text"}


def parse(text: str) -> Message | MessageError:
    """The text's message, or why and where it cannot be read. Never raises."""
    try:
        return Parser(text).read()
    except Refused as refused:
        return refused.error


def variables(message: Message) -> dict[str, str]:
    """Every variable the message may ask for -> what it must hold: ``text``, ``number`` or ``date``.

    A variable that is plain text in one place and a number or date in another is the latter.
    """
    kinds: dict[str, str] = {}
    for part in _arguments(message):
        kind = "date" if isinstance(part, Date) else "text" if isinstance(part, Simple | Select) else "number"
        if kind != "text" or part.name not in kinds:
            kinds[part.name] = kind
    return kinds


def _arguments(message: Message) -> Iterator[Simple | Number | Date | Hash | Plural | Select]:
    for part in message.parts:
        if isinstance(part, Text):
            continue
        yield part
        if isinstance(part, Plural | Select):
            for _, case in part.cases:
                yield from _arguments(case)


def check_row(message: Message, row: Mapping[str, object]) -> tuple[str, ...]:
    """Why this row cannot fill this message, one reason per variable in order of appearance; () when it can.

    Every variable has to be there, also one that only some case uses: a row is judged before it is known which
    case its locale picks.
    """
    found = (_reason(name, kind, row.get(name)) for name, kind in variables(message).items())
    return tuple(reason for reason in found if reason)


def _reason(name: str, kind: str, value: object) -> str:
    if value is None or value == "":
        return f"{{{name}}} is missing: wanted {_WANTED[kind]}; add the column {name!r} to the row"
    fits = {"number": as_number, "date": as_date, "text": as_text}[kind]
    if fits(value) is not None:
        return ""
    got = str(value)
    shown = got if len(got) <= 40 else f"{got[:40]}..."
    return f"{{{name}}} is {shown!r}: wanted {_WANTED[kind]}"


def as_text(value: object) -> str | None:
    """The value as words to speak, or None: no lists, no control characters, at most ``MAX_VALUE_CHARS``."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    text = str(value)
    return text if len(text) <= MAX_VALUE_CHARS and text.isprintable() else None


def as_number(value: object) -> Decimal | None:
    """The value as an exact number below 10^15 with at most six decimals, or None.

    Takes numbers and their plain spelling ("-39.5"); no truth values, infinities, exponents or separators.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    if isinstance(value, float | Decimal):
        exact = Decimal(value)
        if not exact.is_finite() or abs(exact) >= 10**15:
            return None
        value = f"{exact:.6f}"
    text = str(value).strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def as_date(value: object) -> date | None:
    """The value as a calendar day, or None. Takes dates and ISO 8601 text, whose time of day is ignored."""
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    if not isinstance(value, str) or not (match := _DAY.fullmatch(value.strip())):
        return None
    try:
        return date.fromisoformat(match.group(1))
    except ValueError:
        return None
