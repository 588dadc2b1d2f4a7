"""Timesheets: bounded, told apart by hour and director."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from understudy_api.timesheet import HOUR_SECONDS, Presence, Timesheet, Work, hour_prefix, timesheet_key

HOURS = some.integers(0, 1_000_000).map(lambda hour: hour * HOUR_SECONDS)


def test_a_key_says_pool_hour_and_director() -> None:
    assert timesheet_key("default", 1_767_225_600, "d1") == "hours/default/2026-01-01T00/d1.json"


@given(some.tuples(HOURS, HOURS))
def test_keys_sort_as_hours_do(hours: tuple[int, int]) -> None:
    first, second = (timesheet_key("default", hour, "d1") for hour in sorted(hours))
    assert first <= second
    assert (hours[0] == hours[1]) == (first == second)


@given(HOURS)
def test_a_key_begins_as_its_hour(hour: int) -> None:
    assert timesheet_key("gpu", hour, "d1").startswith(hour_prefix("gpu", hour))
    assert not timesheet_key("gpu", hour + HOUR_SECONDS, "d1").startswith(hour_prefix("gpu", hour))


def sheet(**changed: object) -> Timesheet:
    work = Work(
        kind="Job", uid="u-1", namespace="acme", name="spring", license="j1", locale="de-DE", group="", busy_seconds=3.5
    )
    plain = {
        "pool": "default",
        "director": "d1",
        "release": "r",
        "hour": 7200,
        "since": 7201.5,
        "until": 7300.0,
        "presences": (Presence(group="", worker_seconds=197.0),),
        "works": (work,),
    }
    return Timesheet.model_validate(plain | changed)


def test_it_comes_back_from_its_json() -> None:
    assert Timesheet.model_validate_json(sheet().model_dump_json()) == sheet()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hour", 7201),
        ("hour", -3600),
        ("pool", "Not a name"),
        ("presences", ({"group": "", "worker_seconds": -1.0},)),
        ("presences", tuple({"group": f"g{n}", "worker_seconds": 1.0} for n in range(40))),
        ("until", float("nan")),
    ],
)
def test_what_is_no_timesheet_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        sheet(**{field: value})
