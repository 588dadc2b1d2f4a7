"""What a document has people do: commands, in lines that begin with `    $ `, with what they print below them; and files."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    text: str
    code: int


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


def files(text: str) -> dict[str, str]:
    """Name -> content of a document's files: blocks of YAML that begin with the comment `# NAME.yaml`."""
    return {name: whole for whole, name in re.findall(r"^```yaml\n(# ([\w.-]+\.yaml)\n.*?)^```$", text, re.M | re.S)}


def holds(wanted: Sequence[str], said: Said) -> bool:
    """Whether all lines were printed: a long one as a part of a line too, `yes` and `no` as they are.

    A command below which nothing stands has to succeed.
    """
    if not wanted:
        return said.code == 0
    return all(line in said.text.splitlines() or (len(line) > 3 and line in said.text) for line in wanted)


def prints(command: str, folder: Path, environment: Mapping[str, str], limit_seconds: float = 60) -> Said:
    """What a command prints and its exit code, of the first that fails in a pipe; run in a folder.

    Beside the caller's environment it has that of the document.
    """
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=limit_seconds,
    )
    return Said(done.stdout + done.stderr, done.returncode)
