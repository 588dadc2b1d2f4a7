"""The farm's processes: started in sessions of their own, remembered exactly, ended completely.

A record names a process by its pid, its start time in kernel ticks and the boot it belongs to. These three never
repeat, whatever the wall clock does, so a pid that the kernel has given to somebody else is never signalled.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

from understudy_cli.local.home import private_folder, write_private

MAX_LOG_BYTES: Final = 16 * 1024 * 1024
_FAREWELL_SECONDS: Final = 0.5
_TERM_WAIT_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.02
_KILL_WAIT_SECONDS: Final = 5.0

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Handles of what this very process started, kept so that a dead child is reaped and its exit code known."""


@dataclass(frozen=True)
class Command:
    """What to run: an argument vector without secrets and the whole environment, which may hold some."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    reads: tuple[Path, ...] = ()
    """Settings files it reads once, at its start."""

    def fingerprint(self) -> str:
        """Digest of the argument vector and the settings: whoever runs with another one is out of date."""
        parts = [*(argument.encode() for argument in self.argv), *(path.read_bytes() for path in self.reads)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()


@dataclass(frozen=True)
class Identity:
    """One process for all time: `start_ticks` are clock ticks since the boot named by `boot_id`."""

    pid: int
    start_ticks: int
    boot_id: str


@dataclass(frozen=True)
class Record:
    """What is remembered of a start: which process, and what it was told."""

    identity: Identity
    fingerprint: str


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
    write_private(record, json.dumps(asdict(Record(identity, command.fingerprint()))) + "\n")
    return identity


def recall(record: Path) -> Record | None:
    """What a record says of a process, dead or alive; None without a readable record."""
    try:
        known = json.loads(record.read_text())
        return Record(Identity(**known["identity"]), known["fingerprint"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):
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
    leader = [process for process in doomed if process.pid == identity.pid]
    _signal(leader)
    _wait_gone(leader, grace_seconds)
    _wait_gone(doomed, _FAREWELL_SECONDS)
    # What is left, or came while we waited, has lost its leader.
    _end(list(dict.fromkeys([*doomed, *family(identity)])))
    if (child := _children.pop(identity.pid, None)) is not None:
        child.poll()


def end_strays(mark: Mapping[str, str]) -> None:
    """End whoever bears `mark` in its environment, except this process and those it descends from."""
    me = psutil.Process()
    spared = {me.pid, *(parent.pid for parent in me.parents())}
    strays = [process for process in psutil.process_iter() if process.pid not in spared and _bears(process, mark)]
    _end(strays)


def memory_bytes(identity: Identity) -> int:
    """Proportional set size of the process and all below it: shared pages are counted once."""
    total = 0
    for process in family(identity):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_full_info().pss
    return total


def last_line(log: Path) -> str:
    """The last line a process wrote that is not empty, cut to 300 characters."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "(nothing)")


def _signal(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()


def _end(processes: Sequence[psutil.Process]) -> None:
    """SIGTERM, a moment, SIGKILL."""
    left = _wait_gone(processes, 0.0)
    _signal(left)
    left = _wait_gone(left, _TERM_WAIT_SECONDS)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _wait_gone(left, _KILL_WAIT_SECONDS)


def _wait_gone(processes: Sequence[psutil.Process], timeout_seconds: float) -> list[psutil.Process]:
    """Those that still run after at most `timeout_seconds`. A zombie is gone: its reaping is its parent's affair."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        left = [process for process in processes if _runs(process)]
        if not left or time.monotonic() >= deadline:
            return left
        time.sleep(_POLL_SECONDS)


def _bears(process: psutil.Process, mark: Mapping[str, str]) -> bool:
    try:
        environment = process.environ()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False
    return all(environment.get(name) == value for name, value in mark.items())


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
