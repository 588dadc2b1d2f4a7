"""What a farm is like at the moment somebody scrapes: jobs, pools, licenses and consents, as their statuses say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, get_args

from prometheus_client.core import GaugeMetricFamily

from understudy_api.kinds import KINDS
from understudy_operator.core.lifecycle import Phase
from understudy_operator.shell import views
from understudy_operator.shell.deadline_metrics import is_late
from understudy_operator.shell.metric_labels import MAX_POOLS, OTHER, Labels
from understudy_operator.shell.store import Body, Store

MAX_LICENSES: Final = 500
MAX_BRANDS: Final = 400
MAX_PRICES: Final = 200
"""Groups of pools with a price."""
PHASES: Final = ("New", *get_args(Phase))
"""Told even of no job: a series that ends leaves its last number in a legend."""
Values = defaultdict[tuple[str, ...], float]
"""Label values -> value."""
_NOTHING_DUE: Final = {kind.kind: 0 for kind in KINDS}
_LICENSE_SECONDS: Final = {"used": "usedSeconds", "reserved": "reservedSeconds", "left": "leftSeconds"}
_PERFORMERS: Final = {"ready": "workers", "busy": "busy"}


class StateMetrics:
    """A collector for a registry; both functions are asked at each scrape, from the thread that serves it."""

    def __init__(self, store: Store, backlog: Callable[[], dict[str, int]], answers: Callable[[str], bool]) -> None:
        self._store = store
        self._backlog = backlog
        """How many keys of each kind are due for a reconcile."""
        self._answers = answers
        """Whether the director of the RenderPool of this name answers."""
        self._licenses, self._brands = Labels(MAX_LICENSES), Labels(MAX_BRANDS)
        self._pools = Labels(MAX_POOLS)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All families; those of a kind without objects are empty, but for the backlog and the phases of jobs."""
        yield _family(
            "understudy_operator_backlog",
            "Keys due for a reconcile.",
            ("kind",),
            _by_one(_NOTHING_DUE | self._backlog()),
        )
        yield from self._of_jobs(self._store.all("RenderJob"))
        yield from self._of_pools(self._store.all("RenderPool"))
        yield from self._of_licenses(self._store.all("License"))
        yield self._of_consents(self._store.all("ConsentRequest"))

    def _of_jobs(self, jobs: list[Body]) -> Iterator[GaugeMetricFamily]:
        phases, left, late = Values(float, {(phase,): 0.0 for phase in PHASES}), Values(float), Values(float)
        for job in jobs:
            phase = str(_status(job).get("phase") or "New")
            phases[(phase if phase in PHASES else OTHER,)] += 1
            if (job.get("spec") or {}).get("activeDeadlineSeconds"):
                late[self._pools.bounded(views.pool_name(job))] += is_late(job)
            brand = self._brands.bounded(str(job["metadata"]["namespace"]))
            left[brand] += _items_left(_status(job)) if phase in {"Running", "Pending"} else 0.0
        yield _family("understudy_jobs", "RenderJobs by phase.", ("phase",), phases)
        yield _family("understudy_items_left", "Items that running jobs still have to make.", ("brand",), left)
        yield _family(
            "understudy_jobs_late", "Running jobs that will miss their deadline at their pace.", ("pool",), late
        )

    def _of_pools(self, pools: list[Body]) -> Iterator[GaugeMetricFamily]:
        answering, performers, prices = Values(float), Values(float), Values(float)
        for pool in pools[:MAX_POOLS]:
            name, status = str(pool["metadata"]["name"]), _status(pool)
            answering[(name,)] = self._answers(name)
            performers |= {(name, state): _number(status.get(key)) or 0.0 for state, key in _PERFORMERS.items()}
            for which, amount in _prices(pool.get("spec") or {}):
                if len(prices) < MAX_PRICES:
                    prices[(name, *which)] = amount
        yield _family("understudy_pool_reachable", "1 while a pool's director answers.", ("pool",), answering)
        yield _family("understudy_pool_performers", "Performers, all and busy.", ("pool", "state"), performers)
        yield _family(
            "understudy_pool_price",
            "Price of a worker-hour; group is empty for the pool's own.",
            ("pool", "group", "currency"),
            prices,
        )

    def _of_licenses(self, licenses: list[Body]) -> Iterator[GaugeMetricFamily]:
        seconds, items = Values(float), Values(float)
        for one in licenses:
            metadata, status = one["metadata"], _status(one)
            (label,) = self._licenses.bounded(f"{metadata['namespace']}/{metadata['name']}")
            usable = views.said(status, "Valid").get("status") != "False"
            for state, key in _LICENSE_SECONDS.items():
                if (found := _number(status.get(key))) is not None and (usable or state != "left"):
                    seconds[label, state] += found
            if (found := _number(status.get("leftItems"))) is not None and usable:
                items[(label,)] += found
        text = "Seconds of a license: used, reserved; left while it is valid."
        yield _family("understudy_license_seconds", text, ("license", "state"), seconds)
        text = "Videos left while a license is valid, where it bounds them."
        yield _family("understudy_license_items_left", text, ("license",), items)

    def _of_consents(self, requests: list[Body]) -> GaugeMetricFamily:
        pending = sum(views.said(_status(one), "Pending").get("status") == "True" for one in requests)
        return _family("understudy_consents_open", "ConsentRequests that wait for their owner.", (), {(): pending})


def _family(
    name: str, text: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for found, value in values.items():
        family.add_metric(found, value)
    return family


def _by_one(values: Mapping[str, int]) -> dict[tuple[str, ...], float]:
    return {(key,): value for key, value in values.items()}


def _status(body: Body) -> Mapping[str, Any]:
    return body.get("status") or {}


def _items_left(status: Mapping[str, Any]) -> float:
    items = status.get("items") or {}
    made = sum(_number(items.get(outcome)) or 0.0 for outcome in ("done", "failed", "rejected"))
    return max((_number(items.get("total")) or 0.0) - made, 0.0)


def _number(value: Any) -> float | None:
    """A number of a status; None where there is none: a status that somebody spoiled hides no other."""
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _prices(spec: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], float]]:
    """(group, currency) -> amount, of a pool's spec; what has no price is not there, and never 0."""
    groups = (spec.get("kuberay") or {}).get("groups", ())
    for group, priced in [("", spec), *((str(one["name"]), one) for one in groups)]:
        if price := priced.get("pricePerWorkerHour"):
            amount = _number(price["amount"])
            if amount is not None:
                yield (group, str(price["currency"])), amount
