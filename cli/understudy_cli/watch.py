"""`understudy watch`: a job's progress until it ends; the exit code says how."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any, Final, Literal

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from understudy_cli.campaign.watch import POLL_SECONDS, columns, condition, of_current_spec
from understudy_cli.cluster_access import connect
from understudy_cli.jobs import JobArgument, NamespaceOption, find_job, where
from understudy_cli.kubectl import Kubectl

COMPLETE: Final = 0
ENDED_OTHERWISE: Final = 2  # 1 says that the job cannot be read, and 2 is what a script has to act on
STILL_RUNNING: Final = 3
_TOLD_BY: Final = {"Refused": "Admitted", "Failed": "Failed", "Cancelled": "Complete"}
"""The condition that says why a job ended so."""


def watch(
    job: JobArgument,
    namespace: NamespaceOption = None,
    timeout: Annotated[
        float | None, typer.Option(min=0, help="Seconds after which to stop watching.", show_default=False)
    ] = None,
    output: Annotated[
        Literal["bar", "json"], typer.Option("--output", "-o", help="A progress bar, or a JSON line for each change.")
    ] = "bar",
) -> None:
    """Follow a job. Exit code 0 when it is complete, 2 when refused, failed or cancelled, 3 when --timeout came first."""
    kubectl = connect()
    deadline = None if timeout is None else time.monotonic() + timeout
    glances = followed(kubectl, job, namespace, deadline)
    last = _lines(glances) if output == "json" else _bar(glances, Console())
    raise typer.Exit(exit_code(last))


def followed(kubectl: Kubectl, job: str, namespace: str | None, deadline: float | None) -> Iterator[dict[str, Any]]:
    """The job again and again until it ends or the deadline (monotonic seconds) is past; UserError once it is gone."""
    while True:
        document = find_job(kubectl, job, namespace)
        yield document
        late = deadline is not None and time.monotonic() >= deadline
        if late or ending(document) is not None:
            return
        time.sleep(POLL_SECONDS)


def ending(document: dict[str, Any]) -> str | None:
    """The phase that a job ended in; None while it goes on, or while its status speaks of an older spec."""
    phase = document.get("status", {}).get("phase")
    return str(phase) if of_current_spec(document) and phase in {"Complete", *_TOLD_BY} else None


def exit_code(document: dict[str, Any]) -> int:
    """What the last glance means to a script."""
    phase = ending(document)
    return STILL_RUNNING if phase is None else COMPLETE if phase == "Complete" else ENDED_OTHERWISE


def glance(document: dict[str, Any]) -> dict[str, Any]:
    """What of a job changes while it runs."""
    status = document.get("status", {})
    items = status.get("items") or {}
    return {
        "phase": status.get("phase") or "Pending",
        **{name: int(items.get(name, 0)) for name in ("total", "done", "failed", "rejected")},
        "eta": status.get("eta"),
        "message": why(document),
    }


def why(document: dict[str, Any]) -> str:
    """What holds a job up, or ended it; empty while it simply goes on."""
    phase = document.get("status", {}).get("phase")
    ends = condition(document, _TOLD_BY.get(str(phase), "none"))
    held_up = (condition(document, name) for name in ("Interrupted", "BudgetReached"))
    told = ends or next((one for one in held_up if one.get("status") == "True"), {})
    return f"{told['reason']}: {told.get('message', '')}" if told else ""


def _lines(glances: Iterator[dict[str, Any]]) -> dict[str, Any]:
    shown, document = None, {}
    for document in glances:
        seen = glance(document)
        if seen != shown:
            sys.stdout.write(json.dumps(seen, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        shown = seen
    return document


def _bar(glances: Iterator[dict[str, Any]], console: Console) -> dict[str, Any]:
    first = document = next(glances)  # a job that is not there is told without a bar
    with Progress(*columns(), console=console) as progress:
        bar = progress.add_task("", total=None, state="")
        for document in chain([first], glances):
            _show(progress, bar, document)
    seen = glance(document)
    ended = ending(document)
    console.print(f"{where(document)}: {seen['phase']}{' ' + seen['message'] if seen['message'] else ''}", markup=False)
    if ended == "Refused":
        console.print(f"`understudy why {document['metadata']['name']}` says what to change", markup=False)
    return document


def _show(progress: Progress, bar: TaskID, document: dict[str, Any]) -> None:
    seen = glance(document)
    lost = seen["failed"] + seen["rejected"]
    counted = f"{seen['done']}/{seen['total']}" if seen["total"] else ""
    budget = "budget reached" if condition(document, "BudgetReached").get("status") == "True" else ""
    words = (
        seen["phase"],
        budget,
        counted,
        f"{lost} lost" if lost else "",
        f"until {seen['eta']}" if seen["eta"] else "",
    )
    progress.update(
        bar,
        description=where(document),
        total=seen["total"] or None,
        completed=seen["done"] + lost,
        state="  ".join(word for word in words if word),
    )
