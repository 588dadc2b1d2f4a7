"""`understudy top`: pools as they say of themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kubectl_site import Jobs, said
from typer.testing import CliRunner

from understudy_cli.__main__ import app
from understudy_cli.top import usage


def a_pool(**status: Any) -> dict[str, Any]:
    price = {"amount": "0.60", "currency": "EUR"}
    return {"metadata": {"name": "default"}, "spec": {"pricePerWorkerHour": price}, "status": status}


def test_a_busy_pool_shows_its_share() -> None:
    ready = said("Ready", "True", "Ready", "4 performers")
    pool = usage(a_pool(workers=4, busy=3, orders=2, release="r" * 64, conditions=[ready]))
    assert pool.cells(wide=False) == ["default", "Ready", "4", "3 75%", "2", "0.60 EUR"]
    assert pool.cells(wide=True)[-2:] == ["r" * 12, "4 performers"]


def test_a_pool_that_is_not_ready_says_why() -> None:
    pool = usage(a_pool(conditions=[said("Ready", "False", "RayUnreachable", "refused")]))
    assert pool.cells(wide=False)[:4] == ["default", "RayUnreachable", "-", "-"]


def test_no_workers_are_no_share_and_no_price_is_unpriced() -> None:
    pool = usage({**a_pool(workers=0, busy=0), "spec": {}})
    assert (pool.ready, pool.cells(wide=False)[3], pool.cells(wide=False)[-1]) == ("Unknown", "0", "unpriced")


EUR, DEAR = {"amount": "0.60", "currency": "EUR"}, {"amount": "2.40", "currency": "EUR"}


@pytest.mark.parametrize(
    ("pool", "groups", "by_group", "shown"),
    [
        (EUR, {"spot": None}, {"spot": "0.60 EUR"}, "0.60 EUR"),
        (EUR, {"spot": None, "fixed": DEAR}, {"spot": "0.60 EUR", "fixed": "2.40 EUR"}, "0.60 EUR, 2.40 EUR"),
        (EUR, {"spot": DEAR, "fixed": DEAR}, {"spot": "2.40 EUR", "fixed": "2.40 EUR"}, "2.40 EUR"),
        (None, {"spot": EUR, "fixed": None}, {"spot": "0.60 EUR", "fixed": None}, "0.60 EUR, unpriced"),
        (None, {"spot": None}, {"spot": None}, "unpriced"),
    ],
)
def test_each_group_has_its_price_or_the_pools(
    pool: dict[str, str] | None,
    groups: dict[str, dict[str, str] | None],
    by_group: dict[str, str | None],
    shown: str,
) -> None:
    def price(given: dict[str, str] | None) -> dict[str, Any]:
        return {"pricePerWorkerHour": given} if given else {}

    spec = {"kuberay": {"groups": [{"name": name, **price(one)} for name, one in groups.items()]}, **price(pool)}
    found = usage({**a_pool(workers=1), "spec": spec})
    assert (found.group_prices, found.cells(wide=False)[-1]) == (by_group, shown)


@pytest.mark.farm
def test_the_pools_of_a_cluster_are_listed(jobs: Jobs) -> None:
    run = CliRunner().invoke
    assert "default" in run(app, ["top"]).stdout
    assert "default" in [one["pool"] for one in json.loads(run(app, ["top", "-o", "json"]).stdout)]
