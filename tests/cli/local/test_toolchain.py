import stat
from pathlib import Path

import pytest

from understudy_cli.errors import UserError
from understudy_cli.local import toolchain
from understudy_cli.local.toolchain import KUBERNETES_VERSION, TOOLS


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Path:
    """An empty machine: no assets, nothing on PATH, an empty cache."""
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def program(path: Path, says: str = "", code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' '{says}'\nexit {code}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


GOOD = {
    "etcd": "etcd Version: 3.6.4",
    "minio": "minio version RELEASE.2025-04-22T22-12-26Z",
    "kube-apiserver": "Kubernetes v1.34.1",
    "kube-controller-manager": "Kubernetes v1.34.7",
    "kubectl": "Client Version: v1.36.0",
    "helm": "v3.19.5+g4a19a5b",
    "mc": "mc version RELEASE.2025-03-12T17-29-24Z",
}
BAD = {
    "etcd": "etcd Version: 3.4.18",
    "minio": "minio version RELEASE.2023-01-01T00-00-00Z",
    "kube-apiserver": "Kubernetes v1.33.1",
    "kube-controller-manager": "Kubernetes v1.35.0",
    "kubectl": "Client Version: v1.29.4",
    "helm": "v3.8.0+gd141386",
    "mc": "GNU Midnight Commander 4.8.29",
}


@pytest.mark.parametrize("name", TOOLS)
def test_a_ready_made_program_is_used_if_its_version_will_do(elsewhere, name):
    path = program(elsewhere / "path" / name, GOOD[name])
    assert toolchain.find(name) == path
    program(path, BAD[name])
    assert toolchain.find(name) is None


def test_assets_come_before_the_path_and_the_path_before_the_cache(elsewhere, monkeypatch):
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(elsewhere / "assets"))
    cached = program(toolchain.cache_folder("etcd") / "etcd")
    assert toolchain.find("etcd") == cached
    on_path = program(elsewhere / "path" / "etcd", GOOD["etcd"])
    assert toolchain.find("etcd") == on_path
    asset = program(elsewhere / "assets" / "etcd", GOOD["etcd"])
    assert toolchain.find("etcd") == asset
    program(asset, BAD["etcd"])
    assert toolchain.find("etcd") == on_path


@pytest.mark.parametrize("breakage", ["fails", "is no program", "hangs"])
def test_a_broken_program_is_passed_over(elsewhere, monkeypatch, breakage):
    path = program(elsewhere / "path" / "etcd", "nothing of note", code=1)
    if breakage == "is no program":
        path.write_bytes(b"\x7fELF")
    if breakage == "hangs":
        monkeypatch.setattr(toolchain, "_VERSION_TIMEOUT_SECONDS", 0.05)
        path.write_text("#!/bin/sh\nwhile :; do :; done\n")
    assert toolchain.find("etcd") is None


def test_what_is_missing_is_named_with_its_cure(elsewhere):
    assert [tool.name for tool in toolchain.missing()] == list(TOOLS)
    program(elsewhere / "path" / "minio", GOOD["minio"])
    assert [tool.name for tool in toolchain.missing(("minio", "kubectl"))] == ["kubectl"]
    with pytest.raises(UserError, match="etcd is not built yet; `understudy tools` builds"):
        toolchain.require("etcd")


def test_a_changed_pin_is_another_build(elsewhere, monkeypatch):
    modules = elsewhere / "tools"
    for name in ("go.mod", "go.sum"):
        source = toolchain.modules_folder() / "etcd" / name
        (modules / "etcd").mkdir(parents=True, exist_ok=True)
        (modules / "etcd" / name).write_bytes(source.read_bytes())
    before = toolchain.cache_folder("etcd")
    monkeypatch.setattr(toolchain, "modules_folder", lambda: modules)
    assert toolchain.cache_folder("etcd") == before
    with (modules / "etcd" / "go.sum").open("a") as file:
        file.write("\n")
    assert toolchain.cache_folder("etcd") != before


def test_the_pins_are_the_versions_the_code_speaks_of():
    kubernetes = (toolchain.modules_folder() / "kubernetes" / "go.mod").read_text()
    assert f"k8s.io/kubernetes {KUBERNETES_VERSION}" in kubernetes
    staging = [line for line in kubernetes.splitlines() if " => " in line]
    assert len(staging) >= 31
    wanted = KUBERNETES_VERSION.replace("v1.", "v0.")
    assert all(line.endswith(f" {wanted}") for line in staging)


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_every_package_is_a_tool_of_its_module(tool):
    module = (toolchain.modules_folder() / tool.module / "go.mod").read_text()
    assert tool.package in module
    assert (toolchain.modules_folder() / tool.module / "go.sum").exists()
