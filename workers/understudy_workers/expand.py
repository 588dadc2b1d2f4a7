"""From an order and its rows to items, lazily: every item knows its words, its takes and its clips by digest.

A sentence without variables is parsed, resolved and named once per locale, whatever the number of rows. Names are
keyed by the farm's cache key and hold namespace and license, so no cache entry crosses a license.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any, BinaryIO, Final

from understudy_api.digest import canonical
from understudy_api.localize import resolve
from understudy_api.message import Message, MessageError, to_text, variables
from understudy_api.order import Order, VideoOutput
from understudy_api.sentences import sentence_templates
from understudy_api.terms import LICENSE_TYPE
from understudy_api.token import unverified
from understudy_api.verdict import Refusal
from understudy_workers.recipe import ITEM_FORMAT, clip_recipe, take_recipe
from understudy_workers.work import Filling, PlannedItem

ROW_WITHOUT_DATA: Final = "1"
"""Row key of the one row of a job without data."""

MAX_ROW_BYTES: Final = 64 * 1024
_REMEMBERED_TAKES: Final = 4096


class PlanError(ValueError):
    """An order that cannot be expanded; one line with where, wanted, got. Admission should have refused it."""


def read_rows(stream: BinaryIO, *, limit: int = 1_000_000) -> Iterator[dict[str, Any]]:
    """The rows of a JSON Lines stream, one object a line, read lazily; PlanError names a bad line.

    At most `limit` rows of at most 64 KiB each; empty lines are skipped.
    """
    number = count = 0
    while line := stream.readline(MAX_ROW_BYTES + 1):
        number += 1
        if len(line) > MAX_ROW_BYTES:
            raise PlanError(f"rows: line {number}: wanted at most {MAX_ROW_BYTES} bytes, got more")
        if not line.strip():
            continue
        count += 1
        if count > limit:
            raise PlanError(f"rows: line {number}: wanted at most {limit} rows, got more")
        try:
            row = json.loads(line)
        except ValueError as error:
            raise PlanError(
                f"rows: line {number}: wanted a JSON object, got text that is not JSON ({error})"
            ) from error
        if not isinstance(row, dict):
            raise PlanError(f"rows: line {number}: wanted a JSON object, got {type(row).__name__}")
        yield row


def plan(order: Order, rows: Iterable[Mapping[str, Any]], cache_key: bytes) -> Iterator[PlannedItem]:
    """The items of an order, row by row, in each row locale by locale, in each locale output by output.

    Ordinals count from 0 without gaps and depend on nothing but the order and its rows. Scripts are read at once
    (PlanError), rows as they are asked for (PlanError naming the row).
    """
    claims = unverified(order.license, LICENSE_TYPE)
    if isinstance(claims, Refusal):
        raise PlanError(f"license: {claims.message}")
    scripts = tuple(_Script(order, locale, str(claims.get("jti", "")), cache_key) for locale in order.locales)
    return _items(order, rows, scripts)


def _items(order: Order, rows: Iterable[Mapping[str, Any]], scripts: tuple[_Script, ...]) -> Iterator[PlannedItem]:
    ordinal = 0
    for row in rows:
        name = _row_key(order.content.key, row)
        for script in scripts:
            try:
                takes = script.takes(row)
            except ValueError as error:
                raise PlanError(f"row {name!r}, {script.locale}: {error}") from error
            words = tuple(take.words for take in takes)
            take_ids = tuple(take.id for take in takes)
            fillings = tuple(take.filling for take in takes if take.filling is not None)
            spoken = ",".join(map(encode_basestring, words))
            for index, output in enumerate(order.outputs):
                yield PlannedItem(
                    ordinal=ordinal,
                    item_id=script.item_id(index, name, spoken),
                    row=name,
                    locale=script.locale,
                    output=output,
                    sentences=words,
                    take_ids=take_ids,
                    clip_ids=tuple(take.clip_ids[index] for take in takes),
                    fillings=fillings,
                )
                ordinal += 1


def _row_key(column: str | None, row: Mapping[str, Any]) -> str:
    if column is None:
        return ROW_WITHOUT_DATA
    key = row.get(column)
    if isinstance(key, bool) or not isinstance(key, str | int | float) or key == "":
        raise PlanError(f"rows: wanted text or a number in the key column {column!r}, got {key!r}")
    return str(key)


@dataclass(frozen=True)
class _Take:
    """A resolved sentence, its take and its clips, one per output of the order."""

    words: str
    id: str
    clip_ids: tuple[str, ...]
    filling: Filling | None = None


@dataclass(frozen=True)
class _Blank:
    """A sentence that rows fill: the columns it asks for, and the takes of the values met lately."""

    message: Message
    columns: tuple[str, ...]
    known: dict[object, _Take] = field(default_factory=dict)


class _Script:
    """The scenes of one locale, ready to be filled from rows; holds everything rows cannot change."""

    def __init__(self, order: Order, locale: str, jti: str, cache_key: bytes) -> None:
        self.locale = locale
        self._key = cache_key
        self._tells = order.clearance is not None and order.clearance.subject.form == "templates"
        self._take = _hole({**_take_name(order, locale, jti), "words": _HOLE})
        self._clips = tuple(_hole({**_clip_name(output), "take": _HOLE}) for output in order.outputs)
        self._items = tuple(
            _hole({**_item_name(order, locale, jti, output), "row": _HOLE, "words": [_HOLE]})
            for output in order.outputs
        )
        self._sentences = tuple(self._prepared(sentence) for sentence in _sentences(order, locale))

    def takes(self, row: Mapping[str, Any]) -> list[_Take]:
        """The takes of one row, in the script's order. ValueError when the row cannot fill a sentence."""
        return [part if isinstance(part, _Take) else self._filled(part, row) for part in self._sentences]

    def item_id(self, output: int, row: str, spoken: str) -> str:
        """`understudy_api.receipt.item_id` of one item; `spoken` is its words as JSON strings joined by commas."""
        before, between, after = self._items[output]
        text = f"{before}{encode_basestring(row)}{between}{spoken}{after}"
        return hashlib.sha256(text.encode()).hexdigest()

    def _prepared(self, sentence: Message) -> _Take | _Blank:
        columns = tuple(variables(sentence))
        return _Blank(sentence, columns) if columns else self._named(sentence, {}, ())

    def _filled(self, blank: _Blank, row: Mapping[str, Any]) -> _Take:
        values = [row.get(column) for column in blank.columns]
        # The class belongs to the key: 1, 1.0 and True are equal and hash alike, yet are not spoken alike.
        key = (*values, *map(type, values))
        try:
            known = blank.known.get(key)
        except TypeError:
            raise ValueError(f"wanted text or numbers in {', '.join(blank.columns)}, got a list or object") from None
        if known is None:
            if len(blank.known) >= _REMEMBERED_TAKES:
                blank.known.clear()
            known = blank.known[key] = self._named(blank.message, row, blank.columns)
        return known

    def _named(self, message: Message, row: Mapping[str, Any], columns: tuple[str, ...]) -> _Take:
        words, filling = resolve(message, row, self.locale), None
        if self._tells:
            filling = Filling(to_text(message), tuple((column, row[column]) for column in columns))
        before, after = self._take
        take_id = self._digest(f"{before}{encode_basestring(words)}{after}")
        clip_ids = tuple(self._digest(f'{start}"{take_id}"{end}') for start, end in self._clips)
        return _Take(words, take_id, clip_ids, filling)

    def _digest(self, text: str) -> str:
        """`understudy_api.digest.keyed_digest` of a value whose canonical JSON is `text`."""
        return hmac.digest(self._key, text.encode(), "sha256").hex()


def _sentences(order: Order, locale: str) -> Iterator[Message]:
    scenes = order.content.scenes.get(locale)
    if scenes is None:
        raise PlanError(f"scenes: wanted a script for {locale}, got none; add a translation")
    count = 0
    for number, text in enumerate(scenes, start=1):
        sentences = sentence_templates(text, locale)
        if isinstance(sentences, MessageError):
            raise PlanError(f"scenes: {locale}, scene {number}: {sentences}")
        yield from sentences
        count += len(sentences)
    if not count:
        raise PlanError(f"scenes: wanted words to say in {locale}, got none; write a sentence")


def _take_name(order: Order, locale: str, jti: str) -> dict[str, Any]:
    """What shapes a take besides its words. The twin's version covers network, plates and voice settings."""
    return {
        "namespace": order.namespace,
        "license": jti,
        "twin": order.twin.id,
        "version": order.twin.version,
        "locale": locale,
        "recipe": take_recipe(),
    }


def _clip_name(output: VideoOutput) -> dict[str, Any]:
    """What shapes a clip besides its take: equal sizes share clips whatever the outputs are called."""
    return {"width": output.width, "height": output.height, "recipe": clip_recipe()}


def _item_name(order: Order, locale: str, jti: str, output: VideoOutput) -> dict[str, Any]:
    """The members of `understudy_api.receipt.item_id` that do not depend on the row."""
    return {
        "namespace": order.namespace,
        "job": order.job,
        "jti": jti,
        "locale": locale,
        "output": output.name,
        "version": order.twin.version,
        "settings": item_settings(output),
    }


def item_settings(output: VideoOutput) -> dict[str, Any]:
    """The `settings` of an item's id: what the delivered file is."""
    return {"width": output.width, "height": output.height, "format": ITEM_FORMAT}


_HOLE: Final = "\ue000"


def _hole(value: dict[str, Any]) -> tuple[str, ...]:
    """The canonical JSON of a value, cut at its holes, so that filling them in costs no canonicalisation.

    JSON strings are written by `encode_basestring` exactly as RFC 8785 section 3.2.2.2 wants them.
    """
    return tuple(canonical(value).decode().split(f'"{_HOLE}"'))
