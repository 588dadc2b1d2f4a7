"""The `understudy` command: one lazy table of commands, so that `--help` imports none of them."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from understudy_cli.errors import UserError


@dataclass(frozen=True)
class Entry:
    """One command: the module that holds it, the function in it (None: a typer app called `app`), its help line.

    `parts` are commands below one that is a command by itself; what is none of them is its argument.
    """

    module: str
    function: str | None
    help: str
    parts: Mapping[str, Entry] = field(default_factory=dict)


COMMANDS: Final = {
    "up": Entry("farm", "up", "Start the farm on this machine, or what of it is down."),
    "status": Entry("farm", "status", "Show the farm's processes: state, port, memory, log."),
    "down": Entry("farm", "down", "Stop the farm; nothing of it is left running."),
    "demo": Entry("demo", "demo", "Train a twin and render a licensed campaign in six languages."),
    "capture": Entry("capture", None, "Make and check the footage a twin is trained from."),
    "twin": Entry("twin", None, "Write the records that make a twin its owner's."),
    "keys": Entry("keys", None, "Make and look at Ed25519 keys."),
    "license": Entry("license", None, "Sign licenses with the owner's key and read them."),
    "consent": Entry("consent", None, "Read and answer requests to let a twin say something sensitive."),
    "why": Entry("why", "why", "Say why a job is refused, and the smallest change that would make it legal."),
    "watch": Entry("watch", "watch", "Follow a job until it ends."),
    "pause": Entry("job_acts", "pause", "Start no more items of a job."),
    "resume": Entry("job_acts", "resume", "Let a paused job go on."),
    "requeue": Entry("job_acts", "requeue", "Try the items of a job again that failed."),
    "logs": Entry("logs", "logs", "Print what became of an item, also when its workers are gone."),
    "open": Entry("contact_sheet", "open_", "Print a link to a job's contact sheet."),
    "cost": Entry(
        "cost",
        "cost",
        "Print what jobs cost so far; `show`, `export`: what the farm did.",
        {
            "show": Entry("cost_show", "show", "Print what the farm cost, and for whom."),
            "export": Entry("cost_export", "export", "Write what the farm cost as FOCUS."),
        },
    ),
    "top": Entry("top", "top", "Print how busy the pools are."),
    "doctor": Entry("doctor", "doctor", "Look at cluster, rights, pools, S3 and GPU; name what is wrong and the cure."),
    "ledger": Entry("ledger", None, "Check the ledger of uses and royalties; keep checkpoints of it."),
    "statement": Entry("statement", "statement", "Print what a license earned in a month, and for whom."),
    "owner": Entry("owner", None, "Write an owner's page: uses, earnings, open questions."),
    "verify": Entry("verify", "verify", "Say whether a video is ours: job, license, twin version."),
    "chart": Entry("chart", None, "Make the Secrets, buckets and policies that the Helm chart asks for."),
    "restore": Entry("restore", "restore", "Create the saved objects of a farm in another cluster, as what they were."),
    "completion": Entry("completion", "completion", "Print a script that completes commands in a shell."),
    "tools": Entry("farm", "tools", "Build the programs the farm needs beside Python, once."),
}


class LazyCommand(TyperCommand):
    """Stands for a command in lists; becomes the real one when it is called."""

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=entry.help)
        self._entry = entry

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The real command's context: from here on the real command runs."""
        if args and args[0] in self._entry.parts:
            part = LazyCommand(args[0], self._entry.parts[args[0]])
            return part.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return load(self.name or "", self._entry).make_context(info_name, args, parent, **extra)


class LazyGroup(TyperGroup):
    """The commands of COMMANDS whose modules are installed."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Without the options typer adds where it completes: `understudy completion` stands for them."""
        added = {"install_completion", "show_completion"}
        return [one for one in super().get_params(ctx) if one.name not in added]

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the base class's signature
        """Names in the order of the table."""
        return [name for name, entry in COMMANDS.items() if _exists(entry)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the base class's signature
        """A stand-in for the command, or None."""
        entry = COMMANDS.get(cmd_name)
        return LazyCommand(cmd_name, entry) if entry and _exists(entry) else None


COMPLETING: Final = "_UNDERSTUDY_COMPLETE" in os.environ
"""Whether a shell asks what may follow, instead of a person for work."""

app = typer.Typer(
    name="understudy",
    cls=LazyGroup,
    help="A render farm for licensed digital twins, on Kubernetes.",
    no_args_is_help=True,
    add_completion=COMPLETING,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root() -> None:
    """A render farm for licensed digital twins, on Kubernetes."""


def load(name: str, entry: Entry) -> Any:
    """Import the command's module and make its command object."""
    module = importlib.import_module(f"understudy_cli.{entry.module}")
    if entry.function is None:
        return typer.main.get_command(module.app)
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name)(getattr(module, entry.function))
    return typer.main.get_command(single)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what a user can act on is one line on stderr and exit code 1."""
    try:
        prog = "understudy" if COMPLETING else None
        app(args=None if arguments is None else list(arguments), prog_name=prog)
    except Exception as error:
        if not _is_for_the_user(error):
            raise
        print(f"understudy: {error}", file=sys.stderr)
        sys.exit(1)


def _is_for_the_user(error: Exception) -> bool:
    from understudy_api.settings import SettingsError  # slow to import, and `--help` needs none of it

    return isinstance(error, (UserError, SettingsError))


def _exists(entry: Entry) -> bool:
    return importlib.util.find_spec(f"understudy_cli.{entry.module}") is not None


if __name__ == "__main__":
    main()
