"""Commands of a document: lines that begin with `    $ `, and below each what it prints."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def commands(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Commands of a document, each with the lines that it has to print."""
    found: list[tuple[str, tuple[str, ...]]] = []
    open_ = False
    for line in text.splitlines():
        if line.startswith("    $ "):
            found.append((line.removeprefix("    $ "), ()))
            open_ = True
        elif line.startswith("    ") and open_:
            command, printed = found[-1]
            found[-1] = (command, (*printed, line.strip()))
        else:
            open_ = False
    return found


def holds(wanted: Sequence[str], said: str) -> bool:
    """Whether all lines were printed: a long one as a part of a line too, `yes` and `no` as they are."""
    return all(line in said.splitlines() or (len(line) > 3 and line in said) for line in wanted)


def prints(command: str, folder: Path, environment: Mapping[str, str], limit_seconds: float = 60) -> str:
    """What a command prints, run in a folder; beside the caller's environment it has that of the document."""
    return outcome(command, folder, environment, limit_seconds)[1]


def outcome(command: str, folder: Path, environment: Mapping[str, str], limit_seconds: float = 60) -> tuple[int, str]:
    """Exit code of a command, of the first that fails in a pipe, and what it prints; as `prints`."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=limit_seconds,
    )
    return done.returncode, done.stdout + done.stderr
