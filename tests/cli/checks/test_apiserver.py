"""The API server as `understudy doctor` sees it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kubectl_site import administrator

from understudy_cli.checks.apiserver import apiserver, compared, version
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import kubeconfig
from understudy_cli.local.kubeconfig import Access

NOON = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "result"),
    [("v1.30.0", "pass"), ("v1.34.4+k3s1", "pass"), ("v2.0.1", "pass"), ("v1.29.9", "fail"), ("v1.9.0", "fail")],
)
def test_a_cluster_is_new_enough_or_says_which_it_should_be(told: str, result: str) -> None:
    found = version({"gitVersion": told})
    assert (found.name, found.result) == ("version", result)
    if result == "fail":
        assert found.message == f"wanted Kubernetes 1.30 or newer, got {told}"
        assert "1.30" in found.cure


def test_a_version_that_cannot_be_read_is_no_pass() -> None:
    assert version({}).result == "fail"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, ""), (60, ""), (-60, ""), (75, "70 s behind"), (-75, "74 s ahead of")],
)
def test_clocks_may_differ_by_a_minute(seconds: int, said: str) -> None:
    """The server's second lies up to 1 s back, and the way there took 5 s: neither counts as skew."""
    found = compared("clock", "the API server", NOON + timedelta(seconds=seconds), NOON, NOON + timedelta(seconds=5))
    assert found.result == ("fail" if said else "pass")
    assert said in found.message


def test_nobody_there_is_one_check_with_its_cure(tmp_path: Path, control_plane: Any) -> None:
    gone = kubeconfig.write(tmp_path / "config", Access("https://127.0.0.1:1", None, token="x"), "x")
    (only,) = apiserver(Kubectl(control_plane.kubectl, gone))
    assert (only.name, only.result) == ("cluster", "fail")
    assert "refused" in only.message
    assert "KUBECONFIG" in only.cure


@pytest.mark.farm
@pytest.mark.parametrize(("minutes", "result"), [(0, "pass"), (2, "fail"), (-2, "fail")])
def test_the_real_server_is_reached_and_its_clock_compared(control_plane: Any, minutes: int, result: str) -> None:
    found = apiserver(
        administrator(control_plane), clock=lambda: datetime.now(UTC).replace() + timedelta(minutes=minutes)
    )
    assert [(one.name, one.result) for one in found] == [("cluster", "pass"), ("version", "pass"), ("clock", result)]
