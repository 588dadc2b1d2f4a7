"""`understudy why`, as a brand reads it."""

from __future__ import annotations

from typing import Any

import pytest

from understudy_cli.errors import UserError
from understudy_cli.why import explained

SPEC = {
    "twinRef": {"namespace": "talent-ada", "name": "ada"},
    "licenseRef": {"namespace": "talent-ada", "name": "spring"},
    "use": {"purpose": "advertising", "channels": ["social"], "territories": ["DE"]},
    "script": {"scenes": [{"say": "Hi!"}]},
    "locales": ["en-GB", "ja-JP"],
    "outputs": [{"name": "wide", "width": 640, "height": 360}],
}
LICENSE = {"id": "spring-1", "terms": ["For acme alone."], "leftSeconds": "60", "until": "2031-01-01T00:00:00Z"}


def a_job(**status: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "acme", "name": "spring"}, "spec": SPEC, "status": status}


def text(body: dict[str, Any]) -> str:
    return "\n".join(explained(body))


def test_a_refusal_names_clause_and_change() -> None:
    refusal = {
        "reason": "LanguageNotCovered",
        "message": "license: languages: ...; remove it",
        "gate": "admission",
        "clause": "languages",
        "wanted": "ja-JP",
        "allowed": "de, en",
    }
    found = text(a_job(phase="Refused", refusals=[refusal], license=LICENSE))
    assert "acme/spring is refused at admission: 1 thing speaks against it." in found
    assert "languages  (LanguageNotCovered)\n    wanted   ja-JP\n    allowed  de, en" in found
    assert "  - take ja-JP out of spec.locales; en-GB may stay" in found
    assert "License spring-1: 60 s left, until 2031-01-01T00:00:00Z.\n  For acme alone." in found


def test_what_is_left_counts_videos_where_they_are_bounded() -> None:
    bounded = {**LICENSE, "leftItems": 1200}
    assert "License spring-1: 60 s and 1,200 videos left, until" in text(a_job(phase="Running", license=bounded))


def test_a_refusal_without_clause_is_told_in_its_own_words() -> None:
    refusal = {
        "reason": "ContentBlocked",
        "message": "script (en): 'x' is crime that no farm renders; change the words",
    }
    found = text(a_job(phase="Refused", refusals=[refusal]))
    assert "ContentBlocked\n    script (en)" in found
    assert found.endswith("  - change the words")


def test_waiting_for_consent_names_the_request() -> None:
    pending = {
        "type": "ConsentPending",
        "status": "True",
        "reason": "ConsentPending",
        "message": "ConsentRequest talent-ada/x waits for the owner's signature; nothing is rendered before",
        "lastTransitionTime": "2026-11-21T00:00:00Z",
    }
    found = text(a_job(phase="Pending", conditions=[pending], consentRequest="talent-ada/x"))
    assert "acme/spring waits: ConsentRequest talent-ada/x" in found
    assert "understudy consent show x -n talent-ada" in found


@pytest.mark.parametrize(("reason", "cure"), [("TooManyFailedItems", True), ("DeadlineExceeded", False)])
def test_a_job_that_failed_says_of_what_and_what_to_do(reason: str, cure: bool) -> None:
    failed = {
        "type": "Failed",
        "status": "True",
        "reason": reason,
        "message": "the message",
        "lastTransitionTime": "2026-11-21T00:00:00Z",
    }
    found = text(a_job(phase="Failed", conditions=[failed]))
    assert found.startswith(f"acme/spring failed: {reason}.\n  the message")
    assert ("`understudy requeue spring -n acme --failed`" in found) == cure


@pytest.mark.parametrize("phase", ["Suspended", "Cancelled"])
def test_a_budget_that_is_reached_says_what_was_spent_and_the_cure(phase: str) -> None:
    said = "budget: 12.4001 of 12.50 EUR are spent; raise spec.budget.max to go on"
    reached = {
        "type": "BudgetReached",
        "status": "True",
        "reason": "BudgetReached",
        "message": said,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    found = text(a_job(phase=phase, conditions=[reached]))
    assert found == f"acme/spring: it is {phase.lower()} by its budget.\n  {said}"
    within = text(a_job(phase="Running", conditions=[{**reached, "status": "False"}]))
    assert "nothing speaks against it; it is running" in within


def test_a_job_that_runs_says_so() -> None:
    assert "nothing speaks against it; it is running." in text(a_job(phase="Running"))
    assert "not looked at yet" in text(a_job())


def test_a_spec_that_cannot_be_read_is_one_line() -> None:
    with pytest.raises(UserError, match="acme/spring: its spec cannot be read"):
        text({**a_job(), "spec": {}})
