"""What is known of a license beyond its own words and amounts: what its owner said since, by acts and lists, and which licenses were earlier."""

from __future__ import annotations

from understudy_api.keyring import Keyring, read_keyring
from understudy_api.permits import Usage
from understudy_api.status_source import Standing
from understudy_api.terms import Terms
from understudy_operator.core.registration import Registration, outranked
from understudy_operator.core.state import TwinView


def standing(terms: Terms, twin: TwinView | None, registration: Registration, listed: Standing, now: float) -> Usage:
    """The part of the rule's `Usage` that jobs and the License itself share, at `now` (Unix seconds)."""
    known = listed.usage()
    if twin is None:
        return known
    keyring = read_keyring(twin.genesis, twin.word.key_records) if registration.rivals else None
    later = isinstance(keyring, Keyring) and outranked(terms, registration, keyring, twin.word, now)
    said = {"revoked": terms.jti in twin.word.revoked, "stopped": bool(twin.word.stops), "outranked": later}
    return known.model_copy(update=said)
