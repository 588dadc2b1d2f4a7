"""docs/roles.md says what is true: its commands run in their order, and print what stands below them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from operator_site import until

ROOT = Path(__file__).parents[2]


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


def test_commands_are_found_with_their_output() -> None:
    text = "Words:\n\n    $ one\n    prints\n    this\n    $ two\n\n    no command\n"
    assert commands(text) == [("one", ("prints", "this")), ("two", ())]


@pytest.mark.farm
def test_every_command_prints_what_the_document_says(control_plane: Any) -> None:
    path = f"{control_plane.kubectl.parent}:{os.environ['PATH']}"
    environment = {**os.environ, "KUBECONFIG": str(control_plane.kubeconfig), "PATH": path}

    def prints(command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout + done.stderr

    found = commands((ROOT / "docs" / "roles.md").read_text())
    assert len(found) > 8
    for command, wanted in found:
        # The API server takes a moment to know a binding that was just made.
        until(lambda c=command: prints(c), lambda text, w=wanted: all(stands(line, text) for line in w))
