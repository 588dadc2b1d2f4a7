"""Statements: lines that add up to the ledger to the micro-unit, shared to the last of them."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_words import ACCOUNT, LICENSE, NOVEMBER, ROYALTY, Writer, licensed, reserved, some_chain, uid

from understudy_api.ledger import entry as written
from understudy_api.ledger.statement import Statement, month_of, statement, to_csv

DAY = 86_400.0


def of(writer: Writer, month: str = "2026-11", **rest: object) -> Statement:
    return statement(ACCOUNT, writer.links, month, **rest)  # type: ignore[arg-type]


def test_lines_name_jobs_and_add_up_to_the_account() -> None:
    writer = some_chain()
    found = of(writer, names={uid(1): "acme/spring"})
    assert [(line.uid, line.name, line.items, line.micros) for line in found.lines] == [
        (uid(1), "acme/spring", 5, 11_000_000),
        (uid(2), "", 3, 14_080_000),
    ]
    account = writer.account
    assert (found.items, found.micros) == (account.used_items, account.used_micros)
    assert found.royalty_micros == account.royalty_micros == found.earned_to_date_micros
    assert sum(one.micros for one in found.payments) == found.royalty_micros
    assert [one.role for one in found.payments] == ["owner", "driver", "studio"]
    assert (found.license, found.jti, found.currency, found.last_link) == (LICENSE, "acme-spring", "EUR", 6)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 200), st.integers(0, 40)), max_size=15))
def test_all_months_together_are_the_account(history: list[tuple[int, int, int]]) -> None:
    writer = Writer()
    writer.write(licensed(100_000), *(reserved(job, 10_000) for job in (1, 2, 3)))
    numbers = {1: 0, 2: 0, 3: 0}
    for job, frames, days in history:
        writer.now += days * DAY
        writer.make(job, numbers[job], frames / 25, 0.04)
        numbers[job] += 1
    months = sorted({month_of(link.written_at) for link in writer.links})
    found = [of(writer, month) for month in months]
    assert sum(one.micros for one in found) == writer.account.used_micros
    assert sum(one.royalty_micros for one in found) == writer.account.royalty_micros
    assert found[-1].earned_to_date_micros == writer.account.royalty_micros
    for one in found:
        assert sum(part.micros for part in one.payments) == one.royalty_micros


def test_a_correction_has_a_line_of_its_own_in_its_own_month() -> None:
    writer = some_chain()
    wrong = next(one for one in writer.links[1].entries)
    writer.now = NOVEMBER + 30 * DAY
    fix = written.Corrected(entry=wrong.id, micros=-2_500_000, items=-1, royalty_micros=-30_870, reason="FileBroken")
    writer.write(fix)
    assert len(of(writer).lines) == 2
    (line,) = of(writer, "2026-12").lines
    assert (line.kind, line.uid, line.name, line.items, line.royalty_micros) == (
        "correction",
        wrong.id,
        "FileBroken",
        -1,
        -30_870,
    )
    assert of(writer, "2026-12").earned_to_date_micros == writer.account.royalty_micros


@pytest.mark.parametrize(("month", "due"), [("2026-11", False), ("2026-12", True), ("2027-01", False)])
def test_what_is_missing_of_the_minimum_is_due_when_the_license_ends(month: str, due: bool) -> None:
    writer = Writer()
    guaranteed = ROYALTY.model_copy(update={"minimum_micros": 5_000_000})
    writer.write(licensed(royalty=guaranteed, expires_at=int(NOVEMBER + 30 * DAY)), reserved(1, 20))
    writer.make(1, 0, 10.0)
    earned = writer.account.royalty_micros
    found = of(writer, month)
    lines = [line.royalty_micros for line in found.lines if line.kind == "minimum"]
    assert lines == ([5_000_000 - earned] if due else [])
    assert sum(one.micros for one in found.payments) == found.royalty_micros


def test_without_royalty_there_is_use_and_no_money() -> None:
    writer = Writer()
    writer.write(licensed(royalty=None), reserved(1, 20))
    writer.make(1, 0, 10.0)
    found = of(writer)
    assert (found.currency, found.royalty_micros, found.payments, found.micros) == (None, 0, (), 10_000_000)


def test_csv_says_the_same() -> None:
    found = of(some_chain())
    rows = list(csv.DictReader(io.StringIO(to_csv(found))))
    assert [row["kind"] for row in rows] == ["use", "use", "total", "payment", "payment", "payment"]
    assert sum(int(row["amount_micros"]) for row in rows if row["kind"] == "use") == found.royalty_micros
    assert sum(int(row["amount_micros"]) for row in rows if row["kind"] == "payment") == found.royalty_micros
    assert {row["currency"] for row in rows} == {"EUR"}


def test_an_empty_month_is_a_statement_too() -> None:
    found = of(some_chain(), "2026-10")
    assert (found.lines, found.royalty_micros, found.license) == ((), 0, None)
