"""How many small wrongs in the license rule its tests notice: `python -m bench mutation`.

Each mutant runs the rule's own tests in a forked process that has everything heavy imported already; a mutant that hangs
counts as noticed. Nothing is written to the source tree.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bench.measure import Measurement
from bench.mutants import Mutant, mutants

ROOT: Final = Path(__file__).parent.parent
API: Final = ROOT / "api" / "understudy_api"
RULE: Final = ("regions", "permits", *(f"clauses/{path.stem}" for path in sorted((API / "clauses").glob("[a-z]*.py"))))
"""The modules of the rule; regions first, because everything depends on it."""
TESTS: Final = tuple(f"tests/api/test_{name}.py" for name in ("permits", "regions"))
SECONDS_EACH: Final = 60
BAR_PERCENT: Final = 95.0


def run() -> list[Measurement]:
    """Mutants noticed, in percent; every one that was not is printed."""
    import hypothesis  # noqa: F401 - imported once, before the forks
    import joserfc.jwk
    import joserfc.jws  # noqa: F401
    import pydantic  # noqa: F401
    import pytest  # noqa: F401
    import rfc8785  # noqa: F401

    if not _passes(None, ""):
        raise SystemExit(f"mutation: {' '.join(TESTS)} fail without any mutant; mend them first")
    total, survivors = 0, list[str]()
    for name in RULE:
        if name != "regions":
            importlib.import_module("understudy_api.terms")  # depends on regions; the rest is made anew in each fork
        path = API / f"{name}.py"
        module = f"understudy_api.{name.replace('/', '.')}"
        every = list(mutants(path.read_text(encoding="utf-8")))
        for mutant, noticed in _judged(module, every):
            total += 1
            if not noticed:
                survivors.append(f"{name}.py:{mutant.line}: {mutant.change}")
                print(f"  survived: {survivors[-1]}", flush=True)
    percent = 100.0 * (total - len(survivors)) / total
    return [Measurement("mutants killed", percent, "%", BAR_PERCENT, note=f"{total - len(survivors)} of {total}")]


def _judged(module: str, every: Sequence[Mutant]) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant with whether the tests noticed it; as many at once as there are cores."""
    running: dict[int, Mutant] = {}
    waiting = list(reversed(every))
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            mutant = waiting.pop()
            running[_forked(module, mutant.source)] = mutant
        pid, status = os.wait()
        yield running.pop(pid), status != 0


def _passes(module: str | None, source: str) -> bool:
    _, status = os.waitpid(_forked(module, source), 0)
    return status == 0


def _forked(module: str | None, source: str) -> int:
    """A child that runs the tests, with `module` made of `source`; its exit status is theirs."""
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(SECONDS_EACH)
    with contextlib.ExitStack() as quiet:
        nowhere = quiet.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        quiet.enter_context(contextlib.redirect_stdout(nowhere))
        quiet.enter_context(contextlib.redirect_stderr(nowhere))
        os._exit(_tested(module, source))


def _tested(module: str | None, source: str) -> int:
    import pytest

    os.chdir(ROOT)
    if module is not None:
        sys.meta_path.insert(0, _Replaced(module, source))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    options = [
        "-x",
        "-q",
        "--assert=plain",
        "--noconftest",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(ROOT),
        "-o",
        "pythonpath=tests/support",
    ]
    try:
        return int(pytest.main([*options, "--import-mode=importlib", *TESTS]))
    except BaseException:
        return 1


class _Replaced(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module another source."""

    def __init__(self, module: str, source: str) -> None:
        self._module, self._source = module, source

    def find_spec(self, name: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """The changed module for its own name, nothing for any other."""
        del path, target
        return importlib.util.spec_from_loader(name, self) if name == self._module else None

    def exec_module(self, module: types.ModuleType) -> None:
        """Runs the changed source."""
        exec(compile(self._source, f"<mutant of {self._module}>", "exec"), module.__dict__)
