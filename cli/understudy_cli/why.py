"""`understudy why`: why a job does not run or has failed, clause by clause, and the smallest change that would make it legal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import typer
from pydantic import ValidationError

from understudy_api.model import Condition
from understudy_api.remedy import remedies
from understudy_api.renderjob import RenderJobSpec
from understudy_api.renderjob_status import JobRefusal, RenderJobStatus
from understudy_api.verdict import Refusal
from understudy_cli.cluster_access import connect
from understudy_cli.errors import UserError
from understudy_cli.jobs import JobArgument, NamespaceOption, find_job


def why(job: JobArgument, namespace: NamespaceOption = None) -> None:
    """Say why a job is refused, waits or has failed, and the smallest change that would make it legal."""
    for line in explained(find_job(connect(), job, namespace)):
        typer.echo(line)


def explained(body: Mapping[str, Any]) -> Iterator[str]:
    """The explanation of a RenderJob, line by line."""
    where = f"{body['metadata']['namespace']}/{body['metadata']['name']}"
    try:
        spec = RenderJobSpec.model_validate(body["spec"])
    except ValidationError as error:
        raise UserError(f"{where}: its spec cannot be read ({error.errors()[0]['msg']}); mend it first") from error
    status = RenderJobStatus.model_validate(body.get("status", {}))
    if status.refusals:
        yield from _refused(where, spec, status)
    else:
        yield from _standing(where, status)
    yield from _license(status)


def _refused(where: str, spec: RenderJobSpec, status: RenderJobStatus) -> Iterator[str]:
    gates = ", ".join(dict.fromkeys(one.gate or "admission" for one in status.refusals))
    count = len(status.refusals)
    yield f"{where} is refused at {gates}: {count} {'thing speaks' if count == 1 else 'things speak'} against it."
    for one in status.refusals:
        yield ""
        yield from _clause(one)
    yield ""
    yield "The smallest change that would make it legal:"
    for change in remedies(spec, (Refusal(**one.model_dump()) for one in status.refusals)):
        yield f"  - {change}"


def _clause(one: JobRefusal) -> Iterator[str]:
    if one.clause is None:
        yield f"  {one.reason}"
        yield f"    {one.message}"
        return
    yield f"  {one.clause}  ({one.reason})"
    yield f"    wanted   {one.wanted}"
    yield f"    allowed  {one.allowed}"


def _standing(where: str, status: RenderJobStatus) -> Iterator[str]:
    pending = _true(status, "ConsentPending")
    if pending is not None:
        yield f"{where} waits: {pending.message}."
        yield f"The owner reads it with `understudy consent show {_name(status)}`."
        return
    reached = _true(status, "BudgetReached")
    if reached is not None:
        yield f"{where}: it is {(status.phase or 'not looked at yet').lower()} by its budget."
        yield f"  {reached.message}"
        return
    failed = _true(status, "Failed")
    if failed is not None:
        yield f"{where} failed: {failed.reason}."
        yield f"  {failed.message}"
        if failed.reason == "TooManyFailedItems":
            brand, _, job = where.partition("/")
            yield f"Once the cause is gone, `understudy requeue {job} -n {brand} --failed` has them tried again."
        return
    yield f"{where}: nothing speaks against it; it is {(status.phase or 'not looked at yet').lower()}."
    for one in status.conditions:
        if one.message and one.status != "True" and one.type in {"Admitted", "Dispatched"}:
            yield f"  {one.type}: {one.message}"
    if status.items is not None and status.items.rejected:
        yield f"  {status.items.rejected} items were refused one by one; {status.index or 'the index'} says why."


def _true(status: RenderJobStatus, kind: str) -> Condition | None:
    """The condition of this type, when it holds."""
    return next((one for one in status.conditions if one.type == kind and one.status == "True"), None)


def _name(status: RenderJobStatus) -> str:
    namespace, _, name = (status.consent_request or "/").partition("/")
    return f"{name} -n {namespace}"


def _license(status: RenderJobStatus) -> Iterator[str]:
    if status.license is None:
        return
    found = status.license
    yield ""
    items = "" if found.left_items is None else f" and {found.left_items:,} videos"
    yield f"License {found.id}: {found.left_seconds} s{items} left, until {found.until}."
    for line in found.terms:
        yield f"  {line}"
