"""Budgets on a real farm whose performers are puppets: paused in time, raised and finished, cancelled, refused; a killed performer counts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from operator_site import Tenant, condition_of, until
from puppet import noted
from puppet_farm import PuppetFarm

from understudy_api.receipt import Segment
from understudy_cli.local.home import Home
from understudy_operator.shell.key import Key

pytestmark = [pytest.mark.farm, pytest.mark.timeout(400)]
POOL = Key("RenderPool", "", "default")
PRICE = {"amount": "3.60", "currency": "EUR"}
"""A thousandth of a euro for a second."""
SECONDS = 90.0


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PuppetFarm, Tenant]]:
    """A farm with a price, and a brand with a license."""
    farm = PuppetFarm(Home(tmp_path_factory.mktemp("budgets") / "farm"))
    try:
        farm.perform()
        ada = farm.owner("talent-ada", "acme")
        farm.admin.create(ada.license("spring"))
        farm.admin.patch(POOL, {"pricePerWorkerHour": PRICE})
        yield farm, ada
    finally:
        farm.farm.purge()


def rows(words: list[str]) -> dict[str, Any]:
    return {"key": "id", "rows": [{"id": f"r{n}", "name": said} for n, said in enumerate(words)]}


def budget(most: str, **changed: str) -> dict[str, str]:
    return {"max": most, "currency": "EUR", **changed}


def segments(farm: PuppetFarm, body: dict[str, Any]) -> list[Segment]:
    found = farm.objects("understudy-receipts", f"{body['metadata']['uid']}/")
    return [Segment.model_validate_json(data) for key, data in sorted(found.items()) if "finished" not in key]


def spent(farm: PuppetFarm, body: dict[str, Any]) -> Decimal:
    """In euros, as the log says: what the job is charged with, which is never less than what its workers worked."""
    last = segments(farm, body)[-1]
    assert last.charge is not None
    assert last.charge.reserved_nanos == 0
    charged = Decimal(last.charge.nanos) / 10**9
    assert charged >= Decimal(last.billed_worker_seconds) / 1000 - Decimal("0.00001")
    return charged


def test_a_job_pauses_before_its_budget_and_finishes_when_it_is_raised(brand: tuple[PuppetFarm, Tenant]) -> None:
    farm, ada = brand
    words = [f"[slow] {n}" for n in range(120)]
    farm.admin.create(ada.job("spring", budget=budget("0.012"), data=rows(words)))
    body = farm.admin.wait(ada.key("spring"), "BudgetReached", seconds=SECONDS)
    body = until(lambda: farm.admin.get(ada.key("spring")), lambda one: "0.012 EUR are spent" in told(one), SECONDS)
    assert (body["status"]["phase"], condition_of(body, "Suspended")["status"]) == ("Suspended", "True")
    assert 0 < spent(farm, body) <= Decimal("0.012")
    assert Decimal(body["status"]["cost"]["amount"]) <= Decimal("0.012")
    assert Decimal(body["status"]["budget"]["left"]["amount"]) > 0
    assert [one["reason"] for one in farm.admin.events(body)].count("BudgetReached") == 1
    farm.admin.patch(ada.key("spring"), {"budget": budget("5")})
    body = farm.admin.wait(ada.key("spring"), "Complete", seconds=SECONDS)
    assert condition_of(body, "BudgetReached")["status"] == "False"
    takes = noted(farm.home.work, "take")
    assert len(takes) == len(set(takes)) == 120
    receipts = [receipt.ordinal for segment in segments(farm, body) for receipt in segment.receipts]
    assert sorted(receipts) == list(range(120))


def told(body: dict[str, Any] | None) -> str:
    return str(condition_of(body, "BudgetReached").get("message", ""))


def test_a_job_that_is_to_be_cancelled_keeps_what_is_done(brand: tuple[PuppetFarm, Tenant]) -> None:
    farm, ada = brand
    words = [f"[slow] {n}" for n in range(200)]
    farm.admin.create(ada.job("autumn", budget=budget("0.015", whenExceeded="Cancel"), data=rows(words)))
    body = until(lambda: farm.admin.get(ada.key("autumn")), lambda one: phase(one) == "Cancelled", SECONDS)
    assert body is not None
    assert condition_of(body, "Complete")["reason"] == "BudgetReached"
    body = until(lambda: farm.admin.get(ada.key("autumn")), lambda one: bool(one["status"].get("index")), SECONDS)
    done = body["status"]["items"]["done"]
    assert 0 < done < 200
    videos = [key for key in farm.keys("understudy-outputs", "acme/autumn/") if key.endswith(".mp4")]
    assert len(videos) == done
    assert spent(farm, body) <= Decimal("0.015")


def phase(body: dict[str, Any] | None) -> str:
    return str((body or {}).get("status", {}).get("phase", ""))


def test_a_performer_that_dies_is_paid_for(brand: tuple[PuppetFarm, Tenant]) -> None:
    farm, ada = brand
    words = ["[slow] [die once] Ada", *(f"[slow] {n}" for n in range(3))]
    farm.admin.create(ada.job("killed", budget=budget("2"), data=rows(words)))
    body = farm.admin.wait(ada.key("killed"), "Complete", seconds=SECONDS)
    last = segments(farm, body)[-1]
    assert last.charge is not None
    lost = Decimal(last.charge.nanos) / 10**6 - Decimal(last.billed_worker_seconds)
    assert lost > Decimal("0.15")
    assert Decimal(body["status"]["budget"]["spent"]["amount"]) <= 2


@pytest.mark.parametrize(
    ("price", "reason"),
    [(None, "BudgetUnpriced"), ({"amount": "3.60", "currency": "USD"}, "BudgetCurrencyDiffers")],
)
def test_what_cannot_be_kept_is_not_admitted(
    brand: tuple[PuppetFarm, Tenant], price: dict[str, str] | None, reason: str
) -> None:
    farm, ada = brand
    farm.admin.patch(POOL, {"pricePerWorkerHour": price})
    name = reason.lower()
    farm.admin.create(ada.job(name, budget=budget("2")))
    try:
        body = until(
            lambda: farm.admin.get(ada.key(name)),
            lambda one: condition_of(one, "Admitted").get("reason") == reason,
            SECONDS,
        )
        assert phase(body) == "Refused"
        farm.admin.patch(POOL, {"pricePerWorkerHour": PRICE})
        farm.admin.wait(ada.key(name), "Complete", seconds=SECONDS)
    finally:
        farm.admin.patch(POOL, {"pricePerWorkerHour": PRICE})
