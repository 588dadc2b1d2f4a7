"""What the terminal shows while programs are built and processes start."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from understudy_cli.local.build import Step
from understudy_cli.local.starter import State
from understudy_cli.local.toolchain import cache_root


class _Shown:
    """A progress display that lives as long as its `with` block, once there is something to show."""

    def __init__(self, console: Console, *columns: TextColumn | BarColumn) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"), *columns, TimeElapsedColumn(), console=console
        )

    def __enter__(self) -> Self:
        return self

    def _add(self, description: str, total: int | None, state: str = "") -> TaskID:
        self._progress.start()
        return self._progress.add_task(description, total=total, state=state)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress.live.is_started:
            self._progress.stop()


class BuildProgress(_Shown):
    """One bar per group of programs; says once where the log is, for those who watch no terminal."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, TextColumn("{task.description}"), BarColumn(bar_width=24))
        self._task: TaskID | None = None
        self._what = ""

    def __call__(self, step: Step) -> None:
        """Show the step; a new `what` closes the bar before it."""
        if self._task is None:
            self._console.print(f"Building the farm's programs, once: some minutes. Log: {cache_root() / 'build.log'}")
        if self._task is None or step.what != self._what:
            self._close()
            self._what, self._task = step.what, self._add(step.what, None)
        self._progress.update(self._task, completed=step.done, total=step.total or None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._close()
        super().__exit__(kind, error, trace)

    def _close(self) -> None:
        """Packages that Go finds in its own cache are not counted, so a finished bar may need a push."""
        if self._task is not None:
            self._progress.update(self._task, completed=1, total=1)


class StartProgress(_Shown):
    """One line per process: starting, then ready, or running already."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, TextColumn("{task.description:<12}"), TextColumn("{task.fields[state]}"))
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def __call__(self, name: str, state: State) -> None:
        """Show that `name` is in `state` now; may be called from any thread."""
        with self._lock:
            if name not in self._tasks:
                self._tasks[name] = self._add(name, 1, state)
            done = 0 if state == "starting" else 1
            self._progress.update(self._tasks[name], completed=done, state=state)
