"""kubectl against the session's API server, as its administrator and as somebody without rights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from understudy_cli.kubectl import Kubectl
from understudy_cli.local import kubeconfig
from understudy_cli.local.cluster import Cluster
from understudy_cli.local.kubeconfig import Access


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
