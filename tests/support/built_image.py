"""A built image, run as a cluster runs them: no capability, a read-only root file system, memory mounted at /tmp."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@dataclass(frozen=True)
class BuiltImage:
    """An image by its tag."""

    tag: str

    def inspect(self) -> dict[str, Any]:
        """What the engine knows of it."""
        done = subprocess.run(["docker", "image", "inspect", self.tag], capture_output=True, text=True, check=True)
        facts: dict[str, Any] = json.loads(done.stdout)[0]
        return facts

    def compressed_bytes(self) -> int:
        """About what a node pulls: `docker save | gzip -1 | wc -c`."""
        command = f"set -o pipefail; docker save {shlex.quote(self.tag)} | gzip -1 | wc -c"
        return int(subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout)

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command in it as the chart's pods do, without any network but loopback."""
        options = ["--rm", "--interactive", "--read-only", "--tmpfs", "/tmp:exec", "--shm-size", "512m"]
        options += ["--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        argv = ["docker", "run", *options, self.tag, *command]
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False, timeout=240)

    def python(self, code: str) -> str:
        """What this code prints in it."""
        done = self.run("python", "-", stdin=code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def built(name: str) -> BuiltImage:
    """The image of this name, or a skipped test."""
    repository, tag = os.environ.get("IMAGE_REPOSITORY", "understudy"), os.environ.get("IMAGE_TAG", VERSION)
    base, _, variant = name.partition("-")
    image = f"{repository}/{base}:{tag}{variant and '-' + variant}"
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode:
        pytest.skip(f"{image} is not built: make image-{name}")
    return BuiltImage(image)
