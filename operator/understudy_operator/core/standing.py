"""What is known of a license beyond its own words and amounts: what its owner said since."""

from __future__ import annotations

from understudy_api.owner_word import OwnerWord
from understudy_api.permits import Usage
from understudy_api.terms import Terms


def standing(terms: Terms, word: OwnerWord) -> Usage:
    """The part of the rule's `Usage` that jobs and the License itself share."""
    return Usage(revoked=terms.jti in word.revoked, stopped=bool(word.stops))
