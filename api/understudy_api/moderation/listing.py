"""What an owner is asked to consent to: every distinct sentence of a job, or the templates and every value that fills them.

JSON Lines, UTF-8, canonical (RFC 8785), one object a line. The first names the form; then come
`{"locale": ..., "sentence": ...}` when there are at most MAX_SENTENCES of them, else `{"locale": ..., "template": ...}` and
`{"column": ..., "value": ...}`. Equal content gives equal bytes, so a digest of the file stands for all of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from pydantic import Field

from understudy_api.digest import canonical, digest_bytes
from understudy_api.localize import resolve
from understudy_api.message import Message, variables
from understudy_api.message_parts import to_text
from understudy_api.model import Digest, Model
from understudy_api.sentences import sentence_templates

FORMAT: Final = "understudy-consent-list/1"
MAX_SENTENCES: Final = 500
MAX_SHOWN: Final = 20

Form = Literal["sentences", "templates"]


class Line(Model):
    """One sentence as it will be spoken."""

    locale: str = Field(max_length=35)
    sentence: str = Field(max_length=20_000)


class Listing(Model):
    """A written list: enough to find it, check it and show its beginning."""

    content: Digest = Field(description="Digest of the frozen content it was made of.")
    digest: Digest = Field(description="SHA-256 of the list's bytes.")
    form: Form
    entries: int = Field(ge=0, description="Lines after the first.")
    first: tuple[Line, ...] = Field(default=(), max_length=MAX_SHOWN, description="The first sentences.")


def copy_key(uid: str, digest: str) -> str:
    """Object key of a list in the staging bucket: the copy that performers of an order hold their words against."""
    return f"orders/{uid}/consent-{digest}.jsonl"


def head_line(form: Form, content: str) -> bytes:
    """The first line of the list of some content (its digest), with its newline; so are all lines."""
    return _line({"format": FORMAT, "form": form, "content": content})


def sentence_line(locale: str, sentence: str) -> bytes:
    """The line that stands for a sentence as it is spoken."""
    return _line({"locale": locale, "sentence": sentence})


def template_line(locale: str, template: str) -> bytes:
    """The line that stands for a sentence before a row fills it."""
    return _line({"locale": locale, "template": template})


def value_line(column: str, value: object) -> bytes:
    """The line that stands for a value of a column."""
    return _line({"column": column, "value": value})


class Lister:
    """Takes the rows of a job once and then writes the list. Holds at most MAX_SENTENCES sentences, or every value once.

    `scenes` are messages that admission has read already; rows are frozen ones.
    """

    def __init__(self, scenes: Mapping[str, tuple[str, ...]], content: str) -> None:
        self._content = content
        self._scenes = scenes
        self._parts = [
            (locale, part) for locale, texts in scenes.items() for text in texts for part in _cut(text, locale)
        ]
        self._columns = tuple(dict.fromkeys(name for _, part in self._parts for name in variables(part)))
        self._sentences: dict[tuple[str, str], None] = {}
        self._values: dict[str, dict[object, None]] = {column: {} for column in self._columns}
        for locale, part in self._parts:
            if not variables(part):
                self._sentences.setdefault((locale, resolve(part, {}, locale)))
        self._blanks = [(locale, part) for locale, part in self._parts if variables(part)]

    def row(self, row: Mapping[str, Any]) -> None:
        """Take one row."""
        fresh = False
        for column, seen in self._values.items():
            value = row.get(column)
            if value is not None and value not in seen:
                seen[value] = None
                fresh = True
        if self._is_short and (fresh or len(self._columns) != 1):
            for locale, part in self._blanks:
                self._sentences.setdefault((locale, resolve(part, row, locale)))

    def lines(self) -> Iterator[bytes]:
        """The lines of the list, each with its newline."""
        form: Form = "sentences" if self._is_short else "templates"
        yield head_line(form, self._content)
        if form == "sentences":
            for locale, sentence in self._sentences:
                yield sentence_line(locale, sentence)
            return
        for locale, part in self._parts:
            yield template_line(locale, to_text(part))
        for column, seen in self._values.items():
            for value in seen:
                yield value_line(column, value)

    def listing(self) -> Listing:
        """What was listed, without writing it."""
        hashed, entries = hashlib.sha256(), -1
        for line in self.lines():
            hashed.update(line)
            entries += 1
        first = tuple(Line(locale=locale, sentence=words) for locale, words in list(self._sentences)[:MAX_SHOWN])
        form: Form = "sentences" if self._is_short else "templates"
        return Listing(content=self._content, digest=hashed.hexdigest(), form=form, entries=entries, first=first)

    @property
    def _is_short(self) -> bool:
        return len(self._sentences) <= MAX_SENTENCES


def is_of(listing: Listing, data: bytes) -> bool:
    """Whether these are the list's bytes."""
    return digest_bytes(data) == listing.digest


def _cut(text: str, locale: str) -> tuple[Message, ...]:
    found = sentence_templates(text, locale)
    if not isinstance(found, tuple):
        raise ValueError(f"the script was not checked: {found}")
    return found


def _line(value: Mapping[str, object]) -> bytes:
    return canonical(value) + b"\n"
