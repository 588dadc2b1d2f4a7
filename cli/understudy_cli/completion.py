"""`understudy completion`: scripts for shells; and the program that kubectl asks when it completes `kubectl understudy`."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated, Final, Literal

import typer

from understudy_cli.errors import UserError

VARIABLE: Final = "_UNDERSTUDY_COMPLETE"
"""Set by those scripts: what to complete and for which shell."""
NO_FILES: Final = ":4"
"""The last line kubectl reads (cobra's directive): do not offer file names."""


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(help="The shell to complete in.")],
) -> None:
    """Print a script that completes `understudy`, e.g. source <(understudy completion bash)."""
    environment = {**os.environ, VARIABLE: f"source_{shell}"}
    command = [sys.executable, "-m", "understudy_cli"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"completion {shell}: {' '.join(done.stderr.split())}")
    typer.echo(done.stdout, nl=False)


def for_kubectl() -> None:
    """`kubectl_complete-understudy WORD... INCOMPLETE`: prints what may follow, as kubectl reads it from plugins."""
    print("\n".join([*offered(sys.argv[1:]), NO_FILES]))


def offered(words: Sequence[str]) -> list[str]:
    """What may stand for the last word, each with a tab and its help where there is one."""
    *before, last = words or [""]
    line = f"{shlex.join(['understudy', *before])} {last}"
    os.environ.update(
        {VARIABLE: "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args", "_TYPER_COMPLETE_ARGS": line}
    )
    from understudy_cli.__main__ import main

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main([])
    return [one for one in printed.getvalue().splitlines() if one.strip()]
