"""Jobs under a license that names a status list: they go on while it is fresh, pause when it is not, stop when it says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import NOW, a_job, a_job_spec, a_license_token, a_license_view, a_pool_view
from memory_farm import MemoryFarm

from understudy_api.grant import MAX_GRANT_SECONDS
from understudy_api.ledger.account import account_id
from understudy_api.status_source import Standing
from understudy_operator.core.admission import Permitted, Refused, admit
from understudy_operator.core.conditions import find
from understudy_operator.core.decide import decide_job
from understudy_operator.core.grants import expiry, reach, renewal_due
from understudy_operator.core.state import JobState, LicenseView

TTL = 60
LISTED = a_license_token(status={"index": 3, "ttl_seconds": TTL}, quota={"seconds": 100_000})


def stands(status: Any = "valid", signed_at: float = NOW) -> Standing:
    return Standing(status=status, iat=int(signed_at), until=int(signed_at) + TTL)


def job(standing: Standing) -> JobState:
    view = a_license_view(LISTED)
    return a_job(license=replace(view, standing=standing))


@pytest.mark.parametrize(
    ("standing", "now", "reason"),
    [
        (Standing(), NOW, "StatusUnknown"),
        (stands(None), NOW, "StatusUnknown"),
        (stands(), NOW + TTL, "StatusStale"),
        (Standing(status="valid", iat=int(NOW), until=int(NOW) + 5), NOW + 5, "StatusStale"),
        (stands("suspended"), NOW, "LicenseSuspended"),
        (stands("revoked"), NOW, "LicenseRevoked"),
        (stands("revoked"), NOW + TTL, "LicenseRevoked"),
    ],
)
def test_admission_asks_the_list(standing: Standing, now: float, reason: str) -> None:
    found = admit(job(standing), now)
    assert isinstance(found, Refused)
    assert found.verdict.reason == reason
    assert {one.gate for one in found.verdict.refusals} == {"admission"}


def test_it_is_asked_also_when_there_is_no_account_yet() -> None:
    state = a_job(license=LicenseView(token=LISTED, account=None, standing=stands("suspended")))
    found = admit(state, NOW)
    assert isinstance(found, Refused)
    assert found.verdict.reason == "LicenseSuspended"


@pytest.mark.parametrize(("age", "lives"), [(0, 60), (20, 40), (59, 1)])
def test_a_grant_ends_with_the_list_it_rests_on(age: int, lives: int) -> None:
    found = admit(job(stands(signed_at=NOW - age)), NOW)
    assert isinstance(found, Permitted)
    terms = found.rights.license.terms
    assert expiry(terms, NOW, stands(signed_at=NOW - age)) == NOW + lives
    assert reach(terms, NOW) == NOW + MAX_GRANT_SECONDS
    assert expiry(terms, NOW, Standing()) == NOW, "without a list there is no grant to speak of"
    assert expiry(terms, NOW, Standing(status="valid", iat=int(NOW), until=int(NOW) + 9999)) == NOW + MAX_GRANT_SECONDS


def test_a_license_without_a_list_is_granted_as_before() -> None:
    found = admit(a_job(), NOW)
    assert isinstance(found, Permitted)
    assert expiry(found.rights.license.terms, NOW, stands()) == NOW + MAX_GRANT_SECONDS


def test_a_grant_is_renewed_when_a_newer_list_lets_it_live_longer() -> None:
    found = admit(job(stands()), NOW)
    assert isinstance(found, Permitted)
    terms, pool = found.rights.license.terms, a_pool_view(grant_expires_at=NOW + TTL)
    assert not renewal_due(terms, pool, NOW + 10, stands())
    assert renewal_due(terms, pool, NOW + 15, stands(signed_at=NOW + 15))


@pytest.fixture
def farm() -> MemoryFarm:
    made = MemoryFarm(now=NOW)
    made.token, made.standing = LISTED, stands()
    made.create("spring", a_job_spec())
    made.settle()
    made.render(1)
    made.settle()
    return made


def admitted(farm: MemoryFarm) -> tuple[str, str]:
    found = find(farm.jobs["spring"].status.conditions, "Admitted")
    assert found is not None
    return found.status, found.reason


def test_a_stale_list_pauses_a_job_and_a_new_one_lets_it_go_on(farm: MemoryFarm) -> None:
    assert farm.jobs["spring"].order is not None
    farm.now += TTL
    farm.settle()
    assert (farm.jobs["spring"].order, admitted(farm)) == (None, ("False", "StatusStale"))
    assert farm.jobs["spring"].status.phase == "Refused"
    farm.standing = stands(signed_at=farm.now)
    farm.settle()
    assert farm.jobs["spring"].order is not None
    assert admitted(farm) == ("True", "Admitted")


def test_a_suspension_pauses_and_a_revocation_ends(farm: MemoryFarm) -> None:
    for status, reason in (("suspended", "LicenseSuspended"), ("revoked", "LicenseRevoked")):
        farm.standing = stands(status)
        farm.settle()
        assert (farm.jobs["spring"].order, admitted(farm)) == (None, ("False", reason))
    assert find(farm.license_status.conditions, "Valid").reason == "LicenseRevoked"  # type: ignore[union-attr]


def test_a_job_finishes_under_lists_that_keep_coming(farm: MemoryFarm) -> None:
    for _ in range(30):
        farm.now += 15
        farm.standing = stands(signed_at=farm.now)
        farm.settle()
        farm.render(1)
    assert farm.jobs["spring"].status.phase == "Complete"


def test_lists_that_keep_coming_write_no_promises(farm: MemoryFarm) -> None:
    account = account_id(LISTED) or ""
    links = farm.accounts[account].sequence
    for _ in range(8):
        farm.now += 15
        farm.standing = stands(signed_at=farm.now)
        farm.settle()
        order = farm.jobs["spring"].order
        assert order is not None
        assert farm.jobs["spring"].grant_expires_at == farm.now + TTL
    assert farm.accounts[account].sequence == links


def test_an_operator_that_is_away_leaves_a_grant_that_ends_with_the_list(farm: MemoryFarm) -> None:
    done = len(farm.jobs["spring"].segments)
    farm.now += TTL
    farm.render(1)
    assert len(farm.jobs["spring"].segments) == done, "nothing is made by a list that is too old"


@pytest.mark.parametrize(("age", "seconds"), [(0, 10), (55, 5)])
def test_a_running_job_is_looked_at_when_its_list_ends(farm: MemoryFarm, age: int, seconds: float) -> None:
    farm.standing = stands(signed_at=farm.now - age)
    farm.settle()
    assert decide_job(farm.observe("spring"), farm.now).requeue_after_seconds == seconds
