"""Waiting for an object, with progress a person can follow."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl

POLL_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Look:
    """What one glance at an object says."""

    text: str
    done: int = 0
    total: int | None = None
    finished: bool = False
    failure: str = ""


def condition(document: dict[str, Any], kind: str) -> dict[str, Any]:
    """A condition of an object, empty when it has none of that type."""
    for entry in document.get("status", {}).get("conditions", []):
        if entry["type"] == kind:
            return dict(entry)
    return {}


def of_current_spec(document: dict[str, Any]) -> bool:
    """Whether the status speaks of the spec as it is now."""
    return bool(document.get("status", {}).get("observedGeneration") == document["metadata"]["generation"])


def twin_look(document: dict[str, Any]) -> Look:
    """How far a TwinModel is."""
    ready, status = condition(document, "Ready"), document.get("status", {})
    text = f"{status.get('stage', 'Pending')}  {status.get('progress', '')}"
    if not of_current_spec(document):
        return Look(text)
    failed = ready.get("status") == "False" and ready.get("reason") in {
        "NotGoodEnough",
        "CaptureRefused",
        "Refused",
        "TrainingFailed",
    }
    return Look(text, finished=ready.get("status") == "True", failure=str(ready.get("message", "")) if failed else "")


def job_look(document: dict[str, Any]) -> Look:
    """How far a RenderJob is."""
    status = document.get("status", {})
    items = status.get("items") or {}
    look = Look(str(status.get("phase") or "Pending"), int(items.get("done", 0)), int(items.get("total", 0)) or None)
    if not of_current_spec(document):
        return look
    if (interrupted := condition(document, "Interrupted")).get("status") == "True":
        return Look(f"{look.text}: {interrupted['message']}")
    admitted, failed = condition(document, "Admitted"), condition(document, "Failed")
    if failed.get("status") == "True":
        return Look(look.text, failure=f"{failed['reason']}: {failed['message']}")
    if admitted.get("status") == "False":
        return Look(look.text, failure=f"{admitted['reason']}: {admitted['message']}")
    return Look(look.text, look.done, look.total, finished=condition(document, "Complete").get("status") == "True")


def columns() -> tuple[ProgressColumn, ...]:
    """How progress of an object looks; its task has a field `state`."""
    return (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
    )


def wait(
    kubectl: Kubectl,
    console: Console,
    title: str,
    where: tuple[str, str, str],
    look: Callable[[dict[str, Any]], Look],
    limit_seconds: float,
) -> dict[str, Any]:
    """Poll an object (kind, name, namespace) until it is finished; UserError on failure or past the limit."""
    deadline = time.monotonic() + limit_seconds
    with Progress(*columns(), console=console) as progress:
        bar = progress.add_task(title, total=None, state="")
        while True:
            document = kubectl.get(where[0], where[1], where[2])
            seen = look(document)
            _show(progress, bar, seen)
            if seen.failure:
                raise UserError(f"{where[0]}/{where[1]}: {seen.failure}")
            if seen.finished:
                progress.update(bar, total=1, completed=1)
                return document
            if time.monotonic() > deadline:
                raise UserError(
                    f"{where[0]}/{where[1]}: not finished after {limit_seconds:.0f} s ({seen.text}); look at `understudy status`"
                )
            time.sleep(POLL_SECONDS)


def wait_refused(kubectl: Kubectl, where: tuple[str, str, str], limit_seconds: float) -> dict[str, Any]:
    """The condition that refuses a job; UserError when it is admitted or not judged in time."""
    deadline = time.monotonic() + limit_seconds
    while time.monotonic() < deadline:
        document = kubectl.get(where[0], where[1], where[2])
        admitted = condition(document, "Admitted")
        if of_current_spec(document) and admitted:
            if admitted["status"] == "False":
                return admitted
            raise UserError(f"{where[0]}/{where[1]}: was admitted, though its license does not cover it")
        time.sleep(POLL_SECONDS)
    raise UserError(f"{where[0]}/{where[1]}: was not judged within {limit_seconds:.0f} s; look at `understudy status`")


def _show(progress: Progress, bar: TaskID, seen: Look) -> None:
    counted = f"{seen.done}/{seen.total}" if seen.total else seen.text
    progress.update(bar, total=seen.total, completed=seen.done, state=counted)
