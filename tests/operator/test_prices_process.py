"""The price book with the operator as a process: every change is a page, and a new operator adds none."""

from __future__ import annotations

from typing import Any

import pytest
from operator_site import Admin, OperatorProcess, Site, resource, until

from understudy_api.price_book import PricePage, book_prefix
from understudy_operator.shell.key import Key
from understudy_operator.shell.objects import Objects

pytestmark = pytest.mark.farm
KEY = Key("RenderPool", "", "priced")


def pages(site: Site) -> list[PricePage]:
    objects, bucket = Objects(site.settings.s3), site.settings.buckets.ledger
    keys = objects.keys(bucket, book_prefix(KEY.name))
    return [PricePage.model_validate_json(objects.get(bucket, key) or b"") for key in keys]


def priced(amount: str) -> dict[str, Any]:
    return {"pricePerWorkerHour": {"amount": amount, "currency": "EUR"}}


def test_each_change_is_a_page_and_a_new_operator_adds_none(
    admin: Admin, operator_site: Site, operator_process: OperatorProcess
) -> None:
    address = {"director": operator_site.settings.director.url, "ray": operator_site.settings.ray.address}
    admin.create(resource("RenderPool", "", KEY.name, {"address": address, **priced("0.60")}))
    until(lambda: pages(operator_site), lambda found: len(found) == 1, seconds=40)
    operator_process.end()
    operator_process.start()
    admin.patch(KEY, priced("0.70"))
    found = until(lambda: pages(operator_site), lambda found: len(found) > 1, seconds=40)
    amounts = [one.prices.worker_hour.amount for one in found if one.prices.worker_hour]
    assert ([one.number for one in found], amounts) == ([0, 1], ["0.60", "0.70"])
    assert found[0].since <= found[1].since
    admin.delete(KEY)
    until(lambda: admin.get(KEY), lambda gone: gone is None, seconds=40)
