import importlib
import subprocess
import sys
import types

import pytest
import typer
from typer.testing import CliRunner

from understudy_api.settings import SettingsError
from understudy_cli import __main__ as command
from understudy_cli.__main__ import COMMANDS, Entry
from understudy_cli.errors import UserError


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})


def test_help_lists_what_is_installed(runner):
    shown = runner.invoke(command.app, ["--help"])
    assert shown.exit_code == 0
    for name in ("up", "status", "down", "tools"):
        assert COMMANDS[name].help in shown.output


def test_no_arguments_is_help(runner):
    assert "Usage" in runner.invoke(command.app, []).output


def test_help_imports_no_command():
    code = """
import sys
from typer.testing import CliRunner
from understudy_cli.__main__ import app
CliRunner().invoke(app, ["--help"])
heavy = {"ray", "minio", "kubernetes", "torch", "numpy", "cryptography", "httpx", "pydantic"} & set(sys.modules)
print(sorted(heavy), sorted(name for name in sys.modules if name.startswith("understudy_cli.")))
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown == "[] ['understudy_cli.__main__', 'understudy_cli.errors']\n"


def test_a_command_that_is_not_installed_is_not_there(runner, monkeypatch):
    monkeypatch.setitem(COMMANDS, "dance", Entry("no_such_module", None, "Dance."))
    assert "Dance." not in runner.invoke(command.app, ["--help"]).output
    refused = runner.invoke(command.app, ["dance"])
    assert refused.exit_code == 2


@pytest.fixture
def commands(monkeypatch):
    """A module with a typer app and a function that fails as told."""
    module = types.ModuleType("understudy_cli.stage")
    module.app = typer.Typer()  # type: ignore[attr-defined]

    @module.app.command()  # type: ignore[attr-defined]
    def bow(times: int = 1) -> None:
        """Bow to the audience."""
        typer.echo("bow " * times)

    @module.app.command()  # type: ignore[attr-defined]
    def leave() -> None:
        """Leave the stage."""

    def trip(over: str) -> None:
        """Trip over something."""
        raise {"a rope": UserError("a rope; step over it"), "settings": SettingsError("settings; mend them")}.get(
            over, RuntimeError(over)
        )

    module.trip = trip  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "understudy_cli.stage", module)
    monkeypatch.setattr(command, "_exists", lambda entry: entry.module == "stage")
    monkeypatch.setitem(COMMANDS, "stage", Entry("stage", None, "On stage."))
    monkeypatch.setitem(COMMANDS, "trip", Entry("stage", "trip", "Trip."))


@pytest.mark.usefixtures("commands")
def test_groups_and_functions_become_commands(runner):
    assert runner.invoke(command.app, ["stage", "bow", "--times", "2"]).output == "bow bow \n"
    assert "Bow to the audience." in runner.invoke(command.app, ["stage", "--help"]).output
    assert "Trip over something." in runner.invoke(command.app, ["trip", "--help"]).output


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize(
    ("over", "line"),
    [("a rope", "understudy: a rope; step over it\n"), ("settings", "understudy: settings; mend them\n")],
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_1(capsys, over, line):
    with pytest.raises(SystemExit) as ended:
        command.main(["trip", over])
    assert ended.value.code == 1
    assert capsys.readouterr().err == line


@pytest.mark.usefixtures("commands")
def test_a_mistake_of_ours_keeps_its_traceback():
    with pytest.raises(RuntimeError, match="a ladder"):
        command.main(["trip", "a ladder"])


@pytest.mark.parametrize("name", [name for name, entry in COMMANDS.items() if command._exists(entry)])
def test_every_entry_of_the_table_loads(runner, name):
    shown = runner.invoke(command.app, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert importlib.import_module(f"understudy_cli.{COMMANDS[name].module}")
