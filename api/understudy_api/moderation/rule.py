"""What follows from the words of a job, whoever licenses it: pass, block, or a person has to look.

Operator (all sentences of a job, when they are frozen) and performer (each sentence, before it is spoken) ask the same
functions. Which categories a license excludes or lets pass with consent is its own to say: what is found here joins the declared
categories in the question put to `understudy_api.permits`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

from pydantic import Field

from understudy_api.categories import CATEGORIES
from understudy_api.languages import language
from understudy_api.model import Locale, Model
from understudy_api.moderation.scan import scan
from understudy_api.moderation.wordlist import Level
from understudy_api.verdict import Refusal

Outcome = Literal["pass", "block", "needs-human"]

IN_WORDS: Final = {
    "Rm3SiT": "adult content",
    "avbNf2": "arms",
    "XtODT3": "crime",
    "I4GWl6": "death or war",
    "Z7rJBM": "a debated social issue",
    "HxqYV1": "hate speech",
    "pg0WhF": "drugs or tobacco",
    "211": "alcohol",
    "j9PaO9": "profanity",
    "mm3UXx": "online piracy",
    "8FD8nI": "terrorism",
    "181": "gambling",
    "386": "politics",
    "453": "religion",
    "286": "medical matters",
}
"""The categories that have term lists: IAB Content Taxonomy 3.1 ids -> in words."""

_ALSO: Final = {"211": ("pg0WhF",), "XtODT3": ("380",), "I4GWl6": ("389",), "181": ("524",)}
"""IAB keeps some subjects in two places; a license may name either."""

TERM_FOUND: Final = "TermFound"
NO_LIST: Final = "NoTermList"
UNSURE: Final = "ClassifierUnsure"
UNANSWERED: Final = "ClassifierUnanswered"
"""Why there is a finding. The last three name no category: a reviewer of the farm may release them."""

MAX_SENTENCE_CHARACTERS: Final = 300


class Finding(Model):
    """One thing found in one sentence."""

    locale: Locale
    sentence: str = Field(max_length=MAX_SENTENCE_CHARACTERS, description="The sentence, cut where it is longer.")
    category: str = Field(default="", max_length=16, description="IAB id; empty when nothing is known of the sentence.")
    level: Level = "sensitive"
    term: str = Field(default="", max_length=120, description="The listed term, or what the classifier calls it.")
    why: str = Field(default=TERM_FOUND, max_length=64, description="One CamelCase word.")


@lru_cache(maxsize=4096)
def examine(sentence: str, locale: str) -> tuple[Finding, ...]:
    """What the term lists find in one sentence, as it will be spoken; () for nothing."""
    found = scan(sentence, language(locale))
    if found == ():
        return ()
    shown = sentence[:MAX_SENTENCE_CHARACTERS]
    if found is None:
        return (Finding(locale=locale, sentence=shown, why=NO_LIST),)
    return tuple(
        Finding(locale=locale, sentence=shown, category=term.category, level=term.level, term=term.text)
        for term in found
    )


def outcome(findings: Iterable[Finding]) -> Outcome:
    """`block` when a farm renders it for nobody, `needs-human` when anything was found, else `pass`."""
    levels = {finding.level for finding in findings}
    if "floor" in levels:
        return "block"
    return "needs-human" if levels else "pass"


def floor_refusals(findings: Iterable[Finding]) -> tuple[Refusal, ...]:
    """Why no license helps: one refusal for each category with a floor term."""
    first = {finding.category: finding for finding in reversed(tuple(findings)) if finding.level == "floor"}
    return tuple(
        Refusal(
            reason="ContentBlocked",
            message=f"script ({finding.locale}): {shown(finding)}: {finding.term!r} is {in_words(category)} that no "
            "farm renders; change the words",
        )
        for category, finding in reversed(first.items())
    )


def found_categories(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The ids of all categories found, and of those that say the same elsewhere in the taxonomy; each once."""
    ids = (one for f in findings if f.category in CATEGORIES for one in (f.category, *_ALSO.get(f.category, ())))
    return tuple(dict.fromkeys(ids))


def unjudged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings that name no category of the taxonomy: nobody could say what the sentence is about."""
    return tuple(finding for finding in findings if finding.category not in CATEGORIES)


def in_words(category: str) -> str:
    """A category for people: its name, or its id where it has none here."""
    return IN_WORDS.get(category, f"category {category}")


def shown(finding: Finding) -> str:
    """The sentence of a finding, in quotes, short enough for one line."""
    return repr(finding.sentence if len(finding.sentence) <= 80 else finding.sentence[:77] + "...")
