"""`understudy doctor`: what of the farm is in order, what is not, and what would mend it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from understudy_api.settings import BucketNames
from understudy_cli.checks.apiserver import apiserver
from understudy_cli.checks.check import Check, failed, skipped
from understudy_cli.checks.definitions import definitions
from understudy_cli.checks.gpu import gpu
from understudy_cli.checks.operation import lease, pools, utc_now
from understudy_cli.checks.pods import pods
from understudy_cli.checks.pool_servers import pool_servers
from understudy_cli.checks.roles import PLATFORM, role
from understudy_cli.checks.storage import storage
from understudy_cli.cluster_access import connect
from understudy_cli.errors import UserError
from understudy_cli.local.cluster_setup import NAMESPACE
from understudy_cli.printing import OutputOption, print_data
from understudy_cli.s3_access import S3Option, SettingsOption, given_account, operator_settings

_COLOURS: Final = {"pass": "green", "fail": "red", "skip": "dim"}
Role = Literal["platform", "brand", "owner", "reviewer", "operator"]


def doctor(
    role: Annotated[Role, typer.Option(help="Whose rights you should have.")] = PLATFORM,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", help="The brand's or owner's namespace.", show_default=False)
    ] = None,
    system: Annotated[str, typer.Option(help="The operator's namespace.")] = NAMESPACE,
    settings: SettingsOption = None,
    s3: S3Option = None,
    output: OutputOption = "table",
) -> None:
    """Look at cluster, rights, operator, pools, S3 and GPU. Exit code 0 when no check fails, else 1."""
    checks = [*in_cluster(role, namespace, system), *with_credentials(settings, s3), gpu()]
    if output in {"json", "yaml"}:
        print_data([one.wire() for one in checks], output)
    else:
        show(checks, wide=output == "wide")
    raise typer.Exit(1 if any(one.result == "fail" for one in checks) else 0)


def in_cluster(role_name: str, namespace: str | None, system: str) -> Iterator[Check]:
    """What the API server shows; one failed check when there is none to speak to."""
    try:
        kubectl = connect()
    except UserError as error:
        yield failed("cluster", str(error), "name a readable kubeconfig in KUBECONFIG")
        return
    found = apiserver(kubectl)
    yield from found
    if found[0].result == "fail":
        return
    yield from definitions(kubectl)
    yield from role(kubectl, role_name, namespace or kubectl.namespace(), system)
    yield lease(kubectl, system, utc_now())
    yield from pods(kubectl, system)
    yield from pools(kubectl)


def with_credentials(file: Path | None, s3_url: str | None) -> Iterator[Check]:
    """What needs the farm's keys: S3, Ray and the director; skipped where there are none."""
    told = operator_settings(file)
    if s3_url:
        yield from storage(given_account(s3_url), told.buckets if told else BucketNames())
    elif told:
        yield from storage(told.s3, told.buckets)
    else:
        yield skipped("s3", "no credentials here", "give --settings, or --s3 and its keys in the environment")
    if told:
        yield from pool_servers(told)
    else:
        yield skipped(
            "ray and director", "no operator settings here", "give --settings; status.conditions say the rest"
        )


def show(checks: list[Check], wide: bool) -> None:
    """A line for each check; below it the cure of what failed, and with `wide` of what was skipped too."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in checks:
        colour = _COLOURS[one.result]
        table.add_row(f"[{colour}]{one.result}[/]", one.name, escape(one.message))
        if one.cure and (one.result == "fail" or wide):
            table.add_row("", "", f"[bold]->[/] {escape(one.cure)}")
    Console(highlight=False).print(table)
