"""`understudy cost`: what jobs cost so far, job by job and in total for each currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

import typer

from understudy_cli.cluster_access import connect
from understudy_cli.errors import UserError
from understudy_cli.jobs import NamespaceOption, find_job, names
from understudy_cli.printing import OutputOption, print_data, print_table

UNPRICED: Final = "unpriced"
"""Worker seconds without a price have no cost; that is not the same as costing nothing."""
_HEADINGS: Final = ("namespace", "job", "phase", "items", "metered s", "worker s", "cost")
_LEFT: Final = frozenset({"namespace", "job", "phase", "pool"})


@dataclass(frozen=True)
class Spent:
    """What one job took; amounts are exact decimals as its status has them, None where it says nothing yet."""

    namespace: str
    job: str
    phase: str
    pool: str
    items_done: int
    items_total: int
    metered_seconds: str | None
    worker_seconds: str | None
    worker_seconds_by_group: dict[str, str]
    """Those of them that groups of the pool spent."""
    cost: str | None
    currency: str | None

    @property
    def price(self) -> str:
        """The cost in words; nothing for a job that nobody has worked for."""
        return f"{self.cost} {self.currency}" if self.cost is not None else UNPRICED if self.is_unpriced else ""

    @property
    def is_unpriced(self) -> bool:
        """Whether somebody worked for it, any second of it without a price."""
        return self.cost is None and bool(Decimal(self.worker_seconds or 0))


def cost(
    job: Annotated[
        str | None,
        typer.Argument(
            metavar="[JOB]", help="The job; default: all of the namespace.", show_default=False, autocompletion=names
        ),
    ] = None,
    namespace: NamespaceOption = None,
    everywhere: Annotated[bool, typer.Option("--all-namespaces", "-A", help="All jobs of the cluster.")] = False,
    output: OutputOption = "table",
) -> None:
    """Print worker seconds at the prices of their groups and pools, and metered seconds. Royalties are in `understudy statement`.

    `cost show` and `cost export` tell what the farm cost and for whom, idle time included, at the prices of that time.
    A job of such a name is named after `--`.
    """
    if job and everywhere:
        raise UserError("cost: wanted a job or --all-namespaces, got both; leave one out")
    kubectl = connect()
    if job:
        found = [find_job(kubectl, job, namespace)]
    else:
        found = kubectl.every("renderjobs", *(("-A",) if everywhere else ("-n", namespace or kubectl.namespace())))
    jobs = [spent(one) for one in found]
    if output in {"json", "yaml"}:
        print_data({"jobs": [asdict(one) for one in jobs], "totals": totals(jobs)}, output)
    else:
        show(jobs, wide=output == "wide")


def spent(document: dict[str, Any]) -> Spent:
    """What a RenderJob's status says it took."""
    status, metadata = document.get("status", {}), document["metadata"]
    items, money = status.get("items") or {}, status.get("cost") or {}
    return Spent(
        namespace=metadata["namespace"],
        job=metadata["name"],
        phase=str(status.get("phase") or "Pending"),
        pool=(document["spec"].get("poolRef") or {}).get("name", "default"),
        items_done=int(items.get("done", 0)),
        items_total=int(items.get("total", 0)),
        metered_seconds=status.get("meteredSeconds"),
        worker_seconds=status.get("workerSeconds"),
        worker_seconds_by_group=status.get("workerSecondsByGroup") or {},
        cost=money.get("amount"),
        currency=money.get("currency"),
    )


def totals(jobs: Sequence[Spent]) -> dict[str, Any]:
    """Sums over jobs: seconds, money by currency, and how many jobs have no price."""
    money: dict[str, Decimal] = {}
    for one in jobs:
        if one.cost is not None and one.currency is not None:
            money[one.currency] = money.get(one.currency, Decimal(0)) + Decimal(one.cost)
    return {
        "metered_seconds": str(sum((Decimal(one.metered_seconds or 0) for one in jobs), Decimal(0))),
        "worker_seconds": str(sum((Decimal(one.worker_seconds or 0) for one in jobs), Decimal(0))),
        "cost": {currency: str(amount) for currency, amount in sorted(money.items())},
        "unpriced_jobs": sum(one.is_unpriced for one in jobs),
    }


def show(jobs: Sequence[Spent], wide: bool) -> None:
    """A line for each job, and the sum of more than one; with `wide` also each job's pool."""
    rows = [
        [
            one.namespace,
            one.job,
            one.phase,
            f"{one.items_done}/{one.items_total}",
            one.metered_seconds or "",
            one.worker_seconds or "",
            one.price,
            *([one.pool] if wide else []),
        ]
        for one in jobs
    ]
    if len(jobs) > 1:
        rows.append(_sum(jobs))
    print_table([*_HEADINGS, *(["pool"] if wide else [])], rows, _LEFT)


def _sum(jobs: Sequence[Spent]) -> list[str]:
    found = totals(jobs)
    money = [f"{amount} {currency}" for currency, amount in found["cost"].items()]
    unpriced = found["unpriced_jobs"]
    words = ", ".join([*money, *([f"{unpriced} {UNPRICED}"] if unpriced and money else [UNPRICED] if unpriced else [])])
    return ["", "total", "", "", found["metered_seconds"], found["worker_seconds"], words]
