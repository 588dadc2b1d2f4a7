"""What stands in S3 of items once performers and director are gone: by real orders in a real object store."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from puppet import noted
from structlog.testing import capture_logs
from theatre import Proxy, eventually

from understudy_api.item_log import log_prefix, part_key, read_part
from understudy_api.log_marks import item_mark
from understudy_api.order import Order
from understudy_api.trace import trace_id
from understudy_cli.logs import Line, about, lines
from understudy_workers.direction import house, item_log

RECEIPTS = "understudy-receipts"


def play(coroutine: Any) -> None:
    asyncio.run(coroutine)


@pytest.fixture
def kept(orders: Any) -> Any:
    """Reads all lines that the farm keeps of an order."""

    def read(order: Order) -> list[Line]:
        keys = [key for key in orders.objects.keys(RECEIPTS, log_prefix(order.uid)) if read_part(key)]
        return lines(order.uid, [("director", orders.objects.get(RECEIPTS, key).decode()) for key in keys])

    return read


def of_item(order: Order, row: str, kept: list[Line]) -> list[dict[str, Any]]:
    return [line.says for line in about(item_mark(order.uid, row, "en-GB", "landscape"), kept)]


def events(order: Order, row: str, kept: list[Line]) -> list[str]:
    return [one["event"] for one in of_item(order, row, kept)]


MADE = ["attempt begun", "take made", "attempt begun", "item made", "item delivered"]


def test_an_item_is_told_from_its_first_attempt_to_its_delivery(stage, orders, kept) -> None:
    order = orders.write(["Ada", "Bob"])

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await at.until(order, "Finished")

    play(scene())
    found = kept(order)
    assert events(order, "r1", found) == MADE
    begun, made, *_ = of_item(order, "r1", found)
    assert begun["performer"] in ("p0", "p1")
    assert (begun["attempt"], made["stage_seconds"]) == (1, {"speak": 0.01})
    whose = {(one.says["job"], one.says["pool"], one.says["trace_id"]) for one in found}
    assert whose == {("acme/spring", "default", trace_id(order.uid, 1))}
    assert lines(order.uid, [("director", orders.delivered(order)["logs.jsonl"].decode())]) == found


def test_what_failed_and_who_died_is_told_with_reasons_and_without_words(stage, orders, kept) -> None:
    order = orders.write(["Ada", "[fail] Secret Word", "[fail once] Cleo"], max_failed_items=1)

    async def scene() -> None:
        async with stage() as at:
            at.crew.lose["p0"] = 1
            at.house.desk.put(order)
            await at.until(order, "Finished")

    with capture_logs() as logged:
        play(scene())
    found = kept(order)
    failed = [one for one in of_item(order, "r1", found) if one["event"] == "attempt failed"]
    assert [one["reason"] for one in failed] == ["ValueError"] * 3
    lost = of_item(order, "r1", found)[-1]
    assert (lost["event"], lost["reason"], lost["attempts"], lost["level"]) == ("item lost", "ValueError", 3, "warning")
    assert events(order, "r2", found).count("attempt failed") == 1
    assert events(order, "r2", found)[-1] == "item delivered"
    (died,) = [one.says for one in found if one.says["event"] == "work lost"]
    assert (died["performer"], died["error"]) == ("p0", "its performer died while it held the work")
    told = json.dumps([one.says for one in found]) + json.dumps(logged, default=str)
    for secret in (order.license, order.grant, orders.settings.s3.secret_key.get_secret_value(), "Secret Word"):
        assert secret not in told


def test_a_director_that_ends_leaves_what_was_known_of_an_attempt(stage, orders, kept, monkeypatch) -> None:
    monkeypatch.setattr(item_log, "WRITE_SECONDS", 0.05)
    order = orders.write(["[hold] Ada"])

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await eventually(lambda: noted(at.settings.work_dir, "take"))
            await eventually(lambda: kept(order))
            at.puppet.stop(order.uid, float("inf"))
            assert [one.says["event"] for one in kept(order)] == ["attempt begun"]

    play(scene())


def test_another_director_goes_on_where_the_room_of_the_first_ended(stage, orders, kept) -> None:
    order = orders.write(["Ada"])
    key = part_key(order.uid, time.time(), order.digest, "earlier1", 8 * 1024**2)
    orders.objects.put(RECEIPTS, key, b'{"order": "%s", "event": "long ago"}\n' % order.uid.encode())

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await at.until(order, "Finished")

    play(scene())
    assert {one.says["event"] for one in kept(order)} == {"long ago", "log cut"}


def test_lines_are_shown_at_the_destination_while_the_order_is_at_work(stage, orders, monkeypatch) -> None:
    monkeypatch.setattr(item_log, "WRITE_SECONDS", 0.05)
    monkeypatch.setattr(item_log, "SHOW_SECONDS", 0.0)
    order = orders.write(["Ada", "[hold] Bob"])

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await eventually(lambda: b"item delivered" in orders.delivered(order).get("logs.jsonl", b""))
            at.puppet.stop(order.uid, float("inf"))

    play(scene())


def test_a_store_that_is_away_costs_neither_work_nor_lines(stage, orders, settings, kept, monkeypatch) -> None:
    monkeypatch.setattr(item_log, "WRITE_SECONDS", 0.05)
    monkeypatch.setattr(house, "STORE_PATIENCE_SECONDS", 0.5)
    order = orders.write([f"n{number}" for number in range(6)], ("[slow] {name}.",))

    async def scene() -> None:
        proxy = Proxy(settings.s3.endpoint)
        s3 = settings.s3.model_copy(update={"endpoint": proxy.endpoint})
        async with proxy, stage(s3=s3) as at:
            at.house.desk.put(order)
            await eventually(lambda: len(noted(settings.work_dir, "item")) >= 2)
            await proxy.close()
            await eventually(lambda: [line for line in logged if line["event"] == "lines wait"])
            await proxy.open()
            await at.until(order, "Finished", seconds=40)

    with capture_logs() as logged:
        play(scene())
    for row in range(6):
        told = events(order, f"r{row}", kept(order))
        assert (told[0], told[-1]) == ("attempt begun", "item delivered")


def test_old_parts_are_swept_and_nothing_else(orders) -> None:
    uid = "00000000-swept"
    old, new = (part_key(uid, at, "d" * 64, "me", 1) for at in (1_000.0, 3_000.0))
    other = f"{log_prefix(uid)}notes.txt"
    for key in (old, new, other):
        orders.objects.put(RECEIPTS, key, b"{}\n")
    assert item_log.sweep(orders.objects, RECEIPTS, 2_000.0) == 1
    assert set(orders.objects.keys(RECEIPTS, log_prefix(uid))) == {new, other}


def test_a_director_sweeps_when_it_opens(stage, orders) -> None:
    key = part_key("00000000-stale", 1_000.0, "d" * 64, "me", 1)
    orders.objects.put(RECEIPTS, key, b"{}\n")

    async def scene() -> None:
        async with stage():
            await eventually(lambda: not list(orders.objects.keys(RECEIPTS, log_prefix("00000000-stale"))))

    play(scene())
