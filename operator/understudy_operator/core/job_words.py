"""What a brand reads on its own job: the license it names in plain words, and what speaks against it, clause by clause."""

from __future__ import annotations

from typing import Final

from understudy_api.permits import is_assignee
from understudy_api.plain import terms_in_words
from understudy_api.renderjob_status import JobLicense, JobRefusal
from understudy_api.verdict import Refusal
from understudy_operator.core.admission import Admission, Refused
from understudy_operator.core.quota import usage
from understudy_operator.core.rights import rights
from understudy_operator.core.seconds import decimal_seconds
from understudy_operator.core.state import JobState
from understudy_operator.core.times import rfc3339

MAX_REFUSALS: Final = 16
MAX_TERMS_CHARACTERS: Final = 6000
"""How much of the terms a job repeats: its status stays small, the whole stands in the License."""


def license_words(state: JobState, now: float) -> JobLicense | None:
    """The terms and what is left of them; None when the license is not this brand's, or its signature does not hold."""
    if state.twin is None:
        return None
    found = rights(state.twin, state.license, state.identity.namespace)
    if isinstance(found, Refusal):
        return None
    terms = found.license.terms
    used = usage(state, terms, now)
    if not is_assignee(terms, state.identity.namespace, state.namespace_uid, used):
        return None
    left, bound = terms.quota.seconds - used.used_seconds - used.reserved_seconds, terms.quota.items
    return JobLicense(
        id=terms.jti,
        terms=_bounded(terms_in_words(terms)),
        used_seconds=decimal_seconds(used.used_seconds),
        left_seconds=decimal_seconds(max(left, 0.0)),
        left_items=None if bound is None else max(bound - used.used_items - used.reserved_items, 0),
        until=rfc3339(terms.exp),
    )


def refusal_words(admission: Admission) -> tuple[JobRefusal, ...]:
    """Everything that speaks against a job; () while nothing does."""
    if not isinstance(admission, Refused):
        return ()
    return tuple(_shown(one) for one in admission.verdict.refusals[:MAX_REFUSALS])


def _shown(refusal: Refusal) -> JobRefusal:
    def cut(text: str | None, characters: int) -> str | None:
        return None if text is None else text[:characters]

    return JobRefusal(
        reason=refusal.reason[:64],
        message=refusal.message[:600],
        gate=refusal.gate,
        clause=cut(refusal.clause, 64),
        wanted=cut(refusal.wanted, 400),
        allowed=cut(refusal.allowed, 400),
    )


def _bounded(lines: tuple[str, ...]) -> tuple[str, ...]:
    left, kept = MAX_TERMS_CHARACTERS, list[str]()
    for line in lines:
        left -= len(line)
        if left < 0:
            return (*kept, "The rest stands in the License.")
        kept.append(line)
    return tuple(kept)
