"""When a license takes its place in the register of its twin: at the first look that finds it valid for this farm."""

from __future__ import annotations

from understudy_api.genesis import twin_id
from understudy_api.register import Registered
from understudy_api.terms import License
from understudy_api.verdict import Refusal
from understudy_operator.core.actions import RegisterLicense
from understudy_operator.core.admission import UNRECORDED, Admission, Waiting
from understudy_operator.core.registration import Registration
from understudy_operator.core.state import JobState, LicenseState, SpecProblem


def record_license(state: LicenseState, found: License | Refusal, now: float) -> tuple[RegisterLicense, ...]:
    """The entry of a License that is for this farm and has not ended, also before its window opens."""
    if isinstance(found, Refusal) or isinstance(state.spec, SpecProblem) or state.twin is None:
        return ()
    terms, word = found.terms, state.twin.word
    over = now >= terms.exp or terms.jti in word.revoked or word.erased is not None
    if over or terms.aud != state.farm.thumbprint:
        return ()
    return _entry(terms.twin, state.spec.token, state.registration, now)


def record_license_of(state: JobState, admission: Admission, now: float) -> tuple[RegisterLicense, ...]:
    """The same entry for a job that waits for nothing else, should the License itself not have been looked at."""
    waits = isinstance(admission, Waiting) and admission.reason == UNRECORDED
    if not waits or state.license is None or state.twin is None:
        return ()
    return _entry(twin_id(state.twin.genesis), state.license.token, state.license.registration, now)


def _entry(twin: str, token: str, registration: Registration, now: float) -> tuple[RegisterLicense, ...]:
    if registration.number is not None or registration.full is not None:
        return ()
    entry = Registered(license=token, recorded_at=now)
    return (RegisterLicense(twin_id=twin, number=registration.following, registered=entry),)
