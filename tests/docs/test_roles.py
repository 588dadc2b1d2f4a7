"""docs/roles.md says what is true: its commands run in their order, and print what stands below them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from doc_commands import commands, files, holds, prints
from operator_site import until

ROOT = Path(__file__).parents[2]


def test_commands_are_found_with_their_output() -> None:
    text = "Words:\n\n    $ one\n    prints\n    this\n    $ two\n\n    no command\n"
    assert commands(text) == [("one", ("prints", "this")), ("two", ())]


def test_files_are_found_by_the_comment_they_begin_with() -> None:
    block = "# values.yaml\na: 1\n"
    assert files(f"So:\n\n```yaml\n{block}```\n\n```yaml\nb: 2\n```\n") == {"values.yaml": block}


@pytest.mark.parametrize(
    ("command", "wanted", "held"),
    [
        ("echo several words", ["several"], True),
        ("echo other words", ["several"], False),
        ("echo no; exit 1", ["no"], True),
        ("echo nobody", ["no"], False),
        ("true", [], True),
        ("false", [], False),
    ],
)
def test_a_command_has_to_print_what_stands_below_it_or_to_succeed(
    command: str, wanted: list[str], held: bool, tmp_path: Path
) -> None:
    assert holds(wanted, prints(command, tmp_path, {})) is held


@pytest.mark.farm
def test_every_command_prints_what_the_document_says(control_plane: Any) -> None:
    environment = {
        "KUBECONFIG": str(control_plane.kubeconfig),
        "PATH": f"{control_plane.kubectl.parent}:{os.environ['PATH']}",
    }
    found = commands((ROOT / "docs" / "roles.md").read_text())
    assert len(found) > 8
    for command, wanted in found:
        # The API server takes a moment to know a binding that was just made.
        until(lambda c=command: prints(c, ROOT, environment), lambda said, w=wanted: holds(w, said))
