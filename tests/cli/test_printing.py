"""The same answer for people and for programs, and what a terminal shows meanwhile."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest
import yaml

from understudy_cli.printing import followed, print_data, print_table

DATA = {"name": "señor 春", "seconds": 1.5, "empty": []}


@pytest.mark.parametrize(("output", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_programs_read_what_was_meant_and_people_read_every_script(capsys, output, read) -> None:
    print_data(DATA, output)
    said = capsys.readouterr().out
    assert read(said) == DATA
    assert "señor 春" in said


def test_numbers_stand_to_the_right_and_words_to_the_left(capsys) -> None:
    print_table(["brand", "hours"], [["acme", "1.5"], ["initech", "120"]], frozenset({"brand"}))
    heading, *rows = capsys.readouterr().out.splitlines()
    assert rows == ["acme       1.5", "initech    120"]
    assert heading.split() == ["brand", "hours"]


def test_no_line_is_folded_where_nobody_looks_or_the_terminal_is_narrow(capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    print_table(["brand", "hours"], [["a-brand-with-a-long-name", "unpriced"]], frozenset({"brand"}))
    assert capsys.readouterr().out.splitlines()[1] == "a-brand-with-a-long-name  unpriced"


def test_names_are_never_taken_for_markup(capsys) -> None:
    print_table(["name"], [["[red]acme[/red]"]], frozenset({"name"}))
    assert "[red]acme[/red]" in capsys.readouterr().out


def test_nothing_is_shown_where_nobody_looks(capsys) -> None:
    assert list(followed(["a", "b"], "reading")) == ["a", "b"]
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_how_far_it_is_beside_what_is_printed() -> None:
    script = "from understudy_cli.printing import followed; print(list(followed(['a', 'b'], 'reading receipts')))"
    screen, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=terminal, env=environment, text=True, check=True
    )
    os.close(terminal)
    shown = os.read(screen, 65536).decode()
    os.close(screen)
    assert done.stdout == "['a', 'b']\n"
    assert "reading receipts" in shown
