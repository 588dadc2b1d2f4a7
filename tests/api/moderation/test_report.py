"""Reports: every sentence of a job, repeated ones once, bounded; and a classifier beside the lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from understudy_api.moderation.report import BATCH, MAX_FINDINGS, Moderator, Sentence
from understudy_api.moderation.rule import UNANSWERED, Finding, outcome
from understudy_api.moderation.wordlist import lists_digest

SCENES = {"en-GB": ("Hello {name}. Nice to see you.",), "de-DE": ("Hallo {name}. Schön, dass Sie da sind.",)}


def test_plain_sentences_are_examined_before_any_row() -> None:
    found = Moderator({"en-GB": ("Our casino is open. Come in.",)}).report()
    assert [one.category for one in found.findings] == ["181"]
    assert found.sentences == 2
    assert found.lists == lists_digest()


def test_every_substituted_sentence_of_every_locale_is_examined() -> None:
    moderator = Moderator(SCENES)
    moderator.row({"name": "Mira"})
    assert outcome(moderator.report().findings) == "pass"
    moderator.row({"name": "the Casino"})
    found = moderator.report().findings
    assert {(one.locale, one.category) for one in found} == {("en-GB", "181"), ("de-DE", "181")}
    assert found[0].sentence == "Hello the Casino."


def test_what_only_the_whole_sentence_says_is_found() -> None:
    moderator = Moderator({"en-GB": ("Enjoy the {first}{second} tonight, it {verb} cancer.",)})
    moderator.row({"first": "casi", "second": "no", "verb": "cures"})
    found = moderator.report().findings
    assert {one.category for one in found} == {"181", "286"}
    assert found[0].level == "floor"


def test_plural_cases_that_a_row_picks_are_what_counts() -> None:
    moderator = Moderator({"en-GB": ("You have {n, plural, one {one casino chip} other {# stamps}}.",)})
    moderator.row({"n": 2})
    assert moderator.report().findings == ()
    moderator.row({"n": "1"})
    assert [one.category for one in moderator.report().findings] == ["181"]


def test_repeated_rows_cost_one_look() -> None:
    moderator = Moderator(SCENES)
    for _ in range(1000):
        moderator.row({"name": "Mira"})
    assert moderator.report().sentences == 4
    moderator.row({"name": 1})
    moderator.row({"name": "1"})
    assert moderator.report().sentences == 8


def test_a_report_is_bounded_and_keeps_what_weighs_most() -> None:
    scenes = {f"{a}{b}-XX": ("Hola.",) for a in "gklmnopqrs" for b in "abcdefghijklmn"}
    scenes["en-GB"] = ("It cures cancer.",)
    found = Moderator(scenes).report()
    assert len(found.findings) == MAX_FINDINGS
    assert found.more > 0
    assert found.findings[0].level == "floor"


def test_an_unread_script_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="not checked"):
        Moderator({"en-GB": ("Hello {",)})


def test_a_classifier_is_asked_about_every_sentence_in_batches() -> None:
    asked: list[Sequence[Sentence]] = []

    def classify(sentences: Sequence[Sentence]) -> Iterable[Finding]:
        asked.append(sentences)
        return [
            Finding(locale=locale, sentence=text, category="386", why="Classified", term="politics")
            for text, locale in sentences
            if "77" in text
        ]

    moderator = Moderator({"en-GB": ("Hello {name}.",)}, classify)
    for number in range(BATCH + 36):
        moderator.row({"name": f"n{number}"})
    found = moderator.report()
    assert [len(batch) for batch in asked] == [BATCH, 36]
    assert [(one.category, one.why) for one in found.findings] == [("386", "Classified")]
    assert found.findings[0].sentence == "Hello n77."
    moderator.report()
    assert len(asked) == 2


def test_no_answer_is_a_finding_without_category() -> None:
    def silent(sentences: Sequence[Sentence]) -> Iterable[Finding]:
        text, locale = sentences[0]
        return [Finding(locale=locale, sentence=text, why=UNANSWERED)]

    found = Moderator({"en-GB": ("Hello there.",)}, silent).report()
    assert outcome(found.findings) == "needs-human"
