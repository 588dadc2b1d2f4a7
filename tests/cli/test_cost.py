"""`understudy cost`: exact sums, and no price that is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from kubectl_site import Jobs
from typer.testing import CliRunner

from understudy_cli.__main__ import app
from understudy_cli.cost import spent, totals
from understudy_cli.errors import UserError

PRICED = {
    "phase": "Complete",
    "items": {"total": 36, "done": 36},
    "meteredSeconds": "324.1",
    "workerSeconds": "157.2",
    "cost": {"amount": "0.0262", "currency": "EUR"},
}


def a_job(**status: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "acme", "name": "spring"}, "spec": {}, "status": status}


def test_a_job_without_a_price_is_unpriced_and_not_free() -> None:
    found = spent(a_job(workerSeconds="10"))
    assert found.price == "unpriced"
    assert totals([found])["cost"] == {}
    assert totals([found])["unpriced_jobs"] == 1


def test_seconds_by_group_tell_whose_price_is_missing() -> None:
    found = spent(a_job(workerSeconds="10", workerSecondsByGroup={"fixed": "4", "spot": "6"}))
    assert (found.price, found.worker_seconds_by_group) == ("unpriced", {"fixed": "4", "spot": "6"})
    assert spent(a_job(**PRICED)).worker_seconds_by_group == {}


@pytest.mark.parametrize("status", [{"phase": "Refused"}, {"phase": "Pending", "workerSeconds": "0"}])
def test_a_job_that_nobody_worked_for_lacks_no_price(status: dict[str, Any]) -> None:
    found = spent(a_job(**status))
    assert found.price == ""
    assert totals([found])["unpriced_jobs"] == 0


def test_sums_are_exact_and_currencies_stay_apart() -> None:
    costs = [("0.1", "EUR"), ("0.2", "EUR"), ("5", "JPY")]
    found = [spent(a_job(**{**PRICED, "cost": {"amount": amount, "currency": one}})) for amount, one in costs]
    assert totals(found) == {
        "metered_seconds": "972.3",
        "worker_seconds": "471.6",
        "cost": {"EUR": "0.3", "JPY": "5"},
        "unpriced_jobs": 0,
    }


@pytest.mark.farm
def test_a_namespace_is_a_line_a_job_and_their_sum(jobs: Jobs) -> None:
    jobs.make("spring", **PRICED)
    jobs.make("autumn", phase="Running", workerSeconds="3")
    shown = jobs.run("cost", "-o", "wide").stdout
    assert "0.0262 EUR" in shown
    assert "unpriced" in shown
    assert "0.0262 EUR, 1 unpriced" in shown
    assert "36/36" in shown
    assert "total" not in jobs.run("cost", "spring").stdout


@pytest.mark.farm
def test_programs_get_the_same_in_json_and_yaml(jobs: Jobs) -> None:
    jobs.make("spring", **PRICED, workerSecondsByGroup={"spot": "157.2"})
    found = json.loads(jobs.run("cost", "spring", "-o", "json").stdout)
    assert found == yaml.safe_load(jobs.run("cost", "spring", "-o", "yaml").stdout)
    assert found["jobs"][0]["cost"] == "0.0262"
    assert found["jobs"][0]["worker_seconds_by_group"] == {"spot": "157.2"}
    everywhere = json.loads(CliRunner().invoke(app, ["cost", "-A", "-o", "json"]).stdout)
    assert (jobs.namespace, "spring") in [(one["namespace"], one["job"]) for one in everywhere["jobs"]]


@pytest.mark.farm
def test_a_job_and_all_namespaces_contradict_each_other(jobs: Jobs) -> None:
    assert isinstance(jobs.run("cost", "spring", "-A").exception, UserError)
