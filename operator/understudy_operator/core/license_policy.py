"""What a License says, whether it holds, and how much of it is used: for its owner to read."""

from __future__ import annotations

from typing import Final

from understudy_api.digest import digest_bytes
from understudy_api.keyring import read_keyring
from understudy_api.ledger.account import MICROS_PER_SECOND, Account
from understudy_api.license import LicenseStatus
from understudy_api.model import Condition
from understudy_api.permits import stands
from understudy_api.plain import terms_in_words
from understudy_api.terms import License, Terms, read_license
from understudy_api.verdict import Refusal
from understudy_operator.core.conditions import EventType, Said, merged, reconciling, stalled
from understudy_operator.core.list_condition import list_moments, list_said
from understudy_operator.core.quarantine_policy import quarantine_said
from understudy_operator.core.seconds import decimal_seconds
from understudy_operator.core.standing import standing
from understudy_operator.core.state import LicenseState, SpecProblem
from understudy_operator.core.times import rfc3339

OPEN_CLAIMS_SECONDS: Final = 10.0
"""How often the seconds of running jobs are counted."""
TWIN_SECONDS: Final = 30.0
PASSING: Final = frozenset({"TwinNotFound", "StatusUnknown"})
"""Reasons of Valid=False that pass once something that is on its way has come."""


def verified(state: LicenseState) -> License | Refusal:
    """The license, signed by the owner of the twin it names; or why it is none. Asks neither window nor farm."""
    if isinstance(state.spec, SpecProblem):
        return Refusal(reason="SpecInvalid", message=state.spec.message)
    if state.twin is None:
        return Refusal(
            reason="TwinNotFound",
            message=f"twinRef: no TwinModel {state.spec.twin_ref.name} in this namespace; create it first",
        )
    keyring = read_keyring(state.twin.genesis, state.twin.word.key_records)
    if isinstance(keyring, Refusal):
        return Refusal(
            reason="TwinNotValid", message="twinRef: the twin's genesis or key records are not valid; see it"
        )
    return read_license(state.spec.token, keyring)


def license_status(state: LicenseState, found: License | Refusal, now: float) -> LicenseStatus:
    """The whole status of a License at `now` (Unix seconds); terms are shown only when their signature holds."""
    if isinstance(found, Refusal):
        said = Said("Valid", "False", found.reason, found.message)
        return LicenseStatus(
            observed_generation=state.identity.generation, conditions=_conditions(state, (said,), now), id=None
        )
    terms = found.terms
    used, reserved = _counted(state.account)
    return LicenseStatus(
        observed_generation=state.identity.generation,
        conditions=_conditions(state, (_validity(state, terms, now), *list_said(state.standing, terms, now)), now),
        id=terms.jti,
        digest=digest_bytes(state.spec.token.encode()) if not isinstance(state.spec, SpecProblem) else None,
        assignee=terms.assignee.namespace,
        terms=terms_in_words(terms),
        valid_from=rfc3339(terms.nbf),
        valid_until=rfc3339(terms.exp),
        used_seconds=decimal_seconds(used),
        reserved_seconds=decimal_seconds(reserved),
        left_seconds=decimal_seconds(max(terms.quota.seconds - used - reserved, 0.0)),
        used_items=state.account.used_items if state.account else 0,
        left_items=_left_items(state.account, terms),
        quarantined_files=state.account.ending.quarantined_files if state.account else None,
        delivered_items=_delivered(state.account),
    )


def license_look(state: LicenseState, found: License | Refusal, now: float) -> float | None:
    """Seconds until a License has to be looked at again: its window opens or ends, its jobs go on."""
    if isinstance(found, Refusal):
        return TWIN_SECONDS if found.reason == "TwinNotFound" else None
    moments = [found.terms.nbf, found.terms.exp, *list_moments(state.standing, found.terms)]
    edges = [edge - now for edge in moments if edge > now]
    if state.account is not None and state.account.claims:
        edges.append(OPEN_CLAIMS_SECONDS)
    return min(edges, default=None)


def license_event(_was: Condition | None, condition: Condition) -> EventType | None:
    """The type of Event a changed condition of a License is worth."""
    return "Normal" if condition.status == "True" else "Warning"


def _validity(state: LicenseState, terms: Terms, now: float) -> Said:
    if terms.aud != state.farm.thumbprint:
        return Said(
            "Valid",
            "False",
            "WrongFarm",
            f"aud: it is valid on farm {terms.aud} alone, this one is {state.farm.thumbprint}; sign it for this farm",
        )
    verdict = stands(terms, standing(terms, state.twin, state.registration, state.standing, now), now)
    erased = state.twin.word.erased if state.twin else None
    refusal = erased or next(iter(verdict.refusals), state.registration.full)
    if refusal is not None:
        return Said("Valid", "False", refusal.reason, refusal.message)
    if now < terms.nbf:
        return Said("Valid", "False", "NotYetValid", f"valid from {rfc3339(terms.nbf)}")
    if now >= terms.exp:
        return Said("Valid", "False", "Expired", f"expired {rfc3339(terms.exp)}; sign and create another License")
    return Said("Valid", "True", "Valid", f"valid until {rfc3339(terms.exp)}")


def _counted(account: Account | None) -> tuple[float, float]:
    """Used and reserved seconds."""
    if account is None:
        return 0.0, 0.0
    return account.used_micros / MICROS_PER_SECOND, account.reserved_micros / MICROS_PER_SECOND


def _left_items(account: Account | None, terms: Terms) -> int | None:
    if terms.quota.items is None or account is None:
        return terms.quota.items
    return max(terms.quota.items - account.used_items - account.reserved_items, 0)


def _delivered(account: Account | None) -> int | None:
    """Items listed as delivered, once everything else is put away."""
    settled = account is not None and account.ending.quarantined_files is not None
    return account.ending.delivered_items if account is not None and settled else None


def _conditions(state: LicenseState, said: tuple[Said, ...], now: float) -> tuple[Condition, ...]:
    return merged(
        state.status.conditions, (*said, *quarantine_said(state), *_progress(said[0])), state.identity.generation, now
    )


def _progress(valid: Said) -> tuple[Said, ...]:
    """For kstatus; a license whose time has not come is what its owner asks for."""
    if valid.status == "True" or valid.reason == "NotYetValid":
        return ()
    return ((reconciling if valid.reason in PASSING else stalled)(valid.reason, valid.message),)
