"""An operator without a Lease that is killed at the steps of its work, and started again after each: run by tests.

`python lone_operator.py NAME FOLDER` with the operator's settings in the environment. A child process runs the real operator
and kills itself (SIGKILL) as soon as it gets to a step at which nobody died yet; FOLDER holds a file for each step at which
somebody did, and operators that work side by side share it: a step that one of them seldom gets to is left to the other. The
child that finds no step left runs until it is told to end. Everything is imported once, before the first child.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from understudy_api.ledger.entry import Counted, Released, Reserved
from understudy_operator.core.actions import Action, Record
from understudy_operator.handlers import run
from understudy_operator.settings import load_settings
from understudy_operator.shell import apply as applying
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.ledger import Ledger
from understudy_operator.shell.logs import set_up_logs
from understudy_operator.shell.operator import Operator

STEPS = (
    "RegisterLicense before",
    "RegisterLicense after",
    "FreezeContent after",
    "Reserve before",
    "Reserve prepared",
    "Reserve after",
    "PutOrder before",
    "PutOrder after",
    "Status before",
    "Status after",
    "Count before",
    "Count prepared",
    "Count after",
    "TellCommitted before",
    "TellCommitted after",
    "RenewGrant before",
    "RenewGrant after",
    "StopOrder after",
    "Release before",
    "Release prepared",
    "Release after",
)
"""Every step between two writes: before and after each, and between a link's side tables and the link itself."""

_KINDS = {Reserved: "Reserve", Counted: "Count", Released: "Release"}


def names(action: Action) -> Iterator[str]:
    """What an action is called in STEPS."""
    if isinstance(action, Record):
        yield from {_KINDS[type(entry)] for entry in action.entries if type(entry) in _KINDS}
    else:
        yield type(action).__name__


def watch(died_at: Path) -> None:
    """Have this process kill itself when it gets to a step at which nobody died yet."""

    def reached(kinds: Iterable[str], moment: str) -> None:
        for step in sorted({f"{kind} {moment}" for kind in kinds}.intersection(STEPS)):
            with contextlib.suppress(FileExistsError):
                (died_at / step).touch(exist_ok=False)
                os.kill(os.getpid(), signal.SIGKILL)

    do, write, prepare = applying._do, applying._write_status, Ledger._prepare

    def watched_do(targets, body, action):
        reached(names(action), "before")
        result = do(targets, body, action)
        reached(names(action), "after")
        return result

    def watched_write(targets, body, decision):
        reached(("Status",) if decision.status is not None else (), "before")
        write(targets, body, decision)
        reached(("Status",) if decision.status is not None else (), "after")

    def watched_prepare(self, account, link, given):
        prepare(self, account, link, given)
        reached(names(Record(account=link.balance, entries=link.entries)), "prepared")

    applying._do, applying._write_status, Ledger._prepare = watched_do, watched_write, watched_prepare


def serve(name: str) -> None:
    """Run the operator until SIGTERM; nobody asks whether there is another one."""
    settings = load_settings()
    server = ApiServer.connect(settings.kubeconfig)
    operator = Operator(settings, server, name)
    run(operator, server.configuration, settings.kubeconfig is None, settings.health_port)


def end(child: int) -> None:
    """End at once, and the child with us."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os._exit(0)


def main() -> int:
    """One child after the other, until one ends otherwise than by a step."""
    name, died_at = sys.argv[1], Path(sys.argv[2])
    for number in range(len(STEPS) + 1):
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            set_up_logs()
            watch(died_at)
            serve(f"{name}-{number}")
            os._exit(0)
        signal.signal(signal.SIGTERM, lambda *_, child=child: end(child))
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            return os.waitstatus_to_exitcode(status)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
