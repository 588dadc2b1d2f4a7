"""Grants: short, exact, renewed at half their life and never beyond the license."""

from __future__ import annotations

from typing import Any

import pytest
from builders import NOW, UID, a_farm, a_job, a_key, a_license_token, a_license_view, a_pool_view
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.digest import digest_bytes
from understudy_api.grant import MAX_GRANT_SECONDS, Grant, read_grant, sign_grant
from understudy_operator.core.admission import Permitted, admit
from understudy_operator.core.grants import RENEW_BEFORE_SECONDS, grant, renewal_due


def _permitted(**terms: Any) -> Permitted:
    admission = admit(a_job(license=a_license_view(a_license_token(**terms))), NOW)
    assert isinstance(admission, Permitted)
    return admission


def test_a_grant_names_one_order_on_one_pool() -> None:
    permitted = _permitted()
    made = grant(permitted, a_farm(), NOW)
    assert (made.iss, made.aud, made.sub) == (a_farm().thumbprint, "default", UID)
    assert (made.order, made.twin_version) == (permitted.digest, permitted.order.twin.version)
    assert made.license == digest_bytes(a_license_token().encode())
    assert permitted.seconds <= made.seconds < permitted.seconds + 1
    assert isinstance(read_grant(sign_grant(a_key("farm"), made), a_key("farm"), NOW), Grant)


@given(st.floats(0, 3000), st.integers(1, 3000))
def test_a_grant_ends_with_the_license_or_after_fifteen_minutes(later: float, left: int) -> None:
    permitted = _permitted(exp=int(NOW) + 5000)
    now = NOW + later
    made = grant(permitted, a_farm(), now)
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
    assert renewal_due(permitted, pool, NOW) is due


def test_a_renewed_grant_is_not_due_again() -> None:
    for left in (100, 449, 451, 899, 901, 5000):
        permitted = _permitted(exp=int(NOW) + left)
        fresh = grant(permitted, a_farm(), NOW)
        assert not renewal_due(permitted, a_pool_view(grant_expires_at=fresh.exp), NOW)
