"""Ray's Jobs API, against a real Ray."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from operator_site import until

from understudy_api.settings import RayEndpoint
from understudy_cli.local.keys import Keys
from understudy_cli.local.pool import dashboard_url
from understudy_operator.core.pool_policy import submission_id
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.ray_jobs import RayJobs

RELEASE = "abcdef012345" + "0" * 52


@pytest.fixture(scope="module")
def endpoint(farm: Any) -> RayEndpoint:
    site = farm.up(["ray"])
    return RayEndpoint(address=dashboard_url(site), token_file=Keys.at(site.home).ray_token)


@pytest.fixture
def jobs(endpoint: RayEndpoint) -> Iterator[RayJobs]:
    jobs = RayJobs(endpoint, entrypoint=f'test "$UNDERSTUDY_RELEASE $UNDERSTUDY_POOL" = "{RELEASE} gpu"')
    yield jobs
    jobs.close()


def test_a_submission_runs_with_its_release_and_its_pools_name_and_is_listed(jobs: RayJobs) -> None:
    name = submission_id(RELEASE, 1)
    jobs.submit(name, RELEASE, "gpu")
    jobs.submit(name, RELEASE, "gpu")
    done = until(jobs.submissions, lambda found: found and found[-1].status not in {"PENDING", "RUNNING"}, 60)
    assert [(one.submission_id, one.status) for one in done] == [(name, "SUCCEEDED")]
    assert done[0].submitted_at > 1.7e9
    jobs.submit(name, RELEASE, "gpu")
    assert len(jobs.submissions()) == 1


def test_a_caller_without_the_token_is_refused(endpoint: RayEndpoint, tmp_path: Any) -> None:
    path = tmp_path / "token"
    path.write_text("wrong")
    stranger = RayJobs(endpoint.model_copy(update={"token_file": path}))
    with pytest.raises(OutageError, match="share a token"):
        stranger.submissions()
    with pytest.raises(OutageError):
        stranger.submit(submission_id(RELEASE, 9), RELEASE, "gpu")
    stranger.close()


def test_nobody_there_is_an_outage(endpoint: RayEndpoint) -> None:
    away = RayJobs(endpoint.model_copy(update={"address": "http://127.0.0.1:1"}))
    with pytest.raises(OutageError, match=r"Ray: http://127\.0\.0\.1:1 does not answer"):
        away.submissions()
    away.close()
