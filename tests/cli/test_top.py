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


@pytest.mark.farm
def test_the_pools_of_a_cluster_are_listed(jobs: Jobs) -> None:
    run = CliRunner().invoke
    assert "default" in run(app, ["top"]).stdout
    assert "default" in [one["pool"] for one in json.loads(run(app, ["top", "-o", "json"]).stdout)]
