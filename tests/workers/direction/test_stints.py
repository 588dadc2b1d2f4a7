"""Stints: whose they are, and how they fall into locales and hours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from theatre import LANDSCAPE, receipt

from understudy_api.timesheet import HOUR_SECONDS, hour_of
from understudy_workers.direction.batch import Failure
from understudy_workers.direction.stints import Client, client_of, client_of_training, hours_of, locales_of
from understudy_workers.work import ItemResult, ItemWork, PlannedItem, TakeResult, TakeWork, permit_of


def take(locale: str) -> TakeWork:
    return TakeWork("t", ("c",), (LANDSCAPE,), "Hello.", locale)


def item(locale: str) -> ItemWork:
    return ItemWork(PlannedItem(0, "0" * 64, "r0", locale, LANDSCAPE, ("t",), ("t",), ("c",)), 0.0, "orders/")


def took(seconds: float) -> TakeResult:
    return TakeResult("t", 25, (False,), seconds, {}, 0.0)


def joined(seconds: float) -> ItemResult:
    return ItemResult(receipt(None, 0), (), seconds)


def test_work_is_done_for_a_job_under_its_license(signers) -> None:
    order = signers.order(license=signers.license(jti="spring-campaign"))
    wanted = Client("Job", order.uid, order.namespace, order.job, "spring-campaign")
    assert client_of(permit_of(order)) == wanted


def test_a_preview_is_told_apart(signers) -> None:
    order = signers.order(preview="age1" + "q" * 58)
    assert client_of(permit_of(order)).kind == "Preview"


def test_what_is_no_license_names_none(signers) -> None:
    assert client_of(permit_of(signers.order().model_copy(update={"license": "bm90.YWxpY2Vuc2U.b2Y"}))).license == ""


def test_a_training_is_its_owners() -> None:
    class Training:
        uid, namespace, twin = "t-1", "talent-ada", "ada"

    assert client_of_training(Training()) == Client("Training", "t-1", "talent-ada", "ada", "")


@pytest.mark.parametrize(
    ("works", "outcomes", "busy", "wanted"),
    [
        ([take("de-DE")], [took(0.2)], 0.5, {"de-DE": 1.0}),
        ([take("de-DE"), take("de-DE")], [took(0.2), took(0.1)], 0.3, {"de-DE": 1.0}),
        ([take("de-DE"), take("en-GB")], [took(0.3), took(0.1)], 0.4, {"de-DE": 0.75, "en-GB": 0.25}),
        ([item("de-DE"), item("en-GB")], [joined(0.3), joined(0.1)], 0.8, {"de-DE": 0.625, "en-GB": 0.375}),
        ([take("de-DE"), take("en-GB")], [took(0.3), Failure("no")], 0.4, {"de-DE": 0.875, "en-GB": 0.125}),
        ([take("de-DE"), take("en-GB")], [took(0.6), took(0.2)], 0.4, {"de-DE": 0.75, "en-GB": 0.25}),
        ([take("de-DE"), take("en-GB"), item("en-GB")], [], 3.0, {"de-DE": 1 / 3, "en-GB": 2 / 3}),
        ([take("de-DE"), take("en-GB")], [], 0.0, {"de-DE": 0.5, "en-GB": 0.5}),
    ],
)
def test_a_batchs_time_is_its_locales(works, outcomes, busy: float, wanted: dict[str, float]) -> None:
    assert dict(locales_of(works, outcomes, busy)) == pytest.approx(wanted)


@given(
    some.lists(some.tuples(some.sampled_from(["de-DE", "en-GB", "fr-FR"]), some.floats(0, 100)), min_size=1),
    some.floats(0, 1000),
)
def test_shares_add_up_to_one(done: list[tuple[str, float]], busy: float) -> None:
    shares = locales_of([take(locale) for locale, _ in done], [took(seconds) for _, seconds in done], busy)
    assert sum(share for _, share in shares) == pytest.approx(1.0)
    assert {locale for locale, _ in shares} == {locale for locale, _ in done}


@pytest.mark.parametrize(
    ("began_at", "ended_at", "wanted"),
    [
        (7200.0, 7200.0, []),
        (7201.0, 7203.5, [(7200, 2.5)]),
        (7199.0, 7200.0, [(3600, 1.0)]),
        (7199.0, 7201.5, [(3600, 1.0), (7200, 1.5)]),
        (7199.0, 14_401.0, [(3600, 1.0), (7200, 3600.0), (10_800, 3600.0), (14_400, 1.0)]),
    ],
)
def test_what_crosses_an_edge_is_split_there(began_at: float, ended_at: float, wanted: list) -> None:
    assert list(hours_of(began_at, ended_at)) == wanted


@given(some.floats(0, 1e6), some.floats(0, 20_000))
def test_hours_lose_nothing(began_at: float, seconds: float) -> None:
    parts = list(hours_of(began_at, began_at + seconds))
    assert sum(part for _, part in parts) == pytest.approx(seconds, abs=1e-6)
    assert all(0 < part <= HOUR_SECONDS and hour_of(hour) == hour for hour, part in parts)
