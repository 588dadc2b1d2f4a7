"""Whether a job's words were released: by the owner's signature where they are sensitive, by a reviewer where nobody could tell.

What is asked names the frozen content, so a changed word is another question. Answers are read anew at every look: an
approval that ran out, or a later no, stops a running job.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from understudy_api.categories import within
from understudy_api.consent import Clearance, ConsentSubject, read_answer
from understudy_api.moderation.listing import Listing
from understudy_api.moderation.rule import found_categories, unjudged
from understudy_api.order import Order
from understudy_api.verdict import Refusal
from understudy_operator.core.rights import Rights
from understudy_operator.core.state import ConsentView, FrozenContent, JobState

CONSENT_REQUIRED: Final = "ConsentRequired"
"""Reason by which the license rule says that the owner has to consent to this use."""
LISTING: Final = "ListingSentences"
CONSENT_PENDING: Final = "ConsentPending"
"""Reasons of waiting: until the list of sentences is written, and until somebody has answered."""


@dataclass(frozen=True)
class Question:
    """What a ConsentRequest has to ask."""

    subject: ConsentSubject
    listing: Listing
    awaits_owner: bool
    """False: a reviewer of the farm may answer as well."""

    @property
    def name(self) -> str:
        """Name of the request: whoever asks the same asks it once."""
        return f"{self.subject.namespace}-{self.subject.job}"[:200] + f"-{self.subject.digest[:16]}"


@dataclass(frozen=True)
class Cleared:
    """The words are released, or need no release (`clearance` is None)."""

    clearance: Clearance | None


@dataclass(frozen=True)
class Unlisted:
    """The list of sentences has to be written first."""


@dataclass(frozen=True)
class Open:
    """Nobody has answered yet; `asked` when the request stands."""

    question: Question
    asked: bool


Release = Cleared | Unlisted | Open | Refusal


def release(state: JobState, found: Rights, order: Order, consent_needed: bool, now: float) -> Release:
    """Where the release of an order's words stands. `consent_needed`: the license rule asks for the owner's consent."""
    frozen = state.content
    if not isinstance(frozen, FrozenContent):
        raise ValueError("words are released after they are frozen")
    if not consent_needed and not unjudged(frozen.moderation.findings):
        return Cleared(None)
    if state.listing is None or state.listing.content != order.content.digest:
        return Unlisted()
    subject = ConsentSubject(
        namespace=order.namespace,
        job=order.job,
        twin=order.twin.id,
        license=found.license.terms.jti,
        use=order.use,
        locales=order.locales,
        categories=_sensitive(found, order, frozen),
        content=order.content.digest,
        listing=state.listing.digest,
        form=state.listing.form,
    )
    question = Question(subject, state.listing, consent_needed)
    request = next((one for one in state.consents if one.digest == subject.digest), None)
    if request is None:
        return Open(question, asked=False)
    return _answered(request, question, state, found, now)


def _sensitive(found: Rights, order: Order, frozen: FrozenContent) -> tuple[str, ...]:
    """The categories, declared and found, that need consent under the license."""
    ids = dict.fromkeys((*order.use.categories, *found_categories(frozen.moderation.findings)))
    return tuple(one for one in ids if within(one, found.license.terms.sensitive_categories))


def _answered(request: ConsentView, question: Question, state: JobState, found: Rights, now: float) -> Release:
    """The owner's word counts first; a reviewer's where no category is known."""
    subject = question.subject
    given = state.twin.word.answers.get(subject.digest) if state.twin else None
    answer = read_answer(given, subject, found.keyring, now) if given else None
    if answer is not None and not isinstance(answer, Refusal):
        if answer.answer == "deny":
            return Refusal(
                reason="ConsentDenied",
                message=f"consent: the owner denied {request.namespace}/{request.name}; change the words or ask the owner",
            )
        return Cleared(Clearance(subject=subject, answer=given))
    review = request.review
    if question.awaits_owner or review is None or review.digest != subject.digest:
        return Open(question, asked=True)
    if review.answer == "deny":
        return Refusal(
            reason="ReviewDenied",
            message=f"review: {review.reviewer} denied {request.namespace}/{request.name}"
            f"{': ' + review.reason[:200] if review.reason else ''}; change the words",
        )
    return Cleared(Clearance(subject=subject, reviewer=review.reviewer))
