"""`understudy top`: how busy the pools are, and what an hour of each costs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from understudy_api.model import GROUP
from understudy_cli.campaign.watch import condition
from understudy_cli.cluster_access import connect
from understudy_cli.cost import UNPRICED
from understudy_cli.printing import OutputOption, print_data, print_table

_HEADINGS: Final = ("pool", "ready", "workers", "busy", "orders", "price/h")
_WIDE: Final = ("release", "says")
_LEFT: Final = frozenset({"pool", "ready", "release", "says"})


@dataclass(frozen=True)
class Usage:
    """A pool as it says of itself; None where it does not know."""

    pool: str
    ready: str
    workers: int | None
    busy: int | None
    orders: int | None
    price_per_worker_hour: str | None
    release: str | None
    message: str

    def cells(self, wide: bool) -> list[str]:
        """The pool as a line of the table."""
        share = f" {self.busy / self.workers:.0%}" if self.busy is not None and self.workers else ""
        numbers = (_shown(self.workers), f"{_shown(self.busy)}{share}", _shown(self.orders))
        cells = [self.pool, self.ready, *numbers, self.price_per_worker_hour or UNPRICED]
        return [*cells, (self.release or "")[:12], self.message] if wide else cells


def top(output: OutputOption = "table") -> None:
    """Print the pools: ready or why not, workers, how many are busy, orders, price of a worker's hour."""
    pools = [usage(one) for one in connect().every(f"renderpools.{GROUP}")]
    if output in {"json", "yaml"}:
        print_data([asdict(one) for one in pools], output)
        return
    wide = output == "wide"
    print_table([*_HEADINGS, *(_WIDE if wide else ())], [one.cells(wide) for one in pools], _LEFT)


def usage(document: dict[str, Any]) -> Usage:
    """What a RenderPool's status says."""
    status, said = document.get("status", {}), condition(document, "Ready")
    price = document["spec"].get("pricePerWorkerHour")
    return Usage(
        pool=document["metadata"]["name"],
        ready="Unknown" if not said else "Ready" if said["status"] == "True" else str(said["reason"]),
        workers=status.get("workers"),
        busy=status.get("busy"),
        orders=status.get("orders"),
        price_per_worker_hour=f"{price['amount']} {price['currency']}" if price else None,
        release=status.get("release"),
        message=str(said.get("message", "")),
    )


def _shown(number: int | None) -> str:
    return "-" if number is None else str(number)
