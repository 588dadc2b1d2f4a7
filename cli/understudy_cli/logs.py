"""`understudy logs`: what became of one item, and of the takes it is made of, by the lines that directors and performers wrote.

Directors keep theirs in S3. Where nothing is kept of an item, or nobody here may read it, those of the processes that still run are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from understudy_api.item_log import CUT
from understudy_api.log_marks import item_mark
from understudy_api.restored import lasting_uid
from understudy_cli.cluster_access import connect
from understudy_cli.errors import UserError
from understudy_cli.jobs import JobArgument, NamespaceOption, find_job, where
from understudy_cli.kept_logs import kept
from understudy_cli.kubectl import Kubectl
from understudy_cli.local.cluster_setup import NAMESPACE
from understudy_cli.local.home import Home
from understudy_cli.s3_access import S3Option, SettingsOption

_RAY_PODS: Final = "app.kubernetes.io/component in (ray-head,ray-worker,kuberay-head,kuberay-worker)"
_KNOWN: Final = frozenset(
    {"timestamp", "level", "event", "job", "order", "pool", "trace_id", "item", "take", "takes", "at", "exception"}
)

_TAKE_SHOWN: Final = 8
"""So many characters of a take's mark tell those of one item apart; `-o json` has all of it."""

Texts = Iterable[tuple[str, str]]
"""Names of processes or pods, each with what it wrote."""


@dataclass(frozen=True)
class Line:
    """A line of a log: who wrote it, and what it says."""

    source: str
    says: dict[str, Any]

    @property
    def text(self) -> str:
        """The line for people: time, source, level, event, of which take, what else it says; of an exception its last line."""
        take = [f"take={str(self.says['take'])[:_TAKE_SHOWN]}"] if "take" in self.says else []
        beside = [_told(key, value) for key, value in self.says.items() if key not in _KNOWN]
        last = str(self.says.get("exception", "")).strip().splitlines()[-1:]
        head = (str(self.says.get("timestamp", "")), self.source, str(self.says.get("level", "")))
        return "  ".join((*head, " ".join([str(self.says.get("event", "")), *take, *beside, *last])))


def _told(key: str, value: Any) -> str:
    """One of a line's facts; of one that has parts, such as seconds by stage, those that are not nothing."""
    if isinstance(value, dict):
        value = ",".join(f"{part}:{amount}" for part, amount in value.items() if amount) or "none"
    return f"{key}={value}"


def logs(
    job: JobArgument,
    item: Annotated[str, typer.Argument(help="The item, as ROW/LOCALE/OUTPUT.")],
    namespace: NamespaceOption = None,
    system: Annotated[str, typer.Option(help="The farm's own namespace, for pods that still run.")] = NAMESPACE,
    settings: SettingsOption = None,
    s3: S3Option = None,
    output: Annotated[
        Literal["text", "json"], typer.Option("--output", "-o", help="Lines for people, or whole ones as JSON.")
    ] = "text",
) -> None:
    """Print what became of an item and its takes, oldest first, also when their workers are gone.

    With --s3 from logs.jsonl beside the job's outputs, with the farm's account from its own bucket; else, and where nothing
    is kept yet, from the pool's pods, which needs leave to read their logs.
    """
    kubectl = connect()
    document = find_job(kubectl, job, namespace)
    row, locale, format_ = _split(document, item)
    uid = lasting_uid(document["metadata"])
    mark, of_order = item_mark(uid, row, locale, format_), lines(uid, _kept(document, settings, s3))
    found, looked = about(mark, of_order), "beside the job's outputs"
    if not found and s3 is None:
        texts = list(_texts(kubectl, system))
        of_order += lines(uid, texts)
        found, looked = about(mark, of_order), f"in the logs of {len(texts)} processes"
    if not found:
        raise UserError(f"{where(document)} {item}: no line about it {looked}; {_why_none(of_order)}")
    for line in found:
        typer.echo(line.text if output == "text" else json.dumps({"source": line.source, **line.says}))


def _kept(job: dict[str, Any], settings: Path | None, s3: str | None) -> Texts:
    """What is kept of a job; the account of this machine's farm, which nobody named, may know nothing of it."""
    try:
        return kept(job, settings, s3)
    except UserError as error:
        if settings or s3:
            raise
        typer.echo(str(error), err=True)
        return ()


def _why_none(of_order: Sequence[Line]) -> str:
    if any(line.says.get("event") == CUT for line in of_order):
        return (
            "the job's log is full and says of many items only what goes wrong; index.jsonl names every item's outcome"
        )
    return (
        "it was not begun yet, was reused whole, has another row key (they stand in index.jsonl), or it is too long ago"
    )


def _split(job: dict[str, Any], item: str) -> tuple[str, str, str]:
    """Row key, locale and output; UserError when the job has no such locale or output."""
    parts = item.rsplit("/", 2)
    if len(parts) != 3:
        raise UserError(f"{item}: wanted ROW/LOCALE/OUTPUT, as files below the job's destination are named")
    row, locale, format_ = parts
    _one_of(item, "locale", locale, job["spec"]["locales"])
    _one_of(item, "output", format_, [one["name"] for one in job["spec"]["outputs"]])
    return row, locale, format_


def _one_of(item: str, what: str, given: str, allowed: list[str]) -> None:
    if given not in allowed:
        raise UserError(f"{item}: the job has no {what} {given}, but {', '.join(allowed)}")


def lines(order_uid: str, texts: Texts) -> list[Line]:
    """Lines that speak of an order, oldest first; what is not JSON speaks of none."""
    found = []
    for source, text in texts:
        for line in text.splitlines():
            if order_uid not in line:
                continue
            try:
                says = json.loads(line)
            except ValueError:
                continue
            if isinstance(says, dict) and says.get("order") == order_uid:
                found.append(Line(source, says))
    return sorted(found, key=lambda line: str(line.says.get("timestamp", "")))


def about(mark: str, of_order: Sequence[Line]) -> list[Line]:
    """Those lines of an order's that speak of an item, or of one of its takes."""
    takes = {take for line in of_order if line.says.get("item") == mark for take in line.says.get("takes", ())}
    return [line for line in of_order if line.says.get("item") == mark or line.says.get("take") in takes]


def _texts(kubectl: Kubectl, system: str) -> Iterator[tuple[str, str]]:
    home = Home.default()
    if kubectl.kubeconfig == home.admin_kubeconfig:
        yield from _files(home.ray)
        return
    pods = kubectl.every("pods", "-n", system, "-l", _RAY_PODS)
    if not pods:
        raise UserError(f"no pods of a pool in namespace {system}; name the farm's own namespace with --system")
    for pod in pods:
        name = str(pod["metadata"]["name"])
        restarted = any(one.get("restartCount") for one in pod["status"].get("containerStatuses", ()))
        for previous in (True, False) if restarted else (False,):
            try:
                yield name, kubectl.logs(name, system, previous=previous)
            except UserError as error:  # it went meanwhile, or has not started: the others may know
                typer.echo(str(error), err=True)


def _files(ray: Path) -> Iterator[tuple[str, str]]:
    """Of the farm on this machine; Ray keeps a folder for each time it was started."""
    for file in sorted(ray.glob("session_2*/logs/worker-*.err")):
        yield f"pid {file.stem.rpartition('-')[2]}", file.read_text(errors="replace")
