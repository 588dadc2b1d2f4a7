"""The moderation report of a job's frozen content: what was found in every sentence, bounded however many rows there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import Field

from understudy_api.languages import language
from understudy_api.localize import resolve
from understudy_api.message import Message, variables
from understudy_api.model import Digest, Model
from understudy_api.moderation.rule import Finding, examine
from understudy_api.moderation.wordlist import lists_digest
from understudy_api.sentences import sentence_templates

MAX_FINDINGS: Final = 100
BATCH: Final = 64
"""Sentences that a classifier is asked about at a time."""
_REMEMBERED: Final = 65_536

Sentence = tuple[str, str]
"""Words as they will be spoken, and their locale."""
Classify = Callable[[Sequence[Sentence]], Iterable[Finding]]
"""A second opinion on up to BATCH sentences, given in seconds: findings, () for nothing. Never raises; whoever does
not answer in time has not passed a sentence."""


class Report(Model):
    """What moderation found in all sentences of frozen content. A fact of the words: no license enters."""

    lists: Digest = Field(description="Digest of the term lists.")
    sentences: int = Field(ge=0, description="Sentences examined; repeated ones that were remembered not counted.")
    findings: tuple[Finding, ...] = Field(
        default=(), max_length=MAX_FINDINGS, description="One of each locale, category, level and term; floor first."
    )
    more: int = Field(default=0, ge=0, description="Further kinds of findings that are left out.")


class Moderator:
    """Takes the rows of a job one by one and examines every sentence they make, each distinct one about once.

    Sentences without variables are examined at once. `scenes` are messages that admission has read already: an
    unreadable one raises ValueError. `classify` is asked about every sentence beside the term lists.
    """

    def __init__(self, scenes: Mapping[str, tuple[str, ...]], classify: Classify | None = None) -> None:
        self._classify = classify
        self._unasked: list[Sentence] = []
        self._found: dict[tuple[str, ...], Finding] = {}
        self._sentences = 0
        self._blanks: dict[tuple[str, ...], _Blanks] = {}
        for locale, texts in scenes.items():
            for sentence in (part for text in texts for part in _parts(text, locale)):
                if columns := tuple(variables(sentence)):
                    self._blanks.setdefault(columns, _Blanks(columns)).sentences.append((sentence, locale))
                else:
                    self._examine(resolve(sentence, {}, locale), locale)

    def row(self, row: Mapping[str, Any]) -> None:
        """Examine what one row makes of the script. The row has passed `message.check_row`."""
        for blanks in self._blanks.values():
            if blanks.is_new(row):
                for sentence, locale in blanks.sentences:
                    self._examine(resolve(sentence, row, locale), locale)

    def report(self) -> Report:
        """What was found so far; the findings that weigh most are kept."""
        self._ask()
        found = sorted(self._found.values(), key=lambda one: (one.level != "floor", not one.category))
        return Report(
            lists=lists_digest(),
            sentences=self._sentences,
            findings=tuple(found[:MAX_FINDINGS]),
            more=max(len(found) - MAX_FINDINGS, 0),
        )

    def _examine(self, sentence: str, locale: str) -> None:
        self._sentences += 1
        self._keep(examine(sentence, locale))
        if self._classify is not None:
            self._unasked.append((sentence, locale))
            if len(self._unasked) == BATCH:
                self._ask()

    def _ask(self) -> None:
        if self._classify is not None and self._unasked:
            self._keep(self._classify(tuple(self._unasked)))
        self._unasked.clear()

    def _keep(self, findings: Iterable[Finding]) -> None:
        for found in findings:
            key = (language(found.locale), found.category, found.level, found.term, found.why)
            self._found.setdefault(key, found)


class _Blanks:
    """The sentences, in all locales, that the same columns fill; remembers the values they were filled with lately."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.sentences: list[tuple[Message, str]] = []
        self._columns = columns
        self._known: set[tuple[object, ...]] = set()

    def is_new(self, row: Mapping[str, Any]) -> bool:
        """Whether these values were not met lately; 1 and "1" are told apart, for they are not spoken alike."""
        values = tuple(row.get(column) for column in self._columns)
        key = (*values, *map(type, values))
        if key in self._known:
            return False
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known.add(key)
        return True


def _parts(text: str, locale: str) -> tuple[Message, ...]:
    found = sentence_templates(text, locale)
    if not isinstance(found, tuple):
        raise ValueError(f"the script was not checked: {found}")
    return found
