"""The farm's processes: started in sessions of their own, remembered exactly, ended completely.

A record names a process by its pid, its start time in kernel ticks and the boot it belongs to. These three never
repeat, whatever the wall clock does, so a pid that the kernel has given to somebody else is never signalled.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

from understudy_cli.local.home import private_folder, write_private

MAX_LOG_BYTES: Final = 16 * 1024 * 1024
_KILL_WAIT_SECONDS: Final = 5.0

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Handles of what this very process started, kept so that a dead child is reaped and its exit code known."""


@dataclass(frozen=True)
class Command:
    """What to run: an argument vector without secrets and the whole environment, which may hold some."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path


@dataclass(frozen=True)
class Identity:
    """One process for all time: `start_ticks` are clock ticks since the boot named by `boot_id`."""

    pid: int
    start_ticks: int
    boot_id: str


def identify(pid: int) -> Identity | None:
    """The identity of the live process with this pid; None when there is none, or only a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    if fields[0] in "ZX":
        return None
    return Identity(pid=pid, start_ticks=int(fields[19]), boot_id=boot)


def is_alive(identity: Identity) -> bool:
    """Whether exactly this process still runs."""
    child = _children.get(identity.pid)
    if child is not None:
        child.poll()
    return identify(identity.pid) == identity


def exit_code(identity: Identity) -> int | None:
    """How a process started by this very interpreter ended; None when unknown."""
    child = _children.get(identity.pid)
    return None if child is None else child.poll()


def start(command: Command, log: Path, record: Path) -> Identity:
    """Start `command` detached, its output appended to `log`, and remember it in `record`."""
    private_folder(log.parent)
    private_folder(command.directory)
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        child = subprocess.Popen(
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(command.environment),
            cwd=command.directory,
            start_new_session=True,
        )
    _children[child.pid] = child
    identity = identify(child.pid) or Identity(child.pid, 0, "ended at once")
    write_private(record, json.dumps(asdict(identity)) + "\n")
    return identity


def recall(record: Path) -> Identity | None:
    """The process a record names, dead or alive; None without a readable record."""
    try:
        return Identity(**json.loads(record.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def family(identity: Identity) -> list[psutil.Process]:
    """The process, its descendants and whoever shares its session, the oldest first; dead ones left out.

    When the leader is gone its session may live on. Linux gives a pid to nobody else while a session bears it, so
    a foreign process under that pid proves that the session has ended too.
    """
    current = identify(identity.pid)
    if current is not None and current != identity:
        return []
    if identity.boot_id != _boot_id():
        return []
    members: dict[int, psutil.Process] = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        leader = psutil.Process(identity.pid)
        members |= {process.pid: process for process in (leader, *leader.children(recursive=True))}
    for process in psutil.process_iter():
        if _is_session_member(process.pid, identity):
            members.setdefault(process.pid, process)
    return [process for process in members.values() if _runs(process)]


def stop(identity: Identity, grace_seconds: float) -> None:
    """End the process and all that came from it: SIGTERM to the leader, then to the rest, then SIGKILL."""
    doomed = family(identity)
    if is_alive(identity):
        _signal([process for process in doomed if process.pid == identity.pid])
        psutil.wait_procs(doomed, timeout=grace_seconds)
    doomed = _still_running([*doomed, *family(identity)])
    _signal(doomed)
    psutil.wait_procs(doomed, timeout=_KILL_WAIT_SECONDS / 5)
    doomed = _still_running([*doomed, *family(identity)])
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(doomed, timeout=_KILL_WAIT_SECONDS)
    if (child := _children.pop(identity.pid, None)) is not None:
        child.poll()


def _signal(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()


def _still_running(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    return [process for process in dict.fromkeys(processes) if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    """psutil compares start times, so a reused pid does not count as running."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _is_session_member(pid: int, identity: Identity) -> bool:
    """Whether `pid` is in the session of our leader and not older than it."""
    try:
        if os.getsid(pid) != identity.pid:
            return False
    except (ProcessLookupError, PermissionError):
        return False
    member = identify(pid)
    return member is not None and member.start_ticks >= identity.start_ticks


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
