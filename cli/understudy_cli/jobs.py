"""RenderJobs as commands name and read them: `NAME` or `renderjob/NAME`, in the namespace kubectl itself would take."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from understudy_cli.cluster_access import connect
from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl

KINDS: Final = frozenset({"renderjob", "renderjobs", "rj", "job"})


def names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Jobs that a shell may offer: those of the namespace; none when there is no cluster to ask."""
    try:
        kubectl = connect()
        found = kubectl.every("renderjobs", "-n", ctx.params.get("namespace") or kubectl.namespace())
    except UserError:
        return []
    return [name for one in found if (name := str(one["metadata"]["name"])).startswith(incomplete)]


JobArgument = Annotated[
    str, typer.Argument(metavar="JOB", help="The job, as NAME or renderjob/NAME.", autocompletion=names)
]
NamespaceOption = Annotated[
    str | None,
    typer.Option("--namespace", "-n", help="The brand's namespace; default: the context's.", show_default=False),
]


def name_of(what: str) -> str:
    """The name in NAME or renderjob/NAME; UserError when it is another kind's."""
    kind, _, name = what.rpartition("/")
    if (kind and kind not in KINDS) or not name:
        raise UserError(f"{what}: wanted NAME or renderjob/NAME")
    return name


def find_job(kubectl: Kubectl, what: str, namespace: str | None) -> dict[str, Any]:
    """The job that the arguments name; UserError when there is none."""
    return kubectl.get("renderjob", name_of(what), namespace or kubectl.namespace())


def change_job(kubectl: Kubectl, what: str, namespace: str | None, spec: dict[str, Any]) -> dict[str, Any]:
    """Merge into a job's spec and give the job back; UserError when the cluster's kind lacks a field of it."""
    job = kubectl.patch("renderjob", name_of(what), namespace or kubectl.namespace(), {"spec": spec})
    for field, value in spec.items():
        if job["spec"].get(field) != value:
            raise UserError(
                f"{where(job)}: the cluster's RenderJob has no spec.{field}; apply this release's crds/ and try again"
            )
    return job


def where(job: dict[str, Any]) -> str:
    """A job as people name it."""
    return f"{job['metadata']['namespace']}/{job['metadata']['name']}"
