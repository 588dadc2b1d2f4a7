"""The chart and a real API server: what it renders is accepted, installed, upgraded and taken away again."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from chart_site import CHART, NAMESPACE, helm, rendered
from operator_site import until

from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home

pytestmark = pytest.mark.farm
HERE = Path(__file__).parent
VALUES = sorted((HERE / "values").glob("*.yaml"))
WATCHED = "pod-security.kubernetes.io/warn"
TRIAL = ("--values", str(HERE / "values" / "trial.yaml"))


@dataclass(frozen=True)
class Api:
    """kubectl and Helm as the administrator of one API server."""

    program: Path
    kubeconfig: Path

    def kubectl(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(self.program), "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=120)

    def helm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return helm("--kubeconfig", str(self.kubeconfig), "--namespace", NAMESPACE, *arguments)

    def names(self, kind: str) -> set[str]:
        shown = self.kubectl("get", kind, "-A", "-o", "json")
        return {each["metadata"]["name"] for each in json.loads(shown.stdout)["items"]}


@pytest.fixture(scope="module")
def api(control_plane) -> Api:
    api = Api(control_plane.kubectl, control_plane.kubeconfig)
    api.kubectl("create", "namespace", "charts")
    api.kubectl("create", "serviceaccount", "default", "-n", "charts")  # no controller makes it here
    assert api.kubectl("label", "namespace", "charts", f"{WATCHED}=restricted").returncode == 0
    return api


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_the_api_server_takes_every_object_and_calls_no_pod_unsafe(api, values):
    text = rendered(values, namespace="charts")
    done = api.kubectl("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-", given=text)
    assert done.returncode == 0, done.stderr
    assert "deployment.apps/understudy-operator serverside-applied (server dry run)" in done.stdout
    assert "would violate PodSecurity" not in done.stderr


def test_a_pod_that_is_not_restricted_would_be_called_unsafe(api):
    """The test above can fail."""
    text = rendered(VALUES[0], namespace="charts").replace("runAsNonRoot: true", "runAsNonRoot: false")
    done = api.kubectl("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-", given=text)
    assert "would violate PodSecurity" in done.stderr


@pytest.fixture(scope="module")
def empty(tmp_path_factory, control_plane) -> Iterator[Api]:
    """An API server of its own that knows nothing of the farm: the chart brings everything."""
    farm = Farm(Home(tmp_path_factory.mktemp("empty")))
    try:
        api = Api(control_plane.kubectl, farm.up(["apiserver"]).kubeconfig)
        # A definition that is deleted before its storage is open goes only after a long pause of its finalizer's.
        for kind in (name for name in api.names("crd") if "understudy" in name):
            until(lambda kind=kind: api.kubectl("get", kind, "-A").returncode == 0)
        for kind in (
            "crd",
            "clusterrole",
            "clusterrolebinding",
            "validatingadmissionpolicy",
            "validatingadmissionpolicybinding",
        ):
            ours = [name for name in sorted(api.names(kind)) if "understudy" in name and "admin" not in name]
            assert api.kubectl("delete", kind, *ours).returncode == 0
        for kind in ("serviceaccounts", "roles", "rolebindings"):
            api.kubectl("delete", kind, "--all", "-n", NAMESPACE)
        yield api
    finally:
        farm.purge()


def test_install_upgrade_and_uninstall(empty):
    installed = empty.helm("install", "understudy", str(CHART), *TRIAL)
    assert installed.returncode == 0, installed.stderr
    assert f"understudy chart secrets farm-keys --namespace {NAMESPACE} | kubectl apply" in installed.stdout
    assert "renderjobs.understudy.dev" in empty.names("crd")
    assert empty.names("renderpools") == {"default"}
    assert {"understudy-operator"} <= empty.names("deployments")

    patch = '{"spec": {"pricePerWorkerHour": {"amount": "1.25", "currency": "EUR"}}}'
    assert empty.kubectl("patch", "renderpool", "default", "--type=merge", "-p", patch).returncode == 0
    upgraded = empty.helm("upgrade", "understudy", str(CHART), *TRIAL, "--set", "operator.replicas=3")
    assert upgraded.returncode == 0, upgraded.stderr
    shown = empty.kubectl(
        "get", "deployment", "understudy-operator", "-n", NAMESPACE, "-o", "jsonpath={.spec.replicas}"
    )
    assert shown.stdout == "3"
    price = empty.kubectl("get", "renderpool", "default", "-o", "jsonpath={.spec.pricePerWorkerHour.amount}")
    assert price.stdout == "1.25"

    removed = empty.helm("uninstall", "understudy")
    assert removed.returncode == 0, removed.stderr
    assert "renderjobs.understudy.dev" in empty.names("crd")
    assert empty.names("renderpools") == {"default"}
    left = {kind: {name for name in empty.names(kind) if "understudy" in name} for kind in LEFT}
    assert left == {kind: set() for kind in LEFT}

    again = empty.helm("install", "understudy", str(CHART), *TRIAL)
    assert again.returncode == 0, again.stderr


LEFT = (
    "deployments",
    "statefulsets",
    "services",
    "configmaps",
    "networkpolicies",
    "poddisruptionbudgets",
    "clusterroles",
)


def test_an_old_cluster_is_refused_in_one_line():
    done = helm("template", "understudy", str(CHART), *TRIAL, "--kube-version", "1.29.0")
    assert done.returncode == 1
    assert "chart requires kubeVersion: >=1.30.0-0 which is incompatible with Kubernetes v1.29.0" in done.stderr
