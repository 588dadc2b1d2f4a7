"""`understudy cost show` on a farm's buckets in real MinIO."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from cost_site import HOUR, CostFarm, a_sheet, a_work
from ledger_site import ONE
from typer.testing import CliRunner

from understudy_api.ledger.chain import link_key
from understudy_api.timesheet import timesheet_key
from understudy_cli.__main__ import app
from understudy_cli.errors import UserError

MONTH = ("--from", "2026-11-01", "--to", "2026-11-30")


@pytest.fixture
def site(object_store: Any, tmp_path: Path) -> CostFarm:
    return CostFarm(object_store.root, tmp_path)


def data(site: CostFarm, *words: str) -> dict[str, Any]:
    result = site.run("cost", "show", *MONTH, "-o", "json", *words)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_a_person_reads_who_cost_what(site: CostFarm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    result = site.run("cost", "show", *MONTH)
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0][0] == "brand"
    assert rows[1][:5] == ["acme", "1.000", "1.000", "50%", "7.20"]
    assert rows[2] == ["talent-ada", "0.003", "0.014", "83%", "unpriced", "unpriced", "60.000000"]
    nobody = next(row for row in rows if row[:2] == ["(unallocated", "idle)"])
    assert nobody[2:] == ["0.000", "1.000", "100%", "7.20", "7.20", "USD"]
    assert "storage*" in result.stdout
    assert "3.017 worker-hours in these lines, 3.017 on timesheets (100.00%)" in result.stdout
    assert "without a price for some of it, so not in any total:" in result.stdout


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("brand", ["acme", "talent-ada", "(none)", "(unallocated idle)"]),
        ("job", ["acme/spring", "acme/summer", "talent-ada/ada", "(none)", "(unallocated idle)"]),
        ("license", ["acme-spring", "(none)", "(unallocated idle)"]),
        ("pool", ["cheap", "default", "(none)"]),
        ("locale", ["de-DE", "fr-FR", "(none)", "(unallocated idle)"]),
    ],
)
def test_it_adds_up_by_what_is_asked(site: CostFarm, by: str, keys: list[str]) -> None:
    found = data(site, "--by", by)
    assert [line["key"] for line in found["lines"]] == keys
    for field in ("busySeconds", "idleSeconds", "unpricedSeconds"):
        assert sum(Decimal(line[field]) for line in found["lines"]) == Decimal(found["total"][field])
    for currency, sums in found["total"]["cost"].items():
        whole = sum(Decimal(line["cost"][currency]["total"]) for line in found["lines"] if currency in line["cost"])
        assert whole == Decimal(sums["total"])


def test_hours_are_lines_too(site: CostFarm) -> None:
    found = {line["key"]: line for line in data(site, "--by", "hour")["lines"]}
    busy = [line["busySeconds"] for line in found.values() if Decimal(line["busySeconds"])]
    assert busy == ["3610.000000"]


def test_sums_are_exact_and_currencies_stay_apart(site: CostFarm) -> None:
    total = data(site)["total"]
    royalty_micros = site.writers[ONE].account.royalty_micros
    assert set(total["cost"]) == {"EUR", "USD"}
    assert Decimal(total["cost"]["EUR"]["workers"]) == Decimal("7.2")
    assert Decimal(total["cost"]["USD"]["workers"]) == Decimal("7.2")
    assert Decimal(total["cost"]["EUR"]["royalties"]) * 1_000_000 == royalty_micros
    assert Decimal(total["cost"]["EUR"]["egress"]) == Decimal("0.2")
    assert Decimal(total["cost"]["EUR"]["storage"]) > 0
    assert (total["unpricedSeconds"], total["busySeconds"]) == ("60.000000", "3610.000000")


def test_programs_get_yaml_too(site: CostFarm) -> None:
    result = site.run("cost", "show", *MONTH, "-o", "yaml")
    assert yaml.safe_load(result.stdout)["presentSeconds"] == "10860.000000"


def test_a_period_without_work_is_empty(site: CostFarm) -> None:
    result = site.run("cost", "show", "--from", "2025-01-01", "--to", "2025-01-31")
    assert result.exit_code == 0, result.output
    assert "0.000 worker-hours in these lines, 0.000 on timesheets" in result.stdout


def test_a_farm_without_anything_costs_nothing(object_store: Any, tmp_path: Path) -> None:
    site = CostFarm(object_store.root, tmp_path)
    for bucket in (site.bucket, site.receipts):
        for one in site.store.list_objects(bucket, recursive=True):
            site.store.remove_object(bucket, one.object_name)
    assert data(site)["total"]["cost"] == {}


def test_a_month_that_is_not_over_is_forecast(site: CostFarm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: float(HOUR + 86_400))
    assert Decimal(data(site)["forecast"]["USD"]) > Decimal("7.2")
    assert "at this pace by 2026-12-01T00:00:00Z: " in site.run("cost", "show", *MONTH).stdout


@pytest.mark.parametrize("what", ["sheet", "page", "link"])
def test_what_cannot_be_read_is_named(site: CostFarm, what: str) -> None:
    key = timesheet_key("default", HOUR, "d1")
    if what == "sheet":
        site._keep(key, "{}")
    elif what == "page":
        key = "prices/default/00000001.json"
        site.put(key, b"{}")
    else:
        key = link_key(ONE, 1)
        site.put(key, b"{}")
    result = site.run("cost", "show", *MONTH)
    assert isinstance(result.exception, UserError)
    assert key in str(result.exception)


def test_a_work_told_by_namespace_alone_is_the_namespaces(site: CostFarm) -> None:
    several = a_work(5, uid="", name="", license="", locale="")
    site.write_sheet(a_sheet("default", HOUR + 7200, 5, several))
    keys = [line["key"] for line in data(site, "--by", "job")["lines"]]
    assert "acme/*" in keys


def test_help_names_the_parts() -> None:
    said = CliRunner().invoke(app, ["cost", "show", "--help"])
    assert said.exit_code == 0
    assert "--by" in said.output


def test_a_job_that_is_called_so_is_named_after_two_dashes() -> None:
    said = CliRunner().invoke(app, ["cost", "-A", "--", "show"])
    assert str(said.exception) == "cost: wanted a job or --all-namespaces, got both; leave one out"
