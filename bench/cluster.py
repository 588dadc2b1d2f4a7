"""The kind cluster of `make kind-up`, as a bench finds it and leaves it: without a farm."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.campaign import ROOT
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import toolchain

NAME: Final = os.environ.get("KIND_CLUSTER", "understudy")
NAMESPACE: Final = "understudy-system"
LIMIT_SECONDS: Final = 300


@dataclass(frozen=True)
class Cluster:
    """Reached as its administrator."""

    kubectl: Kubectl

    @classmethod
    def find(cls, folder: Path) -> Cluster:
        """The cluster, its kubeconfig in `folder`. RuntimeError when there is none, or a farm on it already."""
        done = subprocess.run(
            ["kind", "get", "kubeconfig", "--name", NAME], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"there is no kind cluster {NAME}: make kind-up")
        (folder / "kubeconfig").write_text(done.stdout)
        found = cls(Kubectl(toolchain.require("kubectl"), folder / "kubeconfig"))
        if found.run("get", "crd", "renderjobs.understudy.dev", "--ignore-not-found"):
            raise RuntimeError(f"kind cluster {NAME} has a farm already: make kind-down kind-up")
        return found

    def run(self, *words: str, text: str = "") -> str:
        """What a kubectl command prints; RuntimeError with its words when it fails."""
        program = (str(self.kubectl.binary), "--kubeconfig", str(self.kubectl.kubeconfig))
        return command(*program, *words, text=text)

    def install(self) -> None:
        """The chart with the images that `make kind-up` loaded, the object store and a small Ray among them."""
        version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
        tags = {"operator": version, "render": f"{version}-cpu", "minio": version}
        words = [word for name, tag in tags.items() for word in ("--set", f"image.{name}.tag={tag}")]
        values = ("--values", str(ROOT / "tests" / "kind" / "values.yaml"))
        self._helm("install", "understudy", str(ROOT / "charts" / "understudy"), *values, *words, "--wait")

    def give_secrets(self, keys: Path) -> None:
        """Brings the farm's Secrets there; keys are kept in the folder."""
        labelled = "pod-security.kubernetes.io/enforce=restricted"
        self.run("create", "namespace", NAMESPACE)
        self.run("label", "namespace", NAMESPACE, labelled)
        secrets = understudy("chart", "secrets", str(keys))
        self.run("apply", "--server-side", "-f", "-", text=secrets)

    def clear(self, *namespaces: str) -> None:
        """Takes everything of the farm away, its objects too."""
        for kind in ("renderjobs", "licenses", "twinmodels", "renderpools"):
            self.run("delete", f"{kind}.understudy.dev", "--all", "-A", "--ignore-not-found", "--timeout=60s")
        self._helm("uninstall", "understudy", "--wait", "--ignore-not-found")
        found = self.run("get", "crd", "-o", "name").split()
        self.run("delete", "--ignore-not-found", *[name for name in found if name.endswith(".understudy.dev")])
        self.run("delete", "namespace", NAMESPACE, *namespaces, "--ignore-not-found")

    def _helm(self, *words: str) -> None:
        where = ("--namespace", NAMESPACE, "--kubeconfig", str(self.kubectl.kubeconfig), "--timeout", "200s")
        command(str(toolchain.require("helm")), *words, *where)


def understudy(*words: str, folder: Path = ROOT, **environment: str) -> str:
    """What a command of ours prints, run in a folder; RuntimeError with its words when it fails."""
    program = str(Path(sys.executable).with_name("understudy"))
    return command(program, *words, folder=folder, **environment)


def command(*words: str, text: str = "", folder: Path = ROOT, **environment: str) -> str:
    """What a program prints; RuntimeError with its words when it fails."""
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, **environment},
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"bench: {' '.join(words)}: {done.stderr or done.stdout}")
    return done.stdout
