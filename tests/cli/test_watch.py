"""`understudy watch`, on jobs whose status the test writes."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from kubectl_site import Jobs, said

from understudy_cli.errors import UserError
from understudy_cli.watch import ending, exit_code, followed, glance, why


def a_job(phase: str | None, observed: int = 2, **status: Any) -> dict[str, Any]:
    told = {"phase": phase, "observedGeneration": observed, **status}
    return {"metadata": {"namespace": "acme", "name": "spring", "generation": 2}, "status": told}


@pytest.mark.parametrize(
    ("phase", "code"),
    [("Complete", 0), ("Failed", 2), ("Refused", 2), ("Cancelled", 2), ("Running", 3), ("Suspended", 3), (None, 3)],
)
def test_the_exit_code_says_how_a_job_ended(phase: str | None, code: int) -> None:
    assert exit_code(a_job(phase)) == code


def test_the_word_on_an_older_spec_ends_nothing() -> None:
    assert ending(a_job("Complete", observed=1)) is None


def test_why_is_the_ending_or_what_holds_it_up() -> None:
    interrupted, failed = (
        said("Interrupted", "True", "S3Away", "s3: down"),
        said("Failed", "True", "TooMany", "3 failed"),
    )
    assert why(a_job("Running", conditions=[interrupted])) == "S3Away: s3: down"
    assert why(a_job("Failed", conditions=[interrupted, failed])) == "TooMany: 3 failed"
    assert why(a_job("Running", conditions=[{**interrupted, "status": "False"}])) == ""
    reached = said("BudgetReached", "True", "BudgetReached", "12 of 12.50 EUR are spent")
    assert why(a_job("Suspended", conditions=[reached])) == "BudgetReached: 12 of 12.50 EUR are spent"
    assert why(a_job("Running", conditions=[{**reached, "status": "False"}])) == ""


def test_a_glance_counts_what_was_lost() -> None:
    seen = glance(a_job("Running", items={"total": 9, "done": 5, "failed": 1, "rejected": 2}))
    assert (seen["total"], seen["done"], seen["failed"], seen["rejected"]) == (9, 5, 1, 2)


@pytest.mark.farm
@pytest.mark.parametrize(
    ("phase", "condition", "code", "line"),
    [
        ("Complete", said("Complete", "True", "AllItemsDone", "9 items are delivered"), 0, "Complete"),
        ("Failed", said("Failed", "True", "TooManyFailedItems", "1 item failed"), 2, "TooManyFailedItems: 1 item"),
        ("Refused", said("Admitted", "False", "TerritoryNotCovered", "JP"), 2, "`understudy why spring` says what"),
    ],
)
def test_an_ended_job_is_told_at_once(jobs: Jobs, phase: str, condition: dict[str, str], code: int, line: str) -> None:
    jobs.make("spring", phase=phase, conditions=[condition])
    shown = jobs.run("watch", "renderjob/spring")
    assert shown.exit_code == code
    assert f"{jobs.namespace}/spring: {phase}" in shown.stdout
    assert line in shown.stdout


@pytest.mark.farm
def test_a_running_job_is_followed_to_its_end(jobs: Jobs) -> None:
    jobs.make("spring", phase="Running", items={"total": 3, "done": 1})
    glances = followed(jobs.kubectl, "spring", jobs.namespace, None)
    assert glance(next(glances))["done"] == 1
    jobs.say("spring", phase="Complete", items={"total": 3, "done": 3})
    assert [glance(one)["phase"] for one in glances] == ["Complete"]


@pytest.mark.farm
def test_json_is_a_line_for_each_change(jobs: Jobs) -> None:
    jobs.make("spring", phase="Running", items={"total": 3, "done": 1})
    ends = threading.Timer(2.0, lambda: jobs.say("spring", phase="Complete", items={"total": 3, "done": 3}))
    ends.start()
    shown = jobs.run("watch", "spring", "-o", "json")
    ends.join()
    assert shown.exit_code == 0
    assert [json.loads(line)["done"] for line in shown.stdout.splitlines()] == [1, 3]


@pytest.mark.farm
def test_a_job_that_does_not_end_in_time_is_code_3(jobs: Jobs) -> None:
    jobs.make("spring", phase="Running")
    assert jobs.run("watch", "spring", "--timeout", "0").exit_code == 3


@pytest.mark.farm
def test_a_job_that_is_not_there_is_one_line(jobs: Jobs) -> None:
    failed = jobs.run("watch", "nothing")
    assert isinstance(failed.exception, UserError)
    assert 'renderjobs.understudy.dev "nothing" not found' in str(failed.exception)
    assert failed.stdout == ""
