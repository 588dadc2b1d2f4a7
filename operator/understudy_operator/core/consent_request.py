"""What a ConsentRequest shows: pending, approved or denied, from what the owner signed and what a reviewer released."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError

from understudy_api.acts import ConsentAnswer
from understudy_api.consent import ConsentSubject, read_answer
from understudy_api.consentrequest import ConsentRequestStatus
from understudy_api.keyring import Keyring, read_keyring
from understudy_api.model import Condition
from understudy_api.strictjson import parse_object
from understudy_api.verdict import Refusal
from understudy_operator.core.actions import Decision, DeleteObject
from understudy_operator.core.conditions import EventType, Said, events, merged, reconciling, said, stalled
from understudy_operator.core.state import ConsentState, SpecProblem
from understudy_operator.core.times import rfc3339

ORPHAN_SECONDS: Final = 60.0
"""How long a request that nobody waits for any more, and nobody answered, is kept."""
LOOK_SECONDS: Final = 30.0


def decide_consent(state: ConsentState, now: float) -> Decision[ConsentRequestStatus]:
    """What to do about a ConsentRequest at `now` (Unix seconds)."""
    found = _answer(state, now)
    standing = _standing(state, found)
    status = ConsentRequestStatus(
        observed_generation=state.identity.generation,
        conditions=merged(state.status.conditions, _conditions(standing), state.identity.generation, now),
        answer=found[0] if found else None,
        review=state.status.review,
        preview=state.preview or state.status.preview,
    )
    unanswered = found is None and state.status.review is None
    old = now - state.identity.created_at >= ORPHAN_SECONDS
    if unanswered and not state.wanted and old:
        return Decision(actions=(DeleteObject(uid=state.identity.uid),))
    told = events(state.status.conditions, status.conditions, _event)
    ends = found[1].exp - now if found else None
    return Decision(
        actions=told,
        status=status if status != state.status else None,
        requeue_after_seconds=LOOK_SECONDS if unanswered else ends if ends is not None and ends > 0 else None,
    )


def _answer(state: ConsentState, now: float) -> tuple[str, ConsentAnswer] | None:
    """The recorded answer that stands, when it is the owner's, fits and its time is not over."""
    subject, keyring = _subject(state), _keyring(state)
    if subject is None or keyring is None or state.twin is None:
        return None
    text = state.twin.word.answers.get(subject.digest)
    answer = read_answer(text, subject, keyring, now) if text else None
    return (text, answer) if text and isinstance(answer, ConsentAnswer) else None


def _subject(state: ConsentState) -> ConsentSubject | None:
    """What is asked, when the digest in the spec is its digest."""
    if isinstance(state.spec, SpecProblem):
        return None
    claims = parse_object(state.spec.subject.encode(), "subject")
    try:
        found = None if isinstance(claims, Refusal) else ConsentSubject.model_validate(claims)
    except ValidationError:
        return None
    return found if found is not None and found.digest == state.spec.digest else None


def _keyring(state: ConsentState) -> Keyring | None:
    ring = read_keyring(state.twin.genesis, state.twin.word.key_records) if state.twin else None
    return ring if isinstance(ring, Keyring) else None


def _standing(state: ConsentState, found: tuple[str, ConsentAnswer] | None) -> tuple[str, str, str]:
    """State, reason and message."""
    if isinstance(state.spec, SpecProblem) or _subject(state) is None:
        return "Denied", "RequestInvalid", "spec: it does not say what its digest says; it is asked anew"
    if found is not None:
        answer = found[1]
        until = f"; it holds until {rfc3339(answer.exp)}"
        if answer.answer == "approve":
            return "Approved", "OwnerApproved", f"the owner signed it{until}"
        return "Denied", "OwnerDenied", "the owner signed a no"
    review = state.status.review
    if review is not None and review.digest == state.spec.digest and state.spec.awaits == "reviewer":
        if review.answer == "approve":
            return "Approved", "ReviewerApproved", f"released by {review.reviewer}"
        return "Denied", "ReviewerDenied", f"denied by {review.reviewer}: {review.reason or 'no reason given'}"
    if state.spec.awaits == "reviewer":
        return "Pending", "AwaitsReviewer", "a reviewer of the farm, or the owner, has to read it"
    how = f"understudy consent show {state.identity.name} -n {state.identity.namespace}"
    return "Pending", "AwaitsOwner", f"read it with `{how}`, then approve or deny it with the consent key"


def _conditions(standing: tuple[str, str, str]) -> tuple[Said, ...]:
    now_is, reason, message = standing
    stands = tuple(
        said(kind, kind == now_is, reason, message if kind == now_is else "")
        for kind in ("Pending", "Approved", "Denied")
    )
    if now_is == "Pending":
        return (*stands, reconciling(reason, message))
    return (*stands, stalled(reason, message)) if reason == "RequestInvalid" else stands


def _event(_was: Condition | None, condition: Condition) -> EventType | None:
    return "Normal" if condition.status == "True" else None
