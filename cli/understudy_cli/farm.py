"""`understudy up`, `status`, `down` and `tools`: the farm on one machine at the command line."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from understudy_cli.errors import UserError
from understudy_cli.local import object_store, pool, toolchain
from understudy_cli.local.build import build
from understudy_cli.local.farm import Farm, PartStatus
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Keys
from understudy_cli.local.operator_process import is_installed
from understudy_cli.local.part import External, Site
from understudy_cli.local.plan import LOOPBACK
from understudy_cli.local.probe import listens
from understudy_cli.local.progress import BuildProgress, StartProgress
from understudy_cli.s3_access import from_environment

_MEBIBYTE = 1024**2
_COLOURS = {"running": "green", "dead": "red", "stopped": "dim"}


def up(
    kubeconfig: Annotated[
        Path | None, typer.Option(help="Use this cluster instead of starting one; needs an administrator's rights.")
    ] = None,
    pool: Annotated[
        str | None,
        typer.Option(
            help="Use the Ray at this dashboard URL; token in UNDERSTUDY_RAY_TOKEN. Its processes need "
            "UNDERSTUDY_POOL_SETTINGS=$UNDERSTUDY_HOME/pool.json in their environment."
        ),
    ] = None,
    s3: Annotated[
        str | None,
        typer.Option(
            help="Use this S3; account in UNDERSTUDY_S3_ACCESS_KEY and UNDERSTUDY_S3_SECRET_KEY, "
            "the authority of a certificate of your own in UNDERSTUDY_S3_CA_FILE."
        ),
    ] = None,
) -> None:
    """Start the farm on this machine, or what of it is down; parts that run stay as they are.

    The farm lives in $UNDERSTUDY_HOME (default ~/.local/state/understudy) and listens on loopback only, on ports of
    20000-31999 chosen once ($UNDERSTUDY_PORTS names another range).
    """
    console = Console()
    site = bring_up(console, _external(kubeconfig, pool, s3))
    _say_where(console, site)


def bring_up(console: Console, external: External = External()) -> Site:
    """Build what is missing, start what is down, show progress; SIGTERM ends it as cleanly as Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    farm = Farm(Home.default(), external)
    with BuildProgress(console) as building:
        build(toolchain.missing(farm.programs()), building)
    with StartProgress(console) as starting:
        return farm.up(report=starting)


def status() -> None:
    """Show the farm's processes: state, port, memory, log. Exit code 1 when one of them has died."""
    console, farm = Console(), Farm(Home.default())
    parts = farm.status()
    if not parts:
        console.print(f"No farm in {farm.home.root}; [bold]understudy up[/] starts one.")
        return
    console.print(_table(parts, farm.home))
    thumbprint = Keys.at(farm.home).farm_thumbprint()
    _say_director(console, farm.site().plan.ports.director)
    console.print(f"farm        {farm.site().plan.name} in {farm.home.root}", highlight=False, soft_wrap=True)
    console.print(f"thumbprint  {thumbprint}  (what licenses name this farm by)", highlight=False, soft_wrap=True)
    dead = [part.name for part in parts if part.health == "dead"]
    if dead:
        raise UserError(f"{', '.join(dead)} died; `understudy up` starts it again, its log says why")


def down(
    purge: Annotated[
        bool, typer.Option("--purge", help="Also delete the farm's home: cluster, buckets, keys, everything.")
    ] = False,
) -> None:
    """Stop the farm; nothing of it is left running."""
    console, farm = Console(), Farm(Home.default())
    with console.status("stopping"):
        stopped = farm.purge() if purge else farm.down()
    console.print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
    if purge:
        console.print(f"deleted: {farm.home.root}")


def tools(
    names: Annotated[list[str] | None, typer.Argument(help="Only these; default: all.", show_default=False)] = None,
) -> None:
    """Build the programs the farm needs beside Python, once; later calls find them in the cache."""
    console, wanted = Console(), tuple(names or toolchain.TOOLS)
    if unknown := [name for name in wanted if name not in toolchain.TOOLS]:
        raise UserError(f"tools: wanted some of {', '.join(toolchain.TOOLS)}; got {', '.join(unknown)}")
    with BuildProgress(console) as building:
        build(toolchain.missing(wanted), building)
    for name in wanted:
        console.print(f"{name:<24} {toolchain.require(name)}", highlight=False, soft_wrap=True)


def _external(kubeconfig: Path | None, pool_url: str | None, s3_url: str | None) -> External:
    ray_token = os.environ.get("UNDERSTUDY_RAY_TOKEN", "")
    if pool_url and not ray_token:
        raise UserError("--pool needs Ray's token in UNDERSTUDY_RAY_TOKEN")
    return replace(
        from_environment(),
        kubeconfig=kubeconfig.absolute() if kubeconfig else None,
        pool_url=pool_url,
        s3_url=s3_url,
        ray_token=ray_token,
    )


def _say_where(console: Console, site: Site) -> None:
    s3, ports = object_store.settings(site, "operator"), site.plan.ports
    rows = {
        "Kubernetes": f"export KUBECONFIG={site.kubeconfig}",
        "S3": f"{'https' if s3.secure else 'http'}://{s3.endpoint}  (accounts in {site.home.keys}/s3-*.json)",
        "Ray": f"{pool.dashboard_url(site)}  (token in {Keys.at(site.home).ray_token})",
        "metrics": f"http://{LOOPBACK}:{ports.operator_metrics}/metrics and http://{LOOPBACK}:{ports.director_metrics}/metrics",
        "logs": f"{site.home.log('*')}",
    }
    for name, where in rows.items():
        console.print(f"  [bold]{name:<11}[/]{where}", highlight=False, soft_wrap=True)
    if not is_installed():
        console.print("  [yellow]no operator is installed here, so none was started[/]")
    console.print("The farm is up. [bold]understudy status[/] looks at it, [bold]understudy down[/] stops it.")


def _say_director(console: Console, port: int) -> None:
    """The director is no process of ours: the operator submits it to Ray, which runs and counts it."""
    state = "answers" if listens(port) else "is not there; the operator submits it to Ray"
    console.print(f"director    {state} (port {port}, inside ray)", highlight=False, soft_wrap=True)


def _table(parts: list[PartStatus], home: Home) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("part", "state", "pid", "port", "memory", "log"):
        table.add_column(title, justify="right" if title in {"pid", "port", "memory"} else "left", overflow="fold")
    for part in parts:
        memory = f"{part.memory_bytes / _MEBIBYTE:.0f} MiB" if part.memory_bytes else ""
        state = f"[{_COLOURS[part.health]}]{part.health}[/]"
        table.add_row(
            part.name, state, str(part.pid or ""), str(part.port), memory, str(part.log.relative_to(home.root))
        )
    total = sum(part.memory_bytes for part in parts)
    table.add_row("", "", "", "", f"{total / _MEBIBYTE:.0f} MiB", "", end_section=True)
    return table
