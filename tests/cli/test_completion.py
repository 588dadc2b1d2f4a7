"""Completion, as shells and kubectl really ask for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from understudy_cli.__main__ import app
from understudy_cli.local import toolchain

SCRIPTS = Path(sys.executable).parent


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": os.pathsep.join([str(SCRIPTS), os.environ["PATH"]])}


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    return {one: CliRunner().invoke(app, ["completion", one]).stdout for one in ("bash", "zsh", "fish")}


def test_each_shell_gets_a_script_that_asks_us(scripts: dict[str, str]) -> None:
    starts = {"bash": "complete -o default -F", "zsh": "#compdef understudy", "fish": "complete --command understudy"}
    for shell, start in starts.items():
        assert start in scripts[shell]
        assert f"_UNDERSTUDY_COMPLETE=complete_{shell}" in scripts[shell]


def test_bash_completes_by_its_script(scripts: dict[str, str]) -> None:
    asked = (
        f"{scripts['bash']}\nCOMP_WORDS=(understudy wa) COMP_CWORD=1\n"
        '_understudy_completion understudy\nprintf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", asked], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["watch"]


def test_another_shell_is_not_understood() -> None:
    assert CliRunner().invoke(app, ["completion", "ksh"]).exit_code == 2


def offered(*words: str) -> list[str]:
    command = [SCRIPTS / "kubectl_complete-understudy", *words]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("wat",), ["watch", ":4"]),
        (("license", "sig"), ["sign", ":4"]),
        (("cost", "--all"), ["--all-namespaces", ":4"]),
        (("completion", "b"), ["bash", ":4"]),
        (("no-such-command", "x"), [":4"]),
        (("--install",), [":4"]),
    ],
)
def test_kubectl_gets_words_and_a_directive(words: tuple[str, ...], wanted: list[str]) -> None:
    assert offered(*words) == wanted


def test_kubectl_itself_asks_the_program() -> None:
    command = [toolchain.require("kubectl"), "__complete", "understudy", "requ"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[0].startswith("requeue\t")


def test_kubectl_runs_the_plugin() -> None:
    command = [toolchain.require("kubectl"), "understudy", "--help"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert "doctor" in done.stdout
