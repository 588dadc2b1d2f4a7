"""What a License says of its status list as time goes by, and what follows for whether it holds."""

from __future__ import annotations

from typing import Any

import pytest
from builders import NOW, a_license, a_license_token

from understudy_api.license import LicenseStatus
from understudy_api.model import Condition
from understudy_api.status_source import UNLISTED, Standing
from understudy_operator.core.actions import EmitEvent
from understudy_operator.core.conditions import find
from understudy_operator.core.decide import decide_license
from understudy_operator.core.state import LicenseState

LISTED = a_license_token(status={"index": 3, "ttl_seconds": 60})
ELSEWHERE = a_license_token(status={"index": 3, "ttl_seconds": 60, "uri": "https://lists.example/ada.jwt"})


def stands(status: Any = "valid", problem: str = "", until: int = 60) -> Standing:
    return Standing(status=status, iat=int(NOW), until=int(NOW) + until, problem=problem)


def said(standing: Standing, after: float = 0, token: str = LISTED, kind: str = "StatusFresh") -> Condition:
    found = decide_license(a_license(token, standing=standing), NOW + after).status
    assert found is not None
    condition = find(found.conditions, kind)
    assert condition is not None
    return condition


@pytest.mark.parametrize(
    ("after", "fresh", "reason", "valid"),
    [
        (0, "True", "StatusFresh", "Valid"),
        (29.9, "True", "StatusFresh", "Valid"),
        (30, "Unknown", "StatusDue", "Valid"),
        (59.9, "Unknown", "StatusDue", "Valid"),
        (60, "False", "StatusStale", "StatusStale"),
        (9999, "False", "StatusStale", "StatusStale"),
    ],
)
def test_fresh_then_a_warning_then_nothing(after: float, fresh: str, reason: str, valid: str) -> None:
    found = said(stands(), after)
    assert (found.status, found.reason) == (fresh, reason)
    assert said(stands(), after, kind="Valid").reason == valid
    assert ("publish a newer one with `understudy license status`" in found.message) is (fresh != "True")


@pytest.mark.parametrize(
    ("standing", "reason", "valid"),
    [
        (UNLISTED, "StatusUnknown", "StatusUnknown"),
        (stands(None, "the list ends before index 3; publish a longer one"), "StatusUnknown", "StatusUnknown"),
        (stands("suspended"), "StatusFresh", "LicenseSuspended"),
        (stands("revoked"), "StatusFresh", "LicenseRevoked"),
        (stands("revoked", until=0), "StatusStale", "LicenseRevoked"),
        (stands("suspended", until=0), "StatusStale", "LicenseSuspended"),
    ],
)
def test_what_the_list_says_decides(standing: Standing, reason: str, valid: str) -> None:
    assert said(standing).reason == reason
    assert said(standing, kind="Valid").reason == valid


def test_each_trouble_is_told_with_its_cause_and_its_place() -> None:
    problem = "lists.example: ConnectError: connection refused"
    for standing, after in (
        (Standing(problem=problem), 0),
        (stands(problem=problem), 40),
        (stands(problem=problem), 60),
    ):
        message = said(standing, after, ELSEWHERE).message
        assert problem in message
        assert "\n" not in message
    assert "https://lists.example/ada.jwt" in said(UNLISTED, token=ELSEWHERE).message
    assert "OwnerAct" in said(UNLISTED).message
    assert "ends before index 3" in said(stands(None, "the list ends before index 3")).message


def test_a_license_without_a_list_says_nothing_of_one() -> None:
    status = decide_license(a_license(), NOW).status
    assert status is not None
    assert find(status.conditions, "StatusFresh") is None


def state(token: str, standing: Standing, status: LicenseStatus | None) -> LicenseState:
    return a_license(token, standing=standing, **({"status": status} if status else {}))


def test_a_newer_list_costs_no_write() -> None:
    first = decide_license(state(LISTED, stands(), None), NOW).status
    newer = Standing(status="valid", iat=int(NOW) + 15, until=int(NOW) + 75)
    again = decide_license(state(LISTED, newer, first), NOW + 15)
    assert (again.actions, again.status) == ((), None)


def test_each_turn_is_one_event_and_a_look_at_its_moment() -> None:
    told, status, now = list[tuple[str, str]](), None, NOW
    for _ in range(3):
        decision = decide_license(state(LISTED, stands(), status), now)
        told += [(one.type, one.reason) for one in decision.actions if isinstance(one, EmitEvent)]
        status = decision.status or status
        now += min(decision.requeue_after_seconds or 0, 100)
    assert told == [
        ("Normal", "Valid"),
        ("Normal", "StatusFresh"),
        ("Warning", "StatusDue"),
        ("Warning", "StatusStale"),
        ("Warning", "StatusStale"),
    ]
