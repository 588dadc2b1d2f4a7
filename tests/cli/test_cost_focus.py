"""The export against the rules of FOCUS: 1.2 by the FinOps Foundation's validator, what 1.3 and 1.4 add by their words.

The validator brings the rules of 1.2 and fetches those of later versions from a host that a test may not ask.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from charges import CHARGES
from focus_judge import Judge, judge

from understudy_cli.cost_export import write_csv_file, write_parquet
from understudy_cli.cost_report.focus import LEFT_IN_1_4, TYPES, Version, columns, rows

pytestmark = pytest.mark.timeout(900)  # the first run installs the validator
NEVER_INVOICED = {"InvoiceId-C-005-C"}
"""Either this rule (not null, for what is on an invoice) or InvoiceId-C-004-C (null, for what is not) is broken by every
file, since the validator cannot know about invoices; their parent InvoiceId-C-003-C, which wants one of them, has to hold."""
WRITERS = {"csv": write_csv_file, "parquet": write_parquet}


@pytest.fixture(scope="module")
def validator() -> Judge:
    return judge()


@pytest.fixture(params=WRITERS)
def exported(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file = tmp_path / f"costs.{request.param}"
    WRITERS[request.param](file, columns("1.3"), rows(CHARGES, "farm"))
    return file


def test_charges_of_every_kind_are_in_order(validator: Judge, exported: Path) -> None:
    assert validator.broken(exported) == NEVER_INVOICED


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("BilledCost", None, "BilledCost-C-003-M"),
        ("BillingCurrency", "Euro", "BillingCurrency-C-003-M"),
        ("ServiceSubcategory", "Rendering", "ServiceSubcategory-C-003-M"),
        ("ChargeCategory", "Royalty", "ChargeCategory-C-003-M"),
        ("PricingUnit", None, "PricingUnit-C-006-C"),
        ("Tags", "no JSON", "Tags-C-001-M"),
    ],
)
def test_the_validator_finds_what_is_not(
    validator: Judge, tmp_path: Path, column: str, value: str | None, rule: str
) -> None:
    spoilt = [{**row, column: value} for row in rows(CHARGES, "farm")]
    write_csv_file(tmp_path / "costs.csv", columns("1.3"), spoilt)
    assert rule in validator.broken(tmp_path / "costs.csv")


@pytest.mark.parametrize("version", ["1.3", "1.4"])
def test_names_of_columns_are_those_of_the_version_and_our_own(version: Version) -> None:
    names = columns(version)
    assert list(names) == sorted(names, key=lambda name: (name.startswith("x_"), name))
    assert all(re.fullmatch(r"(x_)?[A-Z][A-Za-z]+", name) for name in names)
    assert {"ServiceProviderName", "HostProviderName", "InvoiceIssuerName"} <= set(names)
    assert set(LEFT_IN_1_4) & set(names) == (set(LEFT_IN_1_4) if version == "1.3" else set())


def test_what_1_3_asks_of_split_costs() -> None:
    """Method and ratio where idle time was split, nothing of it elsewhere; a part that is nobody's names no resource."""
    for charge, row in zip(CHARGES, rows(CHARGES, "farm"), strict=True):
        assert set(row) == set(TYPES)
        assert all((row["ServiceProviderName"], row["HostProviderName"]))
        allocated = {name: value for name, value in row.items() if name.startswith("Allocated")}
        if charge.what != "idle":
            assert set(allocated.values()) == {None}
            continue
        assert all((row["AllocatedMethodId"], row["AllocatedResourceId"], row["AllocatedResourceName"]))
        assert row["AllocatedTags"] is None
        (element,) = json.loads(str(row["AllocatedMethodDetails"]))["Elements"]
        assert 0 < element["AllocatedRatio"] <= 1
    ratios = [one.share for one in CHARGES if one.what == "idle" and one.share]
    assert sum(ratios) == 1


def test_what_is_unpriced_is_in_no_currencys_sum() -> None:
    for charge, row in zip(CHARGES, rows(CHARGES, "farm"), strict=True):
        assert row["x_Unpriced"] is (charge.amount is None)
        assert (row["BillingCurrency"] == "XXX") is (charge.amount is None)
        assert row["BilledCost"] == (charge.amount or 0)


def test_both_files_say_the_same_exactly(tmp_path: Path) -> None:
    import duckdb

    for kind, write in WRITERS.items():
        write(tmp_path / f"costs.{kind}", columns("1.3"), rows(CHARGES, "farm"))
    with (tmp_path / "costs.csv").open(newline="") as stream:
        wanted = list(csv.DictReader(stream))
    found = duckdb.sql(f"SELECT * FROM '{tmp_path}/costs.parquet'")
    assert list(zip(found.columns, map(str, found.types), strict=True)) == list(TYPES.items())
    assert len(wanted) == len(CHARGES) == len(found)
    written = found.fetchall()
    for line, row in zip(wanted, written, strict=True):
        for (name, text), value in zip(line.items(), row, strict=True):
            if TYPES[name].startswith("DECIMAL"):
                assert value == (type(value)(text) if text else None)
            elif TYPES[name] == "VARCHAR":
                assert value == (text or None)
