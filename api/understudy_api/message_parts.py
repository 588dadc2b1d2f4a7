"""The parts of a scene's text after parsing: frozen values, no behaviour but writing themselves back."""

import re
from dataclasses import dataclass

PLURAL_CATEGORIES = ("zero", "one", "two", "few", "many", "other")
DATE_LENGTHS = ("short", "medium", "long", "full")

# Runs of apostrophes and of signs that mean something: quoted together, since two quotations side by side
# would read as one with an apostrophe inside.
_QUOTED = re.compile(r"['{}]+")
_QUOTED_IN_PLURAL = re.compile(r"['{}#]+")


@dataclass(frozen=True)
class Text:
    """Words that stand as they are."""

    text: str


@dataclass(frozen=True)
class Simple:
    """``{name}``: the value itself."""

    name: str


@dataclass(frozen=True)
class Number:
    """``{name, number, ...}``; ``currency`` is an ISO 4217 code when ``style`` is ``currency``, else empty."""

    name: str
    style: str = "decimal"
    currency: str = ""


@dataclass(frozen=True)
class Date:
    """``{name, date, length}``: one calendar day in one of CLDR's four lengths."""

    name: str
    length: str = "medium"


@dataclass(frozen=True)
class Hash:
    """``#`` directly inside a plural: the plural's own number less its offset."""

    name: str
    offset: int = 0


@dataclass(frozen=True)
class Plural:
    """One case per CLDR category (or exact ``=number``); ``other`` is always there."""

    name: str
    cases: tuple[tuple[str, "Message"], ...]
    offset: int = 0
    ordinal: bool = False


@dataclass(frozen=True)
class Select:
    """One case per word; ``other`` is always there."""

    name: str
    cases: tuple[tuple[str, "Message"], ...]


Part = Text | Simple | Number | Date | Hash | Plural | Select


@dataclass(frozen=True)
class Message:
    """A parsed text: its parts in order; no two ``Text`` parts are neighbours and none is empty."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class MessageError:
    """Why a text was refused, and where: ``position`` counts characters from 0."""

    position: int
    what: str
    wanted: str
    cure: str

    def __str__(self) -> str:
        return f"at character {self.position + 1}: {self.what}; wanted {self.wanted}; {self.cure}"


def to_text(message: Message) -> str:
    """The message as ICU source, in one canonical spelling: ``parse(to_text(m)) == m``."""
    return _source(message, in_plural=False)


def _source(message: Message, in_plural: bool) -> str:
    return "".join(_part_source(part, in_plural) for part in message.parts)


def _quotation(run: re.Match[str]) -> str:
    doubled = run.group().replace("'", "''")
    return doubled if set(doubled) == {"'"} else f"'{doubled}'"


def _part_source(part: Part, in_plural: bool) -> str:
    match part:
        case Text(text):
            return (_QUOTED_IN_PLURAL if in_plural else _QUOTED).sub(_quotation, text)
        case Hash():
            return "#"
        case Simple(name):
            return f"{{{name}}}"
        case Number(name, style, currency):
            suffix = {"decimal": "", "currency": f", ::currency/{currency}"}.get(style, f", {style}")
            return f"{{{name}, number{suffix}}}"
        case Date(name, length):
            return f"{{{name}, date, {length}}}"
        case Plural(name, cases, offset, ordinal):
            kind = "selectordinal" if ordinal else "plural"
            start = f" offset:{offset}" if offset else ""
            return f"{{{name}, {kind},{start}{_cases_source(cases, True)}}}"
        case Select(name, cases):
            return f"{{{name}, select,{_cases_source(cases, False)}}}"


def _cases_source(cases: tuple[tuple[str, Message], ...], in_plural: bool) -> str:
    return "".join(f" {selector} {{{_source(message, in_plural)}}}" for selector, message in cases)
