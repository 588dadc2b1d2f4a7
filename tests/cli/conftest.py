"""A namespace of a brand on the real API server, for commands that read and change jobs."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
from kubectl_site import Jobs, administrator

from understudy_cli.kubectl import Kubectl


@pytest.fixture
def jobs(control_plane: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Jobs:
    """Jobs in a namespace of this test's own; commands find the cluster by KUBECONFIG, and no farm's keys."""
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("COLUMNS", "200")
    operator = Kubectl(control_plane.kubectl, control_plane.operator_kubeconfig)
    made = Jobs(administrator(control_plane), operator, f"brand-{secrets.token_hex(3)}")
    made.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": made.namespace}})
    return made
