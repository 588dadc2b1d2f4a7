"""Whether the words of a take were released: read by the performer itself, from the owner's signature to the grant.

The chain has no gap: the grant names the order's digest, that covers the content and the release, the release names the
content, and the owner signed the release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from understudy_api.consent import refusal_of
from understudy_api.grant import Grant
from understudy_api.keyring import Keyring
from understudy_api.moderation.rule import Finding, floor_refusals, shown, unjudged
from understudy_api.terms import Terms
from understudy_api.verdict import Refusal
from understudy_workers.work import Permit

Released = Literal["nobody", "reviewer", "owner"]
"""Who released the words of an order."""


def words_released(permit: Permit, grant: Grant, terms: Terms, keyring: Keyring, now: float) -> Released | Refusal:
    """Who released the words, at `now` (Unix seconds); a refusal when the release that travels along does not hold."""
    clearance, making = permit.clearance, permit.making
    if clearance is None:
        return "nobody"
    subject = clearance.subject
    if (
        making is None
        or making.digest != grant.order
        or making.clearance != clearance.digest
        or (subject.content, subject.twin) != (making.content, permit.twin.id)
        or (subject.license, subject.namespace) != (terms.jti, permit.namespace)
    ):
        return Refusal(
            reason="ConsentMismatch", message="consent: the release is not for these words under this grant; ask anew"
        )
    if clearance.answer is None:
        return "reviewer" if clearance.reviewer else "nobody"
    return refusal_of(clearance, keyring, now) or "owner"


def words_refusals(findings: Iterable[Finding], released: Released) -> Iterator[Refusal]:
    """What speaks against the words whatever the license says: the floor, and what nobody could judge or released."""
    found = tuple(findings)
    yield from floor_refusals(found)
    if released == "nobody":
        for one in unjudged(found)[:1]:
            yield Refusal(
                reason="ReviewRequired",
                message=f"script ({one.locale}): {shown(one)}: nobody could judge it ({one.why}); a reviewer has to "
                "release it",
            )
