"""`understudy cost export` on a farm's buckets in real MinIO."""

from __future__ import annotations

import csv
import io
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cost_site import CostFarm
from ledger_site import ONE

from understudy_cli.cost_export import _made_whole
from understudy_cli.errors import UserError

MONTH = ("--from", "2026-11-01", "--to", "2026-11-30")


@pytest.fixture(scope="module")
def site(object_store: Any, tmp_path_factory: pytest.TempPathFactory) -> CostFarm:
    return CostFarm(object_store.root, tmp_path_factory.mktemp("farm"))


def test_every_charge_is_a_row_and_sums_are_those_of_show(site: CostFarm) -> None:
    result = site.run("cost", "export", *MONTH, "--out", "-")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["ServiceName"], row["BillingCurrency"]] += Decimal(row["BilledCost"])
    assert sums["Render workers", "EUR"] == sums["Render workers", "USD"] == Decimal("7.2")
    assert sums["Render workers", "XXX"] == 0
    assert sums["Likeness licenses", "EUR"] * 1_000_000 == site.writers[ONE].account.royalty_micros
    assert {row["x_What"] for row in rows} == {
        *("busy", "idle", "unallocated"),
        *("storage", "egress", "royalty", "correction"),
    }
    assert sum(Decimal(row["x_WorkerSeconds"] or 0) for row in rows) == 10860


@pytest.mark.parametrize(("kind", "start"), [("csv", b"AllocatedMethodDetails,"), ("parquet", b"PAR1")])
def test_a_file_is_there_whole(site: CostFarm, tmp_path: Path, kind: str, start: bytes) -> None:
    out = tmp_path / f"costs.{kind}"
    out.write_text("an older one")
    result = site.run("cost", "export", *MONTH, "--format", kind, "--out", out)
    assert result.exit_code == 0, result.output
    assert f"{out}: " in result.stderr
    assert result.stdout == ""
    assert out.read_bytes().startswith(start)
    assert [one.name for one in tmp_path.iterdir()] == [out.name]


def test_1_4_has_no_columns_that_it_dropped(site: CostFarm) -> None:
    header = site.run("cost", "export", *MONTH, "--focus", "1.4", "--out", "-").stdout.splitlines()[0]
    assert "ServiceProviderName" in header
    assert "PublisherName" not in header


def test_a_file_that_cannot_be_written_is_named_and_the_older_stays(tmp_path: Path) -> None:
    out = tmp_path / "costs.csv"
    out.write_text("an older one")
    with pytest.raises(ZeroDivisionError), _made_whole(out) as temporary:
        temporary.write_text(f"half{1 // 0}")
    assert out.read_text() == "an older one"
    assert [one.name for one in tmp_path.iterdir()] == ["costs.csv"]
    with pytest.raises(UserError, match="cannot be written"), _made_whole(tmp_path / "none" / "x") as temporary:
        temporary.write_text("half")


def test_parquet_needs_a_file_and_duckdb_and_says_so(site: CostFarm, monkeypatch: pytest.MonkeyPatch) -> None:
    result = site.run("cost", "export", *MONTH, "--format", "parquet", "--out", "-")
    assert "--out -: Parquet is not written to standard output" in str(result.exception)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    result = site.run("cost", "export", *MONTH, "--format", "parquet", "--out", "costs.parquet")
    assert isinstance(result.exception, UserError)
    assert "uv pip install 'understudy[finance]'" in str(result.exception)
