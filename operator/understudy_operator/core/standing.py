"""What is known of a license beyond its own words and amounts: what its owner said since, and which licenses were earlier."""

from __future__ import annotations

from understudy_api.keyring import Keyring, read_keyring
from understudy_api.permits import Usage
from understudy_api.terms import Terms
from understudy_operator.core.registration import Registration, outranked
from understudy_operator.core.state import TwinView


def standing(terms: Terms, twin: TwinView | None, registration: Registration, now: float) -> Usage:
    """The part of the rule's `Usage` that jobs and the License itself share, at `now` (Unix seconds)."""
    if twin is None:
        return Usage()
    keyring = read_keyring(twin.genesis, twin.word.key_records) if registration.rivals else None
    later = isinstance(keyring, Keyring) and outranked(terms, registration, keyring, twin.word, now)
    return Usage(revoked=terms.jti in twin.word.revoked, stopped=bool(twin.word.stops), outranked=later)
