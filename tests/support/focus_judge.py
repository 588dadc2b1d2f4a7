"""The FinOps Foundation's own validator of FOCUS, in an environment of its own, without a network once that is made."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).with_name("focus-validator.txt")
VERSION = "1.2"
"""The newest whose rules come with it."""
CRITERIA = (
    "ACCOUNT_NAMING_SUPPORTED",
    "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED",
    "MULTIPLE_PRICING_CATEGORIES_SUPPORTED",
    "MULTIPLE_SUB_ACCOUNT_TYPES_SUPPORTED",
    "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED",
    "SUB_ACCOUNT_SUPPORTED",
    "TAGGING_SUPPORTED",
    "USAGE_MEASUREMENT_SUPPORTED",
)


class Judge:
    """Says which rules a file breaks."""

    def __init__(self, environment: Path) -> None:
        self._program = environment / "bin" / "focus-validator"
        (self._folder,) = environment.glob("lib/python3*/site-packages")

    def broken(self, file: Path) -> set[str]:
        """Ids of the rules that the file breaks."""
        command = [self._program, "--data-file", file, "--validate-version", VERSION, "--block-download"]
        command += ["--applicability-criteria", ",".join(CRITERIA)]
        # It reads its list of currencies by a path relative to where it is installed.
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, timeout=120)
        told = dict(re.findall(r"^\W*([A-Za-z]+-[A-Z]-\d{3}-[A-Z]): (PASS|FAIL)", done.stdout, re.MULTILINE))
        assert len(told) > 150, done.stdout[-2000:] + done.stderr[-2000:]
        return {rule for rule, verdict in told.items() if verdict == "FAIL"}


def judge() -> Judge:
    """The validator, installed once; skips where there is no Python 3.12 to run it."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    environment = Path.home() / ".cache" / "understudy" / f"focus-validator-{digest}"
    if not (environment / "installed").exists():
        shutil.rmtree(environment, ignore_errors=True)
        python = next(_pythons(), None)
        if python is None:
            pytest.skip("the validator of FOCUS needs Python 3.12: put python3.12 on PATH")
        subprocess.run([python, "-m", "venv", environment], check=True)
        install = [environment / "bin" / "pip", "install", "--quiet", "--requirement", REQUIREMENTS]
        subprocess.run(install, check=True)
        (environment / "installed").touch()
    return Judge(environment)


def _pythons() -> Iterator[str]:
    known = [shutil.which("python3.12"), *map(str, Path.home().glob(".pyenv/versions/3.12*/bin/python3.12"))]
    for one in filter(None, known):
        found = subprocess.run([one, "-c", "import ensurepip"], capture_output=True, env={**os.environ})
        if found.returncode == 0:
            yield one
