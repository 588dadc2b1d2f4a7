"""`understudy restore` against a real API server: the whole farm that comes back is in tests/docs/test_backup_and_restore.py."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from kubectl_site import administrator
from specs import SPECS
from typer.testing import CliRunner

from understudy_api.model import API_VERSION
from understudy_cli import restore as command
from understudy_cli.__main__ import app
from understudy_cli.kubectl import Kubectl
from understudy_cli.saved_objects import KINDS

pytestmark = pytest.mark.farm
UID = "0c8f2b1e-0000-4000-8000-000000000000"
LEASE = "understudy-operator"


@pytest.fixture
def kubectl(control_plane: Any, monkeypatch: pytest.MonkeyPatch) -> Kubectl:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    return administrator(control_plane)


@pytest.fixture
def system(kubectl: Kubectl) -> Iterator[Callable[[datetime | None], str]]:
    """A farm's own namespace, whose operator renewed its Lease then; of the real one its account is used."""
    spec: dict[str, Any] = {"leaseDurationSeconds": 15}

    def led(at: datetime | None) -> str:
        renewed = {"holderIdentity": "operator-1", "renewTime": at.isoformat()} if at else {}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
        metadata = {"name": LEASE, "namespace": "understudy-system"}
        kubectl.apply({**lease, "metadata": metadata, "spec": {**spec, **renewed}})
        return "understudy-system"

    yield led
    led(None)


@pytest.fixture
def free(system: Callable[[datetime | None], str]) -> str:
    """A farm without an operator at work."""
    return system(None)


@pytest.fixture
def namespace() -> str:
    return f"acme-{secrets.token_hex(3)}"


def saved(kind: str, namespace: str, name: str, **status: Any) -> dict[str, Any]:
    """An object of a cluster that is no more, at its fourth generation."""
    metadata = {"name": name, "namespace": namespace, "uid": UID, "generation": 4, "resourceVersion": "900"}
    if kind == "RenderPool":
        del metadata["namespace"]
    body = {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": SPECS[kind]}
    return {**body, "status": {"observedGeneration": 4, "conditions": [], **status}}


def a_namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "uid": UID}}


def restored(tmp_path: Path, *items: dict[str, Any]) -> Result:
    path = tmp_path / "objects.json"
    path.write_text(json.dumps({"kind": "List", "items": items}))
    return CliRunner().invoke(app, ["restore", str(path)])


@pytest.fixture
def job(kubectl: Kubectl, namespace: str) -> dict[str, Any]:
    """A finished job, saved with the defaults that its API server had given its spec."""
    was = f"was-{namespace}"
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": was}})
    (made,) = kubectl.create(
        [
            {
                "apiVersion": API_VERSION,
                "kind": "RenderJob",
                "metadata": {"name": "spring", "namespace": was},
                "spec": SPECS["RenderJob"],
            }
        ]
    )
    return {**saved("RenderJob", namespace, "spring", phase="Complete", orderDigest="a" * 64), "spec": made["spec"]}


def test_a_finished_job_comes_back_finished(
    kubectl: Kubectl, free: str, namespace: str, job: dict[str, Any], tmp_path: Path
) -> None:
    done = restored(tmp_path, job, a_namespace(namespace))
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [
        "Namespace       1 created, 0 were there",
        "RenderJob       1 created, 0 were there",
    ]
    found = kubectl.get("renderjob", "spring", namespace)
    assert (found["status"]["phase"], found["status"]["observedGeneration"]) == ("Complete", 1)
    assert found["metadata"]["uid"] != UID
    for one in (found, kubectl.get("namespace", namespace)):
        assert one["metadata"]["annotations"]["understudy.dev/restored-uid"] == UID


def test_every_kind_comes_back(kubectl: Kubectl, free: str, namespace: str, tmp_path: Path) -> None:
    everything = [saved(kind, namespace, f"one-{namespace}") for kind in reversed(KINDS)]
    done = restored(tmp_path, *everything, a_namespace(namespace), a_namespace("kube-public"))
    assert done.exit_code == 0, done.output
    assert [line.split()[:2] for line in done.output.splitlines()] == [[kind, "1"] for kind in ("Namespace", *KINDS)]
    assert "annotations" not in kubectl.get("namespace", "kube-public")["metadata"], "it holds nothing of ours"


def test_it_may_be_run_again(kubectl: Kubectl, free: str, namespace: str, job: dict[str, Any], tmp_path: Path) -> None:
    restored(tmp_path, job, a_namespace(namespace))
    before = kubectl.get("renderjob", "spring", namespace)
    again = restored(tmp_path, job, a_namespace(namespace))
    assert again.exit_code == 0, again.output
    assert "RenderJob       0 created, 1 were there" in again.output
    assert kubectl.get("renderjob", "spring", namespace) == before


def test_what_was_broken_off_between_object_and_status_is_ended(
    kubectl: Kubectl, free: str, namespace: str, job: dict[str, Any], tmp_path: Path
) -> None:
    restored(tmp_path, {**job, "status": {}}, a_namespace(namespace))
    assert "phase" not in kubectl.get("renderjob", "spring", namespace)["status"]
    restored(tmp_path, job, a_namespace(namespace))
    assert kubectl.get("renderjob", "spring", namespace)["status"]["phase"] == "Complete"


def test_what_somebody_else_made_is_left_and_named(
    kubectl: Kubectl, free: str, namespace: str, job: dict[str, Any], tmp_path: Path
) -> None:
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    kubectl.apply({**job, "metadata": {"name": "spring", "namespace": namespace}, "status": {}})
    done = restored(tmp_path, job, a_namespace(namespace))
    assert done.exit_code == 0, done.output
    assert f"RenderJob {namespace}/spring: was created by somebody else, so it is a new job" in done.output
    assert "phase" not in kubectl.get("renderjob", "spring", namespace)["status"]
    annotations = kubectl.get("namespace", namespace)["metadata"]["annotations"]
    assert annotations["understudy.dev/restored-uid"] == UID, "licenses know it again"


def test_many_objects_go_in_batches(
    kubectl: Kubectl, free: str, namespace: str, job: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "BATCH", 2)
    many = [{**job, "metadata": {**job["metadata"], "name": f"job-{n}"}} for n in range(5)]
    assert restored(tmp_path, *many, a_namespace(namespace)).exit_code == 0
    found = kubectl.every("renderjob.understudy.dev", "-n", namespace)
    assert [one["status"]["phase"] for one in found] == ["Complete"] * 5


def test_nothing_is_restored_while_an_operator_works(
    kubectl: Kubectl, system: Callable[[datetime | None], str], namespace: str, job: dict[str, Any], tmp_path: Path
) -> None:
    system(datetime.now(UTC))
    done = restored(tmp_path, job, a_namespace(namespace))
    assert done.exit_code == 1
    said = str(done.exception)
    assert "operator-1 leads; restore while no operator works: `kubectl scale deployment/understudy-operator" in said
    assert kubectl.every("namespace", f"--field-selector=metadata.name={namespace}") == []
    system(datetime.now(UTC) - timedelta(seconds=60))
    assert restored(tmp_path, job, a_namespace(namespace)).exit_code == 0, "one that died does not count"


def test_what_is_refused_is_named_and_the_rest_goes_on(
    kubectl: Kubectl, free: str, namespace: str, job: dict[str, Any], tmp_path: Path
) -> None:
    def named(name: str, **spec: Any) -> dict[str, Any]:
        return {**job, "metadata": {**job["metadata"], "name": name}, "spec": {**job["spec"], **spec}}

    jobs = named("first"), named("second", locales=[]), named("third"), named("fourth", priority="high")
    done = restored(tmp_path, *jobs, a_namespace(namespace))
    assert done.exit_code == 1
    assert str(done.exception) == (
        f"{tmp_path}/objects.json: 2 of its objects were refused; mend what is said of each and restore again"
    )
    said = done.output.splitlines()
    assert said[1] == "RenderJob       2 created, 0 were there, 2 refused"
    assert said[2].startswith(f"RenderJob {namespace}/second: kubectl create: ")
    assert "spec.locales" in said[2]
    assert said[3].startswith(f"RenderJob {namespace}/fourth: kubectl create: ")
    found = kubectl.every("renderjob.understudy.dev", "-n", namespace)
    assert {one["metadata"]["name"]: one["status"]["phase"] for one in found} == {
        "first": "Complete",
        "third": "Complete",
    }
    mended = restored(tmp_path, named("first"), named("second"), a_namespace(namespace))
    assert mended.exit_code == 0, mended.output
    assert mended.output.splitlines()[1] == "RenderJob       1 created, 1 were there"


def test_a_namespace_that_is_refused_is_named_with_what_it_holds(
    free: str, namespace: str, job: dict[str, Any], tmp_path: Path
) -> None:
    bad = {**a_namespace(namespace), "metadata": {"name": namespace, "uid": UID, "labels": {"not a label": "x"}}}
    done = restored(tmp_path, job, bad)
    assert done.exit_code == 1
    said = done.output.splitlines()
    assert said[0] == "Namespace       0 created, 0 were there, 1 refused"
    assert said[1].startswith(f"Namespace {namespace}: kubectl create: ")
    assert any(line.startswith(f"RenderJob {namespace}/spring: kubectl create: ") for line in said)


@pytest.mark.parametrize("spec", [{"priority": 700}, {"poolRef": {"name": "lost"}}])
def test_a_job_that_was_allowed_when_it_was_new_comes_back(
    kubectl: Kubectl, free: str, namespace: str, job: dict[str, Any], tmp_path: Path, spec: dict[str, Any]
) -> None:
    """Tenancy has changed since; it judges who asks for something, and nobody asks anew here."""
    done = restored(tmp_path, {**job, "spec": {**job["spec"], **spec}}, a_namespace(namespace))
    assert done.exit_code == 0, done.output
    assert kubectl.get("renderjob", "spring", namespace)["status"]["phase"] == "Complete"
