"""Grants: short, exact, renewed at half their life and never beyond the license."""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    NOW,
    UID,
    a_farm,
    a_job,
    a_key,
    a_license_token,
    a_license_view,
    a_pool_view,
    a_twin_spec,
    an_identity,
)
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.digest import digest_bytes
from understudy_api.grant import (
    MAX_GRANT_SECONDS,
    MAX_PERFORMERS,
    Grant,
    read_grant,
    read_training_grant,
    sign_grant,
)
from understudy_api.ledger.account import account_id
from understudy_api.order import TrainingProgress
from understudy_operator.core.admission import Permitted, admit
from understudy_operator.core.grants import (
    RENEW_BEFORE_SECONDS,
    expiry,
    grant,
    renewal_due,
    training_grant,
    training_renewal_due,
)
from understudy_operator.core.state import PoolView
from understudy_operator.core.training import training_order


def _permitted(**terms: Any) -> Permitted:
    admission = admit(a_job(license=a_license_view(a_license_token(**terms))), NOW)
    assert isinstance(admission, Permitted)
    return admission


def test_a_grant_names_one_order_on_one_pool() -> None:
    permitted = _permitted()
    made = grant(permitted, a_farm(), a_pool_view(), 12.5, NOW, expiry(permitted.rights.license.terms, NOW))
    assert (made.iss, made.aud, made.sub) == (a_farm().thumbprint, "default", UID)
    assert (made.order, made.twin_version) == (permitted.digest, permitted.order.twin.version)
    assert made.license == digest_bytes(a_license_token().encode())
    assert made.seconds == 12.5
    assert isinstance(read_grant(sign_grant(a_key("farm"), made), a_key("farm"), NOW), Grant)


@given(st.floats(0, 3000), st.integers(1, 3000))
def test_a_grant_ends_with_the_license_or_after_fifteen_minutes(later: float, left: int) -> None:
    permitted = _permitted(exp=int(NOW) + 5000)
    now = NOW + later
    made = grant(permitted, a_farm(), a_pool_view(), 12.5, now, expiry(permitted.rights.license.terms, now))
    assert made.iat <= now < made.exp
    assert made.exp - made.iat <= MAX_GRANT_SECONDS
    assert made.exp <= permitted.rights.license.terms.exp


@pytest.mark.parametrize(
    ("expires_in", "license_left", "due"),
    [
        (None, 9000, True),
        (MAX_GRANT_SECONDS, 9000, False),
        (RENEW_BEFORE_SECONDS + 1, 9000, False),
        (RENEW_BEFORE_SECONDS, 9000, True),
        (-100, 9000, True),
        (200, 200, False),
        (200, 201, True),
    ],
)
def test_renewal_is_due_at_half_life(expires_in: float | None, license_left: int, due: bool) -> None:
    permitted = _permitted(exp=int(NOW) + license_left)
    pool = a_pool_view(grant_expires_at=None if expires_in is None else NOW + expires_in)
    assert renewal_due(permitted.rights.license.terms, pool, NOW) is due


def test_a_renewed_grant_is_not_due_again() -> None:
    for left in (100, 449, 451, 899, 901, 5000):
        permitted = _permitted(exp=int(NOW) + left)
        fresh = grant(permitted, a_farm(), a_pool_view(), 12.5, NOW, expiry(permitted.rights.license.terms, NOW))
        assert not renewal_due(permitted.rights.license.terms, a_pool_view(grant_expires_at=fresh.exp), NOW)


def test_a_grant_names_the_performers_that_are_there_and_is_renewed_when_others_come() -> None:
    permitted, there = _permitted(), ("A" * 43, "B" * 43)
    made = grant(
        permitted, a_farm(), a_pool_view(performers=there), 12.5, NOW, expiry(permitted.rights.license.terms, NOW)
    )
    assert made.performers == there
    known = {"grant_expires_at": float(made.exp), "grant_performers": there}
    assert not renewal_due(permitted.rights.license.terms, a_pool_view(performers=there, **known), NOW)
    for now_there in (("A" * 43,), ("A" * 43, "C" * 43), ("A" * 43, "B" * 43, "C" * 43)):
        assert renewal_due(permitted.rights.license.terms, a_pool_view(performers=now_there, **known), NOW)


def test_a_grant_has_room_for_so_many_performers_and_a_larger_pool_is_not_renewed_for_ever() -> None:
    permitted = _permitted()
    many = tuple(sorted(f"{number:043d}" for number in range(3 * MAX_PERFORMERS)))
    made = grant(
        permitted, a_farm(), a_pool_view(performers=many), 12.5, NOW, expiry(permitted.rights.license.terms, NOW)
    )
    assert made.performers == many[:MAX_PERFORMERS]
    assert isinstance(read_grant(sign_grant(a_key("farm"), made), a_key("farm"), NOW), Grant)
    known = {"grant_expires_at": float(made.exp), "grant_performers": made.performers}
    assert not renewal_due(permitted.rights.license.terms, a_pool_view(performers=many, **known), NOW)


def test_a_training_grant_speaks_of_one_training() -> None:
    order = training_order(an_identity(namespace="talent-ada", name="ada"), a_twin_spec())
    made = training_grant(order, a_farm(), a_pool_view(), NOW)
    assert made.trainer is None, "its process is not there yet: the grant is good for nobody"
    assert (made.aud, made.sub, made.order, made.twin) == ("default", UID, order.digest, order.twin_id)
    assert made.exp - made.iat == MAX_GRANT_SECONDS
    signed = sign_grant(a_key("farm"), made)
    assert read_training_grant(signed, a_key("farm"), NOW) == made
    assert not isinstance(read_grant(signed, a_key("farm"), NOW), Grant), "one kind is never taken for the other"


def test_a_grant_names_the_account_in_which_its_receipts_count() -> None:
    permitted = _permitted()
    made = grant(permitted, a_farm(), a_pool_view(), 12.5, NOW, expiry(permitted.rights.license.terms, NOW))
    assert made.account == account_id(a_license_token())


def test_a_training_grant_names_the_trainer_and_is_renewed_for_it_alone() -> None:
    order = training_order(an_identity(namespace="talent-ada", name="ada"), a_twin_spec())

    def pool(trainer: str | None, state: Any = "Running", given: Any = None, digest: str = order.digest) -> PoolView:
        held = TrainingProgress(uid=UID, digest=digest, state=state, trainer=trainer)
        return a_pool_view(training=held, training_grant=given)

    named = training_grant(order, a_farm(), pool("A" * 43), NOW)
    assert named.trainer == "A" * 43
    assert training_grant(order, a_farm(), pool("A" * 43, digest="0" * 64), NOW).trainer is None
    assert not training_renewal_due(a_pool_view(), NOW)
    assert not training_renewal_due(pool(None), NOW)
    assert not training_renewal_due(pool("A" * 43, "Finished"), NOW)
    assert training_renewal_due(pool("A" * 43), NOW)
    assert training_renewal_due(pool("B" * 43, given=named), NOW)
    assert not training_renewal_due(pool("A" * 43, given=named), NOW)
    assert training_renewal_due(pool("A" * 43, given=named), NOW + MAX_GRANT_SECONDS / 2)
