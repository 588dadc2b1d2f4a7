"""Rows of a job: read from CSV or JSON Lines, held against the script, frozen to one canonical JSON line each.

Everything works row by row, so a million rows pass through without ever standing in memory together. The lines come from
whoever can read them; this file opens nothing.
"""

from __future__ import annotations

import csv
import hashlib
import json
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rfc8785 import CanonicalizationError

from understudy_api import message
from understudy_api.digest import canonical
from understudy_api.languages import language
from understudy_api.message_parts import Date, Message, MessageError, Number, Simple
from understudy_api.moderation.report import Classify, Moderator
from understudy_operator.core.estimate import Bound, message_bound
from understudy_operator.core.request import ContentRequest, rows_key
from understudy_operator.core.state import ContentProblem, FrozenContent

MAX_ROWS: Final = 1_000_000
MAX_LINE_CHARACTERS: Final = 1_000_000
MAX_KEY_CHARACTERS: Final = 256

Row = Mapping[str, object]


@dataclass(frozen=True)
class RowError:
    """What is wrong with the rows; `message` says where, what and the cure."""

    reason: str
    message: str


@dataclass(frozen=True)
class Placed:
    """A row and where it stands, in words: `row 3`, `line 7`."""

    where: str
    row: Row


def inline(rows: Iterable[Row]) -> Iterator[Placed]:
    """Rows given in the job itself, counted from 1."""
    for number, row in enumerate(rows, start=1):
        yield Placed(f"row {number}", row)


def read_jsonl(lines: Iterable[str]) -> Iterator[Placed | RowError]:
    """Rows from JSON Lines, blank lines passed over; ends after the first line that is no JSON object."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line) if len(line) <= MAX_LINE_CHARACTERS else None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            yield RowError("RowInvalid", f"data: line {number}: wanted one JSON object; mend or remove the line")
            return
        yield Placed(f"line {number}", value)


def read_csv(lines: Iterable[str]) -> Iterator[Placed | RowError]:
    """Rows from CSV with a header line (RFC 4180 quoting); ends after the first line that does not fit its header."""
    reader = csv.reader((line.removeprefix("\ufeff") for line in lines), strict=True)
    header: list[str] | None = None
    try:
        for cells in reader:
            if not cells:
                continue
            if header is None:
                if duplicate := next((name for name in cells if cells.count(name) > 1), None):
                    yield RowError("RowInvalid", f"data: line 1: column {duplicate!r} stands twice; rename one")
                    return
                header = cells
            elif len(cells) != len(header):
                yield RowError(
                    "RowInvalid",
                    f"data: line {reader.line_num}: wanted {len(header)} fields as in the header, got {len(cells)}; "
                    "mend the line, quote fields that hold commas",
                )
                return
            else:
                yield Placed(f"line {reader.line_num}", dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        yield RowError("RowInvalid", f"data: line {reader.line_num}: not CSV ({error}); mend the quotes of the line")


class Freezer:
    """Takes the rows of one request in order and turns each into its frozen line, or says what is wrong with it.

    A frozen row holds the columns that the script uses and the key, nothing else. Every sentence that a row makes is
    moderated on the way. After the last row, `frozen` gives the result. Raises ValueError for a request whose messages
    cannot be parsed: admission refuses those before.
    """

    def __init__(self, request: ContentRequest, classify: Classify | None = None) -> None:
        parsed = {locale: [_parsed(text) for text in scenes] for locale, scenes in request.scenes.items()}
        self._request = request
        self._needs = _needs(found for scenes in parsed.values() for found in scenes)
        self._columns = {*message.variables(self._needs), *([request.key] if request.key else [])}
        self._bounds: list[tuple[Bound, str]] = [
            (message_bound(found, locale), language(locale)) for locale, scenes in parsed.items() for found in scenes
        ]
        self._moderator = Moderator(request.scenes, classify)
        self._keys = _Marks()
        self._digest = hashlib.sha256()
        self._count = 0
        self._seconds = 0.0

    def line(self, placed: Placed) -> bytes | RowError:
        """The row's line, ending in a newline, or why there is none."""
        row = {name: placed.row[name] for name in self._columns if placed.row.get(name) is not None}
        where = f"data: {placed.where}"
        if wrong := next((name for name, value in row.items() if not _is_scalar(value)), None):
            return RowError("RowInvalid", f"{where}: {wrong!r}: wanted a string or a number; mend the value")
        if self._request.key and (problem := self._key_problem(where, row.get(self._request.key))):
            return problem
        if reasons := message.check_row(self._needs, row):
            name = f" ({self._request.key} {row[self._request.key]!s:.60})" if self._request.key else ""
            return RowError("RowInvalid", f"{where}{name}: {reasons[0]}")
        if self._count == MAX_ROWS:
            return RowError("TooManyRows", f"{where}: wanted at most {MAX_ROWS:,} rows; split the job")
        try:
            line = canonical(row) + b"\n"
        except CanonicalizationError:
            return RowError("RowInvalid", f"{where}: a number beyond 2^53 - 1; write it as a string")
        self._moderator.row(row)
        self._digest.update(line)
        self._count += 1
        self._seconds += sum(bound.seconds(row, code) for bound, code in self._bounds)
        return line

    def frozen(self, uid: str) -> FrozenContent | RowError:
        """What was frozen for the job `uid`, or that there were no rows."""
        if self._count == 0:
            return RowError("NoRows", "data: wanted at least one row, got none; add rows or leave spec.data out")
        return FrozenContent(
            request=self._request.digest,
            rows_s3_key=rows_key(uid, self._digest.hexdigest()),
            rows_digest=self._digest.hexdigest(),
            rows_count=self._count,
            spoken_seconds=self._seconds,
            moderation=self._moderator.report(),
        )

    def _key_problem(self, where: str, value: object) -> RowError | None:
        column = self._request.key
        key = "" if value is None else str(value)
        if not key.strip() or len(key) > MAX_KEY_CHARACTERS or not key.isprintable():
            return RowError(
                "RowInvalid",
                f"{where}: {column!r}: wanted 1 to {MAX_KEY_CHARACTERS} printable characters that name the row, "
                f"got {key[:40]!r}; give every row its own {column}",
            )
        # 8 bytes a key keep a million of them small; two distinct keys collide with probability 3e-8.
        mark = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest())
        if not self._keys.add(mark):
            return RowError(
                "DuplicateKey", f"{where}: {column} {key[:60]!r} stands twice; give every row its own {column}"
            )
        return None


class _Marks:
    """A set of 64-bit marks in a flat table: 16 MiB for a million of them, where a set takes 100."""

    def __init__(self) -> None:
        self._table = array("Q", bytes(8 << 10))
        self._count = 0

    def add(self, mark: int) -> bool:
        """Whether the mark was new."""
        if 2 * self._count >= len(self._table):
            self._grow()
        place = self._place(mark or 1)
        if self._table[place]:
            return False
        self._table[place] = mark or 1
        self._count += 1
        return True

    def _place(self, mark: int) -> int:
        size = len(self._table)
        place = mark % size
        while self._table[place] not in (0, mark):
            place = (place + 1) % size
        return place

    def _grow(self) -> None:
        known, self._table = self._table, array("Q", bytes(16 * len(self._table)))
        for mark in filter(None, known):
            self._table[self._place(mark)] = mark


def problem(request: ContentRequest, error: RowError, now: float) -> ContentProblem:
    """A row error as what a job's state remembers of it."""
    return ContentProblem(request=request.digest, reason=error.reason, message=error.message, at=now)


def _parsed(text: str) -> Message:
    found = message.parse(text)
    if isinstance(found, MessageError):
        raise ValueError(f"the script was not checked: {found}")
    return found


def _needs(messages: Iterable[Message]) -> Message:
    """One message that asks for every variable of all, so that a row is checked once, not once a locale."""
    kinds: dict[str, str] = {}
    for found in messages:
        for name, kind in message.variables(found).items():
            if kind != "text" or name not in kinds:
                kinds[name] = kind
    made: dict[str, Any] = {"text": Simple, "number": Number, "date": Date}
    return Message(tuple(made[kind](name) for name, kind in kinds.items()))


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
