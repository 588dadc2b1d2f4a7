"""Days of a report."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from understudy_cli.cost_report.period import period
from understudy_cli.errors import UserError

NOW = datetime(2026, 11, 29, 23, 59, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("first", "last", "begin", "end"),
    [
        (None, None, "2026-11-01", "2026-12-01"),
        ("2026-12-05", None, "2026-12-05", "2027-01-01"),
        ("2028-02-01", None, "2028-02-01", "2028-03-01"),
        ("2026-11-03", "2026-11-03", "2026-11-03", "2026-11-04"),
        (None, "2026-11-30", "2026-11-01", "2026-12-01"),
    ],
)
def test_whole_days_in_utc(first: str | None, last: str | None, begin: str, end: str) -> None:
    days = tuple(int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) for day in (begin, end))
    assert period(first, last, NOW) == days


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-11", None, "--from: wanted a day like 2026-11-01, got '2026-11'"),
        (None, "2026-02-30", "--to: wanted a day like"),
        ("2026-11-02", "2026-11-01", "--to 2026-11-01: wanted a day not before --from 2026-11-02"),
    ],
)
def test_what_is_no_period_is_said(first: str | None, last: str | None, said: str) -> None:
    with pytest.raises(UserError, match=said):
        period(first, last, NOW)
