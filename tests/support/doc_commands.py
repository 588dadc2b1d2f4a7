"""Commands of a document: lines that begin with `    $ `, and below each what it prints."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
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


def stands(line: str, text: str) -> bool:
    """Whether a line was printed: a long one as a part of a line too, `yes` and `no` as they are."""
    return line in text.splitlines() or (len(line) > 3 and line in text)


def prints(command: str, folder: Path, environment: Mapping[str, str], limit_seconds: float = 60) -> str:
    """What a command prints, run in a folder; beside the caller's environment it has that of the document."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=limit_seconds,
    )
    return done.stdout + done.stderr
