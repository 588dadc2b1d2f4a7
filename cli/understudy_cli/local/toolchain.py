"""The programs of a farm that are not Python: found where they are, built where they are not.

Order: `$KUBEBUILDER_ASSETS`, PATH, our cache, a build from the Go modules in `tools/`. A ready-made program is used
only if its version is one we have seen working; the cache is keyed by the module's own files, so a changed pin
builds anew and an old build is never mistaken for it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from understudy_cli.errors import UserError

KUBERNETES_VERSION: Final = "v1.34.4"
_VERSION_TIMEOUT_SECONDS: Final = 20


@dataclass(frozen=True)
class Tool:
    """One program: the module under `tools/` that pins it, its Go package, and which ready-made ones will do."""

    name: str
    module: str
    package: str
    version_arguments: tuple[str, ...]
    accepts: str
    """Regular expression searched in what the version arguments print."""
    linker_flags: tuple[str, ...] = field(default=())


_STAMP: Final = tuple(
    f"-X k8s.io/component-base/version.{name}={value}"
    for name, value in (("gitVersion", KUBERNETES_VERSION), ("gitMajor", "1"), ("gitMinor", "34"))
)
_HELM_STAMP: Final = tuple(  # what charts are rendered for where no cluster is asked
    f"-X helm.sh/helm/v3/pkg/{package}.k8sVersion{name}={value}"
    for package in ("chartutil", "lint/rules")
    for name, value in (("Major", "1"), ("Minor", "34"))
)
_CMD: Final = "k8s.io/kubernetes/cmd"

TOOLS: Final[Mapping[str, Tool]] = {
    tool.name: tool
    for tool in (
        Tool("etcd", "etcd", "go.etcd.io/etcd/server/v3", ("--version",), r"etcd Version: 3\.[56]\."),
        Tool("minio", "minio", "github.com/minio/minio", ("--version",), r"RELEASE\.202[5-9]-"),
        Tool("kube-apiserver", "kubernetes", f"{_CMD}/kube-apiserver", ("--version",), r"v1\.34\.", _STAMP),
        Tool(
            "kube-controller-manager",
            "kubernetes",
            f"{_CMD}/kube-controller-manager",
            ("--version",),
            r"v1\.34\.",
            _STAMP,
        ),
        Tool(
            "kubectl",
            "kubernetes",
            f"{_CMD}/kubectl",
            ("version", "--client"),
            r"Client Version: v1\.(3[1-9]|[4-9]\d)\.",
            _STAMP,
        ),
        Tool(
            "helm",
            "helm",
            "helm.sh/helm/v3/cmd/helm",
            ("version", "--short"),
            r"v3\.(1[89]|2\d)\b",
            _HELM_STAMP,
        ),
        Tool("mc", "mc", "github.com/minio/mc", ("--version",), r"mc version RELEASE\.202[4-9]-"),
    )
}


def find(name: str) -> Path | None:
    """A program that will do, or None when it has to be built."""
    return _ready_made(TOOLS[name]) or cached(TOOLS[name])


def require(name: str) -> Path:
    """A program that will do; UserError naming the cure when there is none yet."""
    path = find(name)
    if path is None:
        raise UserError(f"{name} is not built yet; `understudy tools` builds what the farm needs")
    return path


def missing(names: tuple[str, ...] = tuple(TOOLS)) -> tuple[Tool, ...]:
    """The tools among `names` that have to be built."""
    return tuple(TOOLS[name] for name in names if find(name) is None)


def cached(tool: Tool) -> Path | None:
    """Our own build of the tool, if it is there."""
    path = cache_folder(tool.module) / tool.name
    return path if path.exists() else None


def cache_root() -> Path:
    """`understudy` under the XDG cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser().absolute() / "understudy"


def cache_folder(module: str) -> Path:
    """Where builds of a module lie: named by the digest of its pins, which include the Go version it asks for."""
    folder = modules_folder() / module
    pins = [(folder / name).read_bytes() for name in ("go.mod", "go.sum")]
    digest = hashlib.sha256(b"\0".join([*pins, KUBERNETES_VERSION.encode()])).hexdigest()
    return cache_root() / "bin" / f"{module}-{digest[:16]}"


def modules_folder() -> Path:
    """The Go modules: in the wheel beside this file, in a checkout at its root."""
    here = Path(__file__).resolve()
    for folder in (here.parent / "tools", here.parents[3] / "tools"):
        if (folder / "kubernetes" / "go.mod").exists():
            return folder
    raise UserError("tools/kubernetes/go.mod is missing: install the wheel again, or run from a whole checkout")


def _ready_made(tool: Tool) -> Path | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    candidates = [Path(assets) / tool.name] if assets else []
    on_path = shutil.which(tool.name)
    candidates += [Path(on_path)] if on_path else []
    return next((path for path in candidates if path.exists() and _accepted(tool, path)), None)


def _accepted(tool: Tool, path: Path) -> bool:
    try:
        shown = subprocess.run(
            [path, *tool.version_arguments],
            capture_output=True,
            text=True,
            timeout=_VERSION_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return re.search(tool.accepts, shown.stdout + shown.stderr) is not None
