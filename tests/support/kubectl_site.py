"""kubectl against the session's API server, as its administrator and as somebody without rights; jobs to try commands on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import Result
from typer.testing import CliRunner

from understudy_cli.__main__ import app
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import kubeconfig
from understudy_cli.local.cluster import Cluster
from understudy_cli.local.kubeconfig import Access


def stand_in(folder: Path, script: str) -> Kubectl:
    """A program in kubectl's place."""
    binary = folder / "kubectl"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o700)
    return Kubectl(binary, folder / "config")


def administrator(control_plane: Any) -> Kubectl:
    """Who may do everything."""
    return Kubectl(control_plane.kubectl, control_plane.kubeconfig)


def service_account(control_plane: Any, namespace: str, name: str, folder: Path) -> Kubectl:
    """A service account made for this: it may only what the test binds to it."""
    admin = administrator(control_plane)
    admin.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    admin.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}})
    access = kubeconfig.read(control_plane.kubeconfig)
    with Cluster(access) as cluster:
        token = cluster.token(namespace, name, 3600)
    own = Access(access.server, access.authority_pem, token=token)
    return Kubectl(control_plane.kubectl, kubeconfig.write(folder / f"{name}.kubeconfig", own, name))


def bind(control_plane: Any, role: str, namespace: str, account: str) -> None:
    """Give a service account of the namespace a ClusterRole there."""
    administrator(control_plane).apply(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": f"{account}-{role}", "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
        }
    )


SPEC = {
    "twinRef": {"namespace": "talent-ada", "name": "ada"},
    "licenseRef": {"namespace": "talent-ada", "name": "spring"},
    "use": {"purpose": "advertising", "channels": ["social"], "territories": ["DE"]},
    "script": {"scenes": [{"say": "Hi!"}]},
    "locales": ["en-GB"],
    "outputs": [{"name": "wide", "width": 640, "height": 360}],
}


@dataclass(frozen=True)
class Jobs:
    """RenderJobs of one namespace, whose status the test writes in the operator's place."""

    kubectl: Kubectl
    operator: Kubectl
    namespace: str

    def make(self, name: str, **status: Any) -> None:
        """A job that no operator looks at; `status` is what one would have said of its present spec."""
        kind = {"apiVersion": "understudy.dev/v1alpha1", "kind": "RenderJob"}
        self.kubectl.apply({**kind, "metadata": {"name": name, "namespace": self.namespace}, "spec": SPEC})
        self.say(name, **status)

    def say(self, name: str, **status: Any) -> None:
        """What an operator would say of the job as it is now."""
        generation = self.read(name)["metadata"]["generation"]
        self.operator.patch_status("renderjob", name, self.namespace, {"observedGeneration": generation, **status})

    def read(self, name: str) -> dict[str, Any]:
        """The job as it stands."""
        return self.kubectl.get("renderjob", name, self.namespace)

    def run(self, *words: str) -> Result:
        """`understudy <words> -n <namespace>`."""
        return CliRunner().invoke(app, [*words, "-n", self.namespace])


def said(kind: str, status: str, reason: str, message: str = "") -> dict[str, str]:
    """A condition as an operator writes it."""
    time = "2026-11-28T12:00:00Z"
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": time}
