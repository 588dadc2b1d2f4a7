"""`understudy restore`: the saved objects of a farm in a new cluster, where they go on as what they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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

    Jobs keep their receipts and claims, namespaces their licenses. What is there already is left as it is; what the API server
    refuses is named, and the rest goes on.
    """
    saved, kubectl, refused = saved_objects.read(file), connect(), 0
    _want_no_operator(kubectl, system)
    operator = replace(kubectl, user=f"system:serviceaccount:{system}:operator")
    for kind, found in (
        ("Namespace", saved_objects.namespaces(saved)),
        *((kind, saved_objects.of_kind(saved, kind)) for kind in saved_objects.KINDS),
    ):
        if found:
            done = _restored(kubectl, operator, kind, found)
            refused += done.refused
            for line in done.lines:
                typer.echo(line)
    if refused:
        raise UserError(f"{file}: {refused} of its objects were refused; mend what is said of each and restore again")


@dataclass(frozen=True)
class _Done:
    """What became of the objects of one kind, a line for each that is worth one."""

    lines: tuple[str, ...]
    refused: int


def _want_no_operator(kubectl: Kubectl, system: str) -> None:
    """An operator would begin jobs anew before they are said to be finished."""
    leads = operation.lease(kubectl, system, operation.utc_now())
    if leads.result != "fail":
        raise UserError(
            f"{system}: {leads.message}; restore while no operator works: "
            f"`kubectl scale deployment/understudy-operator -n {system} --replicas=0`, and wait until its Lease is free"
        )


def _restored(kubectl: Kubectl, operator: Kubectl, kind: str, saved: Sequence[Body]) -> _Done:
    """Creates what is not there and gives it its status; goes on past what the API server refuses."""
    there, refused = _there(kubectl, kind), dict[tuple[str, str], str]()
    missing = [one for one in saved if saved_objects.name(one) not in there]
    for some in _batches(missing):
        refused |= _created(kubectl, kind, some)
    there = _there(kubectl, kind) if missing else there
    standing = [one for one in saved if saved_objects.name(one) in there]
    told = [saved_objects.with_status(there[saved_objects.name(one)], one) for one in standing]
    for statuses in _batches([one for one in told if one is not None]):
        operator.replace_status(statuses)
    made = len(missing) - len(refused)
    return _Done(
        (
            f"{kind:<15} {made} created, {len(saved) - len(missing)} were there"
            + (f", {len(refused)} refused" if refused else ""),
            *(f"{kind} {'/'.join(filter(None, name))}: {why}" for name, why in refused.items()),
            *(line for one in standing for line in _strangers(kubectl, there[saved_objects.name(one)], one)),
        ),
        len(refused),
    )


def _there(kubectl: Kubectl, kind: str) -> dict[tuple[str, str], Body]:
    return {saved_objects.name(one): one for one in kubectl.every(_resource(kind), "-A")}


def _created(kubectl: Kubectl, kind: str, saved: Sequence[Body]) -> dict[tuple[str, str], str]:
    """Why each that could not be created was refused; UserError when the API server does not answer at all."""
    try:
        kubectl.create([saved_objects.anew(one) for one in saved])
    except UserError:
        there = _there(kubectl, kind)
        left = [one for one in saved if saved_objects.name(one) not in there]
        return {saved_objects.name(one): why for one in left if (why := _why_refused(kubectl, one)) is not None}
    return {}


def _why_refused(kubectl: Kubectl, saved: Body) -> str | None:
    try:
        kubectl.create([saved_objects.anew(saved)])
    except UserError as error:
        return str(error)
    return None


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
