"""How commands name jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kubectl_site import Jobs

from understudy_cli.errors import UserError
from understudy_cli.jobs import change_job, find_job, name_of, names
from understudy_cli.kubectl import Kubectl


@pytest.mark.parametrize("what", ["spring", "renderjob/spring", "rj/spring", "job/spring"])
def test_a_job_is_named_as_kubectl_does(what: str) -> None:
    assert name_of(what) == "spring"


@pytest.mark.parametrize("what", ["pod/spring", "renderjob/", ""])
def test_another_kind_is_refused(what: str) -> None:
    with pytest.raises(UserError, match="wanted NAME or renderjob/NAME"):
        name_of(what)


class OldCluster(Kubectl):
    """A cluster whose RenderJob lacks the field: the API server drops it without a word."""

    def patch(self, *_: Any) -> dict[str, Any]:
        return {"metadata": {"namespace": "acme", "name": "spring"}, "spec": {}}


def test_a_field_that_the_cluster_dropped_is_no_success() -> None:
    old = OldCluster(*[None] * 2)  # type: ignore[arg-type]
    with pytest.raises(
        UserError, match=r"acme/spring: the cluster's RenderJob has no spec.retry; apply this release's"
    ):
        change_job(old, "spring", "acme", {"retry": 1})


@pytest.mark.farm
def test_without_a_namespace_it_is_the_contexts(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.make("spring")
    monkeypatch.setattr(Kubectl, "namespace", lambda _: jobs.namespace)
    assert find_job(jobs.kubectl, "spring", None)["metadata"]["namespace"] == jobs.namespace


@pytest.mark.farm
def test_a_context_without_a_namespace_means_default(jobs: Jobs) -> None:
    assert jobs.kubectl.namespace() == "default"


@pytest.mark.farm
def test_a_shell_is_offered_the_jobs_of_the_namespace(jobs: Jobs) -> None:
    for name in ("spring", "summer", "autumn"):
        jobs.make(name)
    program = Path(sys.executable).parent / "kubectl_complete-understudy"
    asked = [program, "watch", "-n", jobs.namespace, "s"]
    done = subprocess.run(asked, env=dict(os.environ), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["spring", "summer", ":4"]


def test_a_shell_is_offered_nothing_without_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    assert names(SimpleNamespace(params={}), "") == []  # type: ignore[arg-type]
