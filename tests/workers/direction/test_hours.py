"""Hours: what goes in as stints and nodes comes out as timesheets, not a second more or less."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from understudy_api.timesheet import HOUR_SECONDS, MAX_PRESENCES, MAX_WORKS, Presence, Timesheet
from understudy_workers.direction import hours as hours_module
from understudy_workers.direction.hours import Hours
from understudy_workers.direction.nodes import Node
from understudy_workers.direction.stints import Client, Stint

ADA = Client("Job", "u-1", "acme", "spring", "license-1")
BOB = Client("Preview", "u-2", "bond", "autumn", "license-2")
TWIN = Client("Training", "u-3", "talent-ada", "ada")
ALWAYS = Node("n", "h:1", places=1_000, began_at=0.0)


def sheet(hours: Hours, hour: int = 7200, nodes=(ALWAYS,), since: float = 0.0, until: float = 1e9) -> Timesheet:
    return hours.sheet("default", "d", "r", hour, since, until, nodes)


def filled(*stints: Stint) -> Hours:
    hours = Hours()
    for stint in stints:
        hours.add(stint)
    return hours


def works(found: Timesheet) -> dict[tuple[str, str, str], float]:
    return {(work.name, work.locale, work.group): work.busy_seconds for work in found.works}


def test_an_hour_tells_who_was_there_and_for_whom_they_worked() -> None:
    found = sheet(
        filled(
            Stint(ADA, "", 7300.0, 4.0, (("de-DE", 0.25), ("en-GB", 0.75))),
            Stint(ADA, "", 7310.0, 2.0, (("de-DE", 1.0),)),
            Stint(TWIN, "spot", 7320.0, 5.0),
        ),
        nodes=(replace(ALWAYS, places=2), Node("s", "s:1", places=1, began_at=7250.0, ended_at=7350.0, group="spot")),
        since=7230.0,
        until=7330.0,
    )
    assert (found.pool, found.director, found.release, found.hour) == ("default", "d", "r", 7200)
    assert (found.since, found.until) == (7230.0, 7330.0)
    assert {one.group: one.worker_seconds for one in found.presences} == {"": 200.0, "spot": 80.0}
    assert works(found) == {("spring", "de-DE", ""): 3.0, ("spring", "en-GB", ""): 3.0, ("ada", "", "spot"): 5.0}
    assert {(one.kind, one.uid, one.namespace, one.license) for one in found.works} == {
        ("Job", "u-1", "acme", "license-1"),
        ("Training", "u-3", "talent-ada", ""),
    }


def test_a_sheet_speaks_of_its_hour_alone() -> None:
    hours = filled(Stint(ADA, "", 7203.0, 5.0, (("de-DE", 1.0),)))
    before, after = sheet(hours, 3600), sheet(hours, 7200, until=7210.0)
    assert (works(before), works(after)) == ({("spring", "de-DE", ""): 2.0}, {("spring", "de-DE", ""): 3.0})
    assert (before.since, before.until, after.since, after.until) == (3600.0, 7200.0, 7200.0, 7210.0)
    assert before.presences[0].worker_seconds == HOUR_SECONDS * 1000
    assert sheet(hours, 10_800, nodes=()).works == ()


def test_workers_are_never_busier_than_they_were_there() -> None:
    stints = (Stint(ADA, "spot", 7300.0, 60.0), Stint(TWIN, "spot", 7300.0, 60.0), Stint(ADA, "", 7300.0, 9.0))
    one = Node("s", "s:1", places=1, began_at=7200.0, ended_at=7280.0, group="spot")
    found = sheet(filled(*stints), nodes=(one, ALWAYS))
    assert works(found) == pytest.approx(
        {("spring", "", "spot"): 40.0, ("ada", "", "spot"): 40.0, ("spring", "", ""): 9.0}
    )


def test_without_presence_there_is_no_work() -> None:
    assert sheet(filled(Stint(ADA, "spot", 7300.0, 60.0))).works == ()


def test_groups_beyond_the_bound_count_as_none() -> None:
    hours = Hours()
    nodes = [Node(f"n{n}", f"h{n}:1", 1, 7200.0, 7300.0, f"g{n}") for n in range(MAX_PRESENCES + 5)]
    for node in nodes:
        hours.add(Stint(ADA, node.group, 7300.0, 10.0))
    found = sheet(hours, nodes=nodes)
    assert len(found.presences) == MAX_PRESENCES
    assert {one.group: one.worker_seconds for one in found.presences}[""] == 600.0
    assert works(found)["spring", "", ""] == pytest.approx(60.0)


def test_beyond_the_bound_work_is_told_by_its_namespace() -> None:
    hours = filled(*(Stint(replace(ADA, uid=f"u-{n}"), "", 7300.0, 1.0) for n in range(MAX_WORKS)))
    for stint in (Stint(replace(ADA, uid="late"), "", 7300.0, 2.0, (("de-DE", 1.0),)), Stint(BOB, "", 7300.0, 4.0)):
        hours.add(stint)
    hours.add(Stint(replace(ADA, uid="u-7"), "", 7300.0, 0.5))
    found = sheet(hours)
    assert len(found.works) == MAX_WORKS + 2
    told = [(one.kind, one.namespace, one.name, one.license, one.locale, one.busy_seconds) for one in found.works[-2:]]
    assert told == [("Job", "acme", "", "", "", 2.0), ("Preview", "bond", "", "", "", 4.0)]
    assert next(one for one in found.works if one.uid == "u-7").busy_seconds == 1.5


def test_however_many_namespaces_a_sheet_stays_a_timesheet(monkeypatch) -> None:
    monkeypatch.setattr(hours_module, "MAX_WORKS", 3)
    monkeypatch.setattr(hours_module, "MAX_NAMESPACES", 2)
    hours = filled(*(Stint(replace(ADA, namespace=f"brand-{n}"), "", 7300.0, 1.0) for n in range(9)))
    assert Counter(one.namespace for one in sheet(hours).works) == dict.fromkeys(
        ("brand-0", "brand-1", "brand-2", "brand-3", "brand-4", ""), 1
    )
    assert sum(one.busy_seconds for one in sheet(hours).works) == 9.0


def test_what_is_settled_is_forgotten() -> None:
    hours = filled(Stint(ADA, "", 7203.0, 5.0))
    hours.forget(7200)
    assert (sheet(hours, 3600).works, len(sheet(hours, 7200).works)) == ((), 1)


STINTS = some.lists(
    some.builds(
        Stint,
        client=some.sampled_from([ADA, BOB, TWIN]),
        group=some.sampled_from(["", "spot"]),
        ended_at=some.floats(20_000, 60_000),
        busy_seconds=some.floats(0, 10_000),
        locales=some.sampled_from([(("", 1.0),), (("de-DE", 0.3), ("en-GB", 0.7))]),
    ),
    max_size=20,
)
EVERYWHERE = (ALWAYS, replace(ALWAYS, id="s", address="s:1", group="spot"))
ALL_HOURS = range(0, 72_000, HOUR_SECONDS)


def total(hours: Hours) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for hour in ALL_HOURS:
        for key, seconds in works(sheet(hours, hour, EVERYWHERE)).items():
            found[key] += seconds
    return found


@given(STINTS, some.randoms())
def test_sums_are_kept_whatever_the_order_and_the_edges(stints: list[Stint], random) -> None:
    mixed = random.sample(stints, len(stints))
    one, two = total(filled(*stints)), total(filled(*mixed))
    assert dict(one) == pytest.approx(dict(two))
    for client in (ADA, BOB, TWIN):
        told = sum(seconds for (name, _, _), seconds in one.items() if name == client.name)
        assert told == pytest.approx(sum(stint.busy_seconds for stint in stints if stint.client == client), abs=1e-6)


@given(STINTS, some.lists(some.floats(0, 60_000), min_size=1, max_size=4), some.integers(0, 3))
def test_busy_never_exceeds_presence(stints: list[Stint], beginnings: list[float], places: int) -> None:
    hours = filled(*stints)
    nodes = [Node(str(n), f"{n}:1", places, at, at + 5_000, ("", "spot")[n % 2]) for n, at in enumerate(beginnings)]
    for hour in ALL_HOURS:
        found = sheet(hours, hour, nodes)
        there = {one.group: one.worker_seconds for one in found.presences}
        busy: Counter[str] = Counter()
        for work in found.works:
            busy[work.group] += work.busy_seconds
        assert all(seconds <= there[group] * (1 + 1e-9) for group, seconds in busy.items())


def test_an_hour_begins_with_its_first_node() -> None:
    """Who asks for prices within an hour must not find its workers where none was."""
    late = Node("n2", "b:1", 2, began_at=7300.0)
    gone = Node("n0", "a:1", 2, began_at=100.0, ended_at=200.0)
    found = sheet(Hours(), nodes=(gone, late), since=6000.0, until=7400.0)
    assert (found.since, found.until) == (7300.0, 7400.0)
    assert found.presences == (Presence(group="", worker_seconds=200.0),)
    nobody = sheet(Hours(), nodes=(gone,), since=6000.0, until=7400.0)
    assert nobody.since <= nobody.until
    assert nobody.presences == ()
