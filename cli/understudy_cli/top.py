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
    group_prices: dict[str, str | None]
    """What a worker-hour costs in each of its groups: its own price, else the pool's."""
    release: str | None
    message: str

    def cells(self, wide: bool) -> list[str]:
        """The pool as a line of the table."""
        share = f" {self.busy / self.workers:.0%}" if self.busy is not None and self.workers else ""
        numbers = (_shown(self.workers), f"{_shown(self.busy)}{share}", _shown(self.orders))
        prices = dict.fromkeys(self.group_prices.values()) or (self.price_per_worker_hour,)
        cells = [self.pool, self.ready, *numbers, ", ".join(one or UNPRICED for one in prices)]
        return [*cells, (self.release or "")[:12], self.message] if wide else cells


def top(output: OutputOption = "table") -> None:
    """Print the pools: ready or why not, workers, how many are busy, orders, prices of a worker's hour."""
    pools = [usage(one) for one in connect().every(f"renderpools.{GROUP}")]
    if output in {"json", "yaml"}:
        print_data([asdict(one) for one in pools], output)
        return
    wide = output == "wide"
    print_table([*_HEADINGS, *(_WIDE if wide else ())], [one.cells(wide) for one in pools], _LEFT)


def usage(document: dict[str, Any]) -> Usage:
    """What a RenderPool's status says."""
    status, said = document.get("status", {}), condition(document, "Ready")
    spec = document["spec"]
    groups = (spec.get("kuberay") or {}).get("groups", ())
    return Usage(
        pool=document["metadata"]["name"],
        ready="Unknown" if not said else "Ready" if said["status"] == "True" else str(said["reason"]),
        workers=status.get("workers"),
        busy=status.get("busy"),
        orders=status.get("orders"),
        price_per_worker_hour=_price(spec),
        group_prices={one["name"]: _price(one) or _price(spec) for one in groups},
        release=status.get("release"),
        message=str(said.get("message", "")),
    )


def _price(given: dict[str, Any]) -> str | None:
    price = given.get("pricePerWorkerHour")
    return f"{price['amount']} {price['currency']}" if price else None


def _shown(number: int | None) -> str:
    return "-" if number is None else str(number)
