"""`understudy restore`: the saved objects of a farm in a new cluster, where they go on as what they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from understudy_api.model import GROUP
from understudy_api.restored import restored
from understudy_cli import saved_objects
from understudy_cli.checks import operation
from understudy_cli.cluster_access import connect
from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl
from understudy_cli.local.cluster_setup import NAMESPACE
from understudy_cli.saved_objects import Body

BATCH: Final = 50
"""Objects in one call: a spec may have half a megabyte."""


def restore(
    file: Annotated[Path, typer.Argument(help="What `kubectl get namespaces,renderpools,... -A -o json` printed.")],
    system: Annotated[str, typer.Option(help="The farm's own namespace.")] = NAMESPACE,
) -> None:
    """Create the saved objects of a farm in another cluster, before an operator works there; may be run again.

    Jobs keep their receipts and claims, namespaces their licenses. What is there already is left as it is.
    """
    saved, kubectl = saved_objects.read(file), connect()
    _want_no_operator(kubectl, system)
    operator = replace(kubectl, user=f"system:serviceaccount:{system}:operator")
    for kind, found in (
        ("Namespace", saved_objects.namespaces(saved)),
        *((kind, saved_objects.of_kind(saved, kind)) for kind in saved_objects.KINDS),
    ):
        if found:
            for line in _restored(kubectl, operator, kind, found):
                typer.echo(line)


def _want_no_operator(kubectl: Kubectl, system: str) -> None:
    """An operator would begin jobs anew before they are said to be finished."""
    leads = operation.lease(kubectl, system, operation.utc_now())
    if leads.result != "fail":
        raise UserError(
            f"{system}: {leads.message}; restore while no operator works: "
            f"`kubectl scale deployment/understudy-operator -n {system} --replicas=0`, and wait until its Lease is free"
        )


def _restored(kubectl: Kubectl, operator: Kubectl, kind: str, saved: Sequence[Body]) -> Iterator[str]:
    """Creates what is not there, gives it its status, and says what was done."""
    there = {saved_objects.name(one): one for one in kubectl.every(_resource(kind), "-A")}
    missing = [one for one in saved if saved_objects.name(one) not in there]
    for some in _batches(missing):
        made = kubectl.create([saved_objects.anew(one) for one in some])
        there |= {saved_objects.name(one): one for one in made}
    told = [saved_objects.with_status(there[saved_objects.name(one)], one) for one in saved]
    for statuses in _batches([one for one in told if one is not None]):
        operator.replace_status(statuses)
    yield f"{kind:<15} {len(missing)} created, {len(saved) - len(missing)} were there"
    for one in saved:
        yield from _strangers(kubectl, there[saved_objects.name(one)], one)


def _resource(kind: str) -> str:
    return kind.lower() if kind == "Namespace" else f"{kind.lower()}.{GROUP}"


def _batches(bodies: Sequence[Body]) -> Iterator[Sequence[Body]]:
    return (bodies[first : first + BATCH] for first in range(0, len(bodies), BATCH))


def _strangers(kubectl: Kubectl, there: Body, saved: Body) -> Iterator[str]:
    """Says of an object that somebody else made what it is not; a Namespace is made the saved one."""
    if saved_objects.is_same(there, saved):
        return
    where, name = saved_objects.name(saved)
    if saved["kind"] == "Namespace":
        annotations = {"metadata": {"annotations": restored(saved["metadata"])}}
        kubectl.patch("namespace", name, "", annotations)
    elif saved["kind"] == "RenderJob":
        yield f"RenderJob {where}/{name}: was created by somebody else, so it is a new job and pays anew; delete it and restore again"
