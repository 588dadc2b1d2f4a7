"""Which cluster a command speaks to."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy_cli.cluster_access import connect
from understudy_cli.errors import UserError

CONTEXT = "apiVersion: v1\nkind: Config\ncurrent-context: there\n"
EMPTY = "apiVersion: v1\nkind: Config\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kubeconfig of a farm on this machine; nothing else leads anywhere."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "farm"))
    path = tmp_path / "farm" / "admin.kubeconfig"
    path.parent.mkdir()
    path.write_text(CONTEXT)
    return path


def usual(tmp_path: Path, text: str) -> Path:
    path = tmp_path / ".kube" / "config"
    path.parent.mkdir()
    path.write_text(text)
    return path


def test_without_anything_else_it_is_the_farm_of_this_machine(own: Path) -> None:
    assert connect().kubeconfig == own


def test_kubectls_own_configuration_comes_first(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = usual(tmp_path, CONTEXT)
    assert connect().kubeconfig == there
    monkeypatch.setenv("KUBECONFIG", f"{own}:{there}")
    assert connect().kubeconfig == own


@pytest.mark.parametrize("text", [EMPTY, "", "current-context: ''\n"])
def test_one_that_leads_nowhere_is_passed_over(own: Path, tmp_path: Path, text: str) -> None:
    usual(tmp_path, text)
    assert connect().kubeconfig == own


def test_one_that_cannot_be_read_is_kubectls_to_explain(own: Path, tmp_path: Path) -> None:
    assert connect().kubeconfig != usual(tmp_path, "current-context: [")
    assert connect().kubeconfig == tmp_path / ".kube" / "config"


def test_a_named_one_that_is_not_there_is_one_line(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(UserError, match="no cluster to speak to; set KUBECONFIG or start a farm with `understudy up`"):
        connect()
