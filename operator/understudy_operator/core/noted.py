"""Refusals that the owner finds in the ledger: what a brand asked for under its license and did not get.

A refusal is noted once the job has been told so, and each reason once for each generation of the job. A brand can make a
job be refused as often as it likes by changing it: no job leaves more than MAX_NOTED entries behind, in whatever time, and
a look leaves at most one link. What an operator that dies between ledger and status writes again has the same id. Who is a
stranger to the license, or shows a token that does not hold, leaves none.
"""

from __future__ import annotations

from typing import Final

from understudy_api.ledger.entry import Refused as RefusedEntry
from understudy_api.permits import NOT_FOUND
from understudy_operator.core.actions import Action, Record
from understudy_operator.core.admission import Admission, Refused
from understudy_operator.core.booking import Booking, licensed
from understudy_operator.core.claims import record
from understudy_operator.core.conditions import find
from understudy_operator.core.lifecycle import Course
from understudy_operator.core.rights import Rights, rights
from understudy_operator.core.state import JobState

MAX_NOTED: Final = 8
"""Entries that one job ever leaves."""
NOTE_SECONDS: Final = 1.0
"""How soon after a job was told that it is refused the ledger is."""


def unnoted(state: JobState, admission: Admission, course: Course) -> tuple[str, ...]:
    """Reasons by which the license itself refuses the job, and that do not stand in the ledger for this generation."""
    if not isinstance(admission, Refused) or course.finished:
        return ()
    refusals = admission.verdict.refusals
    ours = not any(one.reason == NOT_FOUND.reason or one.clause == "aud" for one in refusals)
    reasons = dict.fromkeys(one.reason for one in refusals if one.clause is not None)
    fresh = [one for one in reasons if mark(state, one) not in state.status.noted_refusals]
    return tuple(fresh[: max(MAX_NOTED - len(state.status.noted_refusals), 0)]) if ours else ()


def note(state: JobState, reasons: tuple[str, ...], others: tuple[Action, ...]) -> tuple[Action, ...]:
    """The link that notes these reasons; nothing before the job says so itself, or beside another link."""
    account = state.license.account if state.license else None
    if not reasons or account is None or not _told(state) or any(isinstance(one, Record) for one in others):
        return ()
    found = rights(state.twin, state.license, state.identity.namespace) if state.twin else None
    if not isinstance(found, Rights):
        return ()
    terms = licensed(account, found.license) if account.license is None else None
    uid, generation = state.identity.uid, state.identity.edition
    entries = [RefusedEntry(uid=uid, generation=generation, reason=one) for one in reasons]
    return record(state, Booking(account, account).with_entries(*((terms,) if terms else ()), *entries))


def mark(state: JobState, reason: str) -> str:
    """How the status remembers a noted refusal."""
    return f"{state.identity.edition}/{reason}"


def _told(state: JobState) -> bool:
    admitted = find(state.status.conditions, "Admitted")
    current = state.status.observed_generation == state.identity.generation
    return current and admitted is not None and admitted.status == "False"
