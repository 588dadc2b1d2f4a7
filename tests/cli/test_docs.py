"""docs/cli.md names every command and check, and its exit codes are the ones in the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from understudy_cli import ledger, verify, watch
from understudy_cli.__main__ import COMMANDS
from understudy_cli.checks.apiserver import OLDEST
from understudy_cli.checks.roles import ROLES

TEXT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
NAMED = {word for code in re.findall(r"`([^`]+)`", TEXT) for word in code.split()[:1]}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_named(name: str) -> None:
    assert name in NAMED


def test_the_last_table_names_commands_that_are_there() -> None:
    rows = TEXT.partition("## All commands")[2].splitlines()
    first = [re.findall(r"`([a-z]+)[^`]*`", row.split("|")[1]) for row in rows if row.startswith("| `")]
    subcommands = {"check", "passcode"}
    assert {name for names in first for name in names} - subcommands == set(COMMANDS)


def test_exit_codes_are_those_of_the_code() -> None:
    codes = dict(re.findall(r"^\| (\d) \| (.*) \|$", TEXT, flags=re.MULTILINE))
    assert set(codes) == {"0", "1", "2", "3"}
    assert watch.COMPLETE == verify.OURS == 0
    assert watch.ENDED_OTHERWISE == verify.NOT_OURS == ledger.BROKEN == 2
    assert watch.STILL_RUNNING == 3
    assert "`watch --timeout`" in codes["3"]


@pytest.mark.parametrize("role", ROLES)
def test_every_role_of_doctor_is_named(role: str) -> None:
    assert re.search(rf"[`/ ]{role}`", TEXT)


def test_the_oldest_version_is_the_one_that_is_checked() -> None:
    assert f"older than {'.'.join(map(str, OLDEST))}" in TEXT
