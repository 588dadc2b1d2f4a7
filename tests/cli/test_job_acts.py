"""Pause, resume and requeue, on a real job."""

from __future__ import annotations

import pytest
from kubectl_site import Jobs

from understudy_cli.errors import UserError

pytestmark = pytest.mark.farm


def test_pause_and_resume_are_spec_suspend(jobs: Jobs) -> None:
    jobs.make("spring")
    assert "suspended" in jobs.run("pause", "spring").stdout
    assert jobs.read("spring")["spec"]["suspend"] is True
    assert "goes on" in jobs.run("resume", "renderjob/spring").stdout
    assert jobs.read("spring")["spec"]["suspend"] is False


def test_requeue_raises_retry_by_one_each_time(jobs: Jobs) -> None:
    jobs.make("spring", phase="Failed", items={"total": 9, "done": 6, "failed": 1, "rejected": 2})
    before = jobs.read("spring")["metadata"]["generation"]
    assert "3 items are tried again (spec.retry: 1)" in jobs.run("requeue", "spring", "--failed").stdout
    assert "(spec.retry: 2)" in jobs.run("requeue", "spring", "--failed").stdout
    found = jobs.read("spring")
    assert found["spec"]["retry"] == 2
    assert found["metadata"]["generation"] == before + 2


def test_a_job_that_lost_nothing_stays_as_it_is(jobs: Jobs) -> None:
    jobs.make("spring", phase="Complete", items={"total": 9, "done": 9})
    shown = jobs.run("requeue", "spring", "--failed")
    assert shown.exit_code == 0
    assert "nothing to try again" in shown.stdout
    assert jobs.read("spring")["spec"].get("retry", 0) == 0


def test_requeue_says_what_it_can_requeue(jobs: Jobs) -> None:
    jobs.make("spring", items={"failed": 1})
    assert isinstance(jobs.run("requeue", "spring").exception, UserError)
    assert jobs.read("spring")["spec"].get("retry", 0) == 0
