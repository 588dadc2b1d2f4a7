"""`understudy pause`, `resume`, `requeue`: a change of a job's spec, so that Git or kubectl can make it just as well."""

from __future__ import annotations

from typing import Annotated

import typer

from understudy_cli.cluster_access import connect
from understudy_cli.errors import UserError
from understudy_cli.jobs import JobArgument, NamespaceOption, change_job, find_job, where


def pause(job: JobArgument, namespace: NamespaceOption = None) -> None:
    """Start no more items of a job; what is running finishes. The same as spec.suspend: true."""
    typer.echo(
        f"{where(change_job(connect(), job, namespace, {'suspend': True}))}: suspended; what is running finishes"
    )


def resume(job: JobArgument, namespace: NamespaceOption = None) -> None:
    """Let a job go on. The same as spec.suspend: false."""
    typer.echo(f"{where(change_job(connect(), job, namespace, {'suspend': False}))}: goes on")


def requeue(
    job: JobArgument,
    failed: Annotated[bool, typer.Option("--failed", help="The items that failed or were rejected.")] = False,
    namespace: NamespaceOption = None,
) -> None:
    """Try items again that failed or were rejected: spec.retry, raised by one. Finished ones are not metered anew."""
    if not failed:
        raise UserError("requeue: wanted --failed; items that are done are never made again")
    kubectl = connect()
    found = find_job(kubectl, job, namespace)
    items = found.get("status", {}).get("items") or {}
    lost = int(items.get("failed", 0)) + int(items.get("rejected", 0))
    if not lost:
        typer.echo(f"{where(found)}: no item failed or was rejected; nothing to try again")
        return
    retry = int(found["spec"].get("retry", 0)) + 1
    change_job(kubectl, job, namespace, {"retry": retry})
    typer.echo(f"{where(found)}: {lost} {'item is' if lost == 1 else 'items are'} tried again (spec.retry: {retry})")
