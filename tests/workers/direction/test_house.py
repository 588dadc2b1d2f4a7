"""Whole orders through a director without Ray: real rights, real receipts, real delivery, performers that are threads."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import Counter

import pytest
from puppet import curtain_up, noted
from structlog.testing import capture_logs
from theatre import Proxy, eventually, free_port

from understudy_api.log_marks import item_mark
from understudy_api.order import Delivery, S3Credentials, VideoOutput
from understudy_api.proof import fault
from understudy_api.status_source import StatusSettings
from understudy_api.timesheet import Timesheet
from understudy_workers.direction.desk import Conflict, Desk
from understudy_workers.work import TakeWork

TEN = [f"n{n}" for n in range(10)]


def play(coroutine) -> None:
    asyncio.run(coroutine)


def timesheets(orders, director: str) -> list[Timesheet]:
    bucket = orders.settings.buckets.receipts
    keys = orders.objects.keys(bucket, "hours/default/")
    return [Timesheet.model_validate_json(orders.objects.get(bucket, key)) for key in keys if director in key]


def once(orders, order) -> list[int]:
    """Ordinals of the log's receipts; every item has to stand there exactly once."""
    ordinals = sorted(receipt.ordinal for receipt in orders.receipts(order))
    assert len(ordinals) == len(set(ordinals))
    return ordinals


def test_a_director_leaves_timesheets_that_say_what_its_receipts_say(stage, orders) -> None:
    order = orders.write(["Ada", "Bob"], scenes={"en-GB": ("Hello {name}.",), "de-DE": ("Hallo {name}.",)})

    async def scene() -> str:
        async with stage() as at:
            at.house.desk.put(order)
            await at.until(order, "Finished")
            return at.house.id

    sheets = timesheets(orders, asyncio.run(scene()))
    works = [work for sheet in sheets for work in sheet.works]
    assert {(work.kind, work.uid, work.namespace, work.license) for work in works} == {
        ("Job", order.uid, "acme", f"license-{order.uid}")
    }
    assert {work.locale for work in works} == {"en-GB", "de-DE"}
    told = orders.finished(order).totals.worker_seconds
    assert sum(work.busy_seconds for work in works) == pytest.approx(told, rel=0.01)
    assert sum(one.worker_seconds for sheet in sheets for one in sheet.presences) > told


def test_an_order_becomes_delivered_items_and_receipts(stage, orders) -> None:
    order = orders.write(["Ada", "Bob", "Cleo"], ("Hello {name}.", "Spring is here."))

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            progress = await at.until(order, "Finished", "Failed")
            assert (progress.state, progress.message, progress.items_done) == ("Finished", "", 3)

    play(scene())
    assert once(orders, order) == [0, 1, 2]
    assert all(receipt.signature for receipt in orders.receipts(order))
    finished = orders.finished(order)
    assert (finished.state, finished.totals.done, finished.totals.metered_seconds) == ("Complete", 3, 6.0)
    assert (finished.totals.clips_rendered, finished.totals.clips_reused) == (4, 2)
    assert finished.totals.worker_seconds > 0
    files = orders.delivered(order)
    assert files["r1/en-GB/landscape.mp4"] == b"Hello Bob.\nSpring is here."
    assert finished.index_key == order.delivery.prefix + "index.jsonl"
    lines = [json.loads(line) for line in files["index.jsonl"].splitlines()]
    assert [line["row"] for line in lines] == ["r0", "r1", "r2"]
    assert lines[0]["video"] in files
    assert "Hello Bob." in files["contact-sheet.html"].decode()


def test_the_log_proves_itself_with_nothing_but_the_farms_key(stage, orders) -> None:
    """Signed by the performers that the grant names, transported as it is, through a renewed grant and a second attempt."""

    async def scene() -> None:
        async with stage() as at:
            grant = {"performers": (at.puppet.thumbprint,), "account": "a" * 64}
            order = orders.write(["[slow] Ada", "[fail once] Bob", *TEN], grant={**grant, "seconds": 6})
            at.house.desk.put(order)
            await at.until(order, "WaitingForGrant")
            at.house.desk.renew(order.uid, orders.signers.grant(order, **grant, seconds=60))
            await at.until(order, "Finished")
            log = orders.segments(order)
            assert [fault(one, order.uid, "a" * 64, orders.signers.farm) for one in log] == [None] * len(log)
            assert len({receipt.grant for receipt in orders.receipts(order)}) == 2
            assert {receipt.attempts for receipt in orders.receipts(order)} == {1, 2} - {2} | {1}

    play(scene())


def test_an_order_that_is_over_is_not_done_again(stage, orders) -> None:
    order = orders.write(["Ada"])

    async def scene() -> None:
        for _ in range(2):
            async with stage() as at:
                at.house.desk.put(order)
                await at.until(order, "Finished")
                assert at.house.desk.put(order).state == "Finished"

    play(scene())
    assert len(orders.segments(order)) == 1


def test_a_director_that_takes_over_goes_on_from_the_receipts(stage, orders, settings) -> None:
    order = orders.write(TEN, ("[slow] {name}.",))

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await eventually(lambda: len(noted(settings.work_dir, "item")) >= 2)
        async with stage() as at:
            at.house.desk.put(order)
            await at.until(order, "Finished")

    play(scene())
    assert once(orders, order) == list(range(10))
    assert Counter(noted(settings.work_dir, "item")).most_common(1)[0][1] == 1
    assert len({segment.director for segment in orders.segments(order)}) == 2
    assert orders.finished(order).totals.metered_seconds == 10.0


def test_two_directors_on_one_order_tell_every_item_once(stage, orders, settings, tmp_path) -> None:
    order = orders.write([f"n{n}" for n in range(24)], ("[slow] {name}.", "Same."))
    other = tmp_path / "other"
    other.mkdir()

    async def scene() -> None:
        listener = settings.director.model_copy(update={"port": free_port()})
        changes = {"director": listener, "metrics_port": free_port(), "work_dir": other}
        async with stage(("a", "b", "c", "d")) as one, stage(("e", "f", "g", "h"), **changes) as two:
            for at in (one, two):
                at.house.desk.put(order)
            for at in (one, two):
                await at.until(order, "Finished", seconds=60)

    play(scene())
    assert once(orders, order) == list(range(24))
    last = orders.segments(order)[-1]
    assert (last.totals.done, last.billed_seconds) == (24, 48.0)
    assert len(orders.delivered(order)) == 24 * 3 + 3


def test_seconds_count_for_the_groups_of_the_performers_over_directors_and_contents(stage, orders) -> None:
    order = orders.write(TEN, ("[slow] {name}.",))
    later = orders.write([*TEN, "Zoe"], ("[slow] {name}!",), uid=order.uid, generation=2)

    async def scene() -> None:
        for one, groups in ((order, {"p0": "spot"}), (later, {"p0": "spot", "p1": "fixed"})):
            async with stage() as at:
                at.crew.groups.update(groups)
                at.house.desk.put(one)
                await at.until(one, "Finished")

    play(scene())
    log = orders.segments(order)
    first = [segment for segment in log if segment.order == order.digest][-1]
    assert set(first.billed_worker_seconds_by_group) == {"spot"}
    assert 0 < first.billed_worker_seconds_by_group["spot"] < first.billed_worker_seconds
    last = log[-1].billed_worker_seconds_by_group
    assert set(last) == {"spot", "fixed"}
    assert last["spot"] > first.billed_worker_seconds_by_group["spot"]
    in_none = first.billed_worker_seconds - first.billed_worker_seconds_by_group["spot"]
    assert sum(last.values()) + in_none == pytest.approx(log[-1].billed_worker_seconds)


@pytest.mark.parametrize("name", ["", "No Such Group", "x" * 64, "spot\n", "-"])
def test_what_is_no_name_of_a_group_is_no_group(stage, orders, name: str) -> None:
    order = orders.write(["Ada"])

    async def scene() -> None:
        async with stage() as at:
            at.crew.groups.update(dict.fromkeys(("p0", "p1"), name))
            at.house.desk.put(order)
            await at.until(order, "Finished")

    play(scene())
    last = orders.segments(order)[-1]
    assert (last.billed_worker_seconds_by_group, last.totals.done) == ({}, 1)
    assert last.billed_worker_seconds > 0


def test_suspended_orders_hand_out_nothing_and_go_on_when_resumed(stage, orders) -> None:
    order = orders.write(TEN, ("[slow] {name}.",))

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await eventually(lambda: at.crew.seen)
            at.house.desk.put(order.model_copy(update={"generation": 2, "suspended": True}))
            await eventually(lambda: at.house.desk.get(order.uid).takes_in_flight == 0)
            handed = len(at.crew.seen)
            assert at.house.desk.get(order.uid).state == "Suspended"
            other = orders.write(["Zoe"])
            at.house.desk.put(other)
            await at.until(other, "Finished")
            assert [b for _, b in at.crew.seen[handed:] if b.permit.order_uid == order.uid] == []
            at.house.desk.put(order.model_copy(update={"generation": 3}))
            await at.until(order, "Finished")

    play(scene())
    assert once(orders, order) == list(range(10))
    assert orders.finished(order).generation == 3


def test_a_stopped_order_keeps_and_delivers_what_was_done(stage, orders) -> None:
    order = orders.write([f"n{n}" for n in range(40)], ("[slow] {name}.",))

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await eventually(lambda: (at.house.desk.get(order.uid).items_done, len(orders.segments(order)))[0] >= 1)
            assert at.house.desk.delete(order.uid) is False
            await eventually(lambda: at.house.desk.delete(order.uid))
            assert at.house.desk.get(order.uid) is None
            assert at.house.desk.delete(order.uid) is True

    play(scene())
    done = once(orders, order)
    finished = orders.finished(order)
    assert finished.state == "Stopped"
    assert 1 <= len(done) < 40
    assert finished.totals.done == len(done)
    assert len(orders.delivered(order)) == 3 * len(done) + 3


def test_performers_drop_what_they_hold_of_a_stopped_order(stage, orders, settings) -> None:
    """Nobody raises the curtain: the takes end because the order does. Put again, it goes on."""
    order = orders.write(["Ada", "Bob", "Cleo"], ("[hold] {name}.",))

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await eventually(lambda: len(noted(settings.work_dir, "take")) == 2)
            assert at.house.desk.delete(order.uid) is False
            await eventually(lambda: at.house.desk.delete(order.uid))
            assert orders.receipts(order) == []
            curtain_up(settings.work_dir)
            at.house.desk.put(order)
            await at.until(order, "Finished")

    play(scene())
    assert once(orders, order) == [0, 1, 2]
    assert len(noted(settings.work_dir, "take")) == 5


def test_works_of_a_director_that_is_gone_are_dropped_too(stage, orders, settings) -> None:
    """A stop for an order that nobody here holds reaches the performers all the same."""
    order = orders.write(["Ada"], ("[hold] {name}.",))

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await eventually(lambda: noted(settings.work_dir, "take"))
            assert Desk(at.house.workshop).delete(order.uid) is True
            progress = await at.until(order, "WaitingForGrant")
            assert progress.message.startswith("order: it was stopped")

    play(scene())
    assert orders.receipts(order) == []


def test_brands_share_the_pool_fairly_and_priority_rules_within_one(stage, orders) -> None:
    many = [f"n{n}" for n in range(30)]
    plain = orders.write(many, ("[slow] {name}.",), namespace="acme")
    urgent = orders.write(many, ("[slow] {name}.",), namespace="acme", priority=5)
    licensed = {"license": orders.signers.license(assignee={"namespace": "beta"})}
    other = orders.write(many, ("[slow] {name}.",), namespace="beta", **licensed)

    async def scene() -> None:
        async with stage() as at:
            at.crew.busy_seconds = 0.15
            for order in (plain, urgent, other):
                assert at.house.desk.put(order).state == "Running"
            await eventually(lambda: len(at.crew.seen) >= 44)
            started = [batch.permit.order_uid for _, batch in at.crew.seen[4:44]]
            counts = Counter(started)
            assert abs(counts[urgent.uid] - counts[other.uid]) <= 4
            assert counts[plain.uid] <= 2

    play(scene())


def test_more_failures_than_allowed_end_the_order(stage, orders) -> None:
    order = orders.write(["Ada", "[fail]", "Cleo"], max_failed_items=0)

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            progress = await at.until(order, "Finished", "Failed")
            assert progress.state == "Failed"
            assert progress.message.startswith("1 items failed or were refused, allowed are 0")

    with capture_logs() as logged:
        play(scene())
    mark = item_mark(order.uid, "r1", "en-GB", "landscape")
    (told,) = [line for line in logged if line["event"] == "item lost"]
    assert (told["item"], told["outcome"], told["reason"]) == (mark, "failed", "ValueError")
    raised = [line for line in logged if line["event"] == "work failed"]
    assert [line["take"] for line in raised] == told["takes"] * 3
    assert orders.finished(order).state == "Failed"
    lines = [json.loads(line) for line in orders.delivered(order)["index.jsonl"].splitlines()]
    (lost,) = [line for line in lines if line["state"] == "failed"]
    assert (lost["row"], lost["reason"], lost["message"], lost["attempts"]) == (
        "r1",
        "ValueError",
        "the puppet's string broke",
        3,
    )


def test_allowed_failures_do_not_keep_an_order_from_completing_and_a_raised_limit_lets_it_go_on(stage, orders) -> None:
    order = orders.write(["[fail]", *TEN], max_failed_items=0)

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await at.until(order, "Failed")
            at.house.desk.put(order.model_copy(update={"generation": 2, "max_failed_items": 1}))
            await at.until(order, "Finished")

    play(scene())
    assert once(orders, order) == list(range(11))
    finished = orders.finished(order)
    assert (finished.state, finished.generation, finished.totals.failed) == ("Complete", 2, 1)


def test_a_work_that_failed_once_is_done_by_somebody_else(stage, orders) -> None:
    order = orders.write(["[fail once]"])

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await at.until(order, "Finished")
            takers = [name for name, batch in at.crew.seen if isinstance(batch.works[0], TakeWork)]
            assert sorted(takers) == ["p0", "p1"]

    play(scene())


def test_works_of_a_performer_that_died_are_done_by_others(stage, orders) -> None:
    order = orders.write(TEN)

    async def scene() -> None:
        async with stage() as at:
            at.crew.lose["p0"] = 2
            at.house.desk.put(order)
            await at.until(order, "Finished")

    with capture_logs() as logged:
        play(scene())
    lost = [line for line in logged if line["event"] == "work lost"]
    assert {(line["performer"], line["order"]) for line in lost} == {("p0", order.uid)}
    assert all(line["take"] for line in lost)
    assert once(orders, order) == list(range(10))
    assert {receipt.outcome for receipt in orders.receipts(order)} == {"done"}


def test_an_order_waits_when_its_grant_runs_out_and_goes_on_with_the_next(stage, orders, settings) -> None:
    order = orders.write([f"n{n}" for n in range(18)], ("[slow] {name}.",), grant={"exp": int(time.time()) + 2})

    async def scene() -> None:
        async with stage(("p0",)) as at:
            at.house.desk.put(order)
            await at.until(order, "WaitingForGrant")
            late = at.house.desk.renew(order.uid, orders.signers.grant(order, exp=int(time.time()) - 1))
            assert late.reason == "GrantExpired"
            fresh = orders.signers.grant(order, iat=int(time.time()), exp=int(time.time()) + 600)
            assert at.house.desk.renew(order.uid, fresh).state == "Running"
            await at.until(order, "Finished")
            assert at.house.desk.renew("nobody-knows", fresh) is None

    play(scene())
    assert {(receipt.outcome, receipt.attempts) for receipt in orders.receipts(order)} == {("done", 1)}


def test_an_order_stays_within_the_seconds_of_its_grant(stage, orders) -> None:
    order = orders.write(TEN, grant={"seconds": 4})

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await at.until(order, "WaitingForGrant")
            await eventually(lambda: at.house.desk.get(order.uid).items_done == 4)
            at.house.desk.renew(order.uid, orders.signers.grant(order, seconds=10))
            await at.until(order, "Finished")

    play(scene())
    assert orders.finished(order).totals.metered_seconds == 10.0


def test_a_license_that_ends_meanwhile_rejects_what_is_left(stage, orders) -> None:
    license_ = orders.signers.license(exp=int(time.time()) + 3)
    rows = [f"n{n}" for n in range(30)]  # one after the other they take longer than the license holds
    order = orders.write(rows, ("[slow] {name}.",), license=license_, max_failed_items=100)

    async def scene() -> None:
        async with stage(("p0",)) as at:
            assert at.house.desk.put(order).state == "Running"
            await at.until(order, "Finished")

    play(scene())
    outcomes = Counter((one.outcome, one.reason) for one in orders.receipts(order))
    assert outcomes["rejected", "LicenseExpired"] >= 1
    assert sum(outcomes.values()) == 30


def test_a_lower_generation_is_refused(stage, orders) -> None:
    order = orders.write(["Ada"], generation=3)

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            assert at.house.desk.put(order.model_copy(update={"generation": 2})) == Conflict(3)
        async with stage() as at:
            at.house.desk.put(order.model_copy(update={"generation": 2}))
            progress = await at.until(order, "Finished", "Stopped")
            assert progress.state in ("Finished", "Stopped")

    play(scene())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"namespace": "beta", "delivery": Delivery(bucket="understudy-outputs", prefix="beta/x/")}, "LicenseNotFound"),
        ({"delivery": Delivery(bucket="understudy-outputs", prefix="beta/x/")}, "DestinationRefused"),
        ({"scenes": {"ja-JP": ("{name}",)}}, "LanguageNotCovered"),
    ],
)
def test_orders_without_rights_are_refused_before_anything_is_planned(stage, orders, changes, reason) -> None:
    order = orders.write(["Ada"], **changes)

    async def scene() -> None:
        async with stage() as at:
            assert at.house.desk.put(order).reason == reason
            assert at.house.desk.get(order.uid) is None

    play(scene())


def test_a_changed_order_carries_over_what_stayed_the_same(stage, orders, settings) -> None:
    order = orders.write(["Ada", "Bob", "Cleo"])
    later = orders.write(["Ada", "Bert", "Cleo"], uid=order.uid, generation=2)

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await at.until(order, "Finished")
            at.house.desk.put(later)
            await eventually(lambda: at.house.desk.get(order.uid).digest == later.digest)
            await at.until(later, "Finished")

    play(scene())
    told = {
        one.ordinal: one
        for segment in orders.segments(later)
        if segment.order == later.digest
        for one in segment.receipts
    }
    assert {n: (one.carried, one.metered_seconds) for n, one in told.items()} == {
        0: (True, 0.0),
        1: (False, 1.0),
        2: (True, 0.0),
    }
    assert orders.segments(order)[-1].billed_seconds == 4.0
    assert orders.finished(later).totals.done == 3
    assert len(noted(settings.work_dir, "item")) == 4
    assert orders.delivered(later)["r1/en-GB/landscape.mp4"] == b"Hello Bert."


def test_a_change_in_the_middle_of_work_lets_running_takes_finish(stage, orders) -> None:
    order = orders.write(TEN, ("[slow] {name}.",))
    later = orders.write([*TEN[:5], *(f"new{n}" for n in range(5))], ("[slow] {name}.",), uid=order.uid, generation=2)

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await eventually(lambda: len(at.crew.seen) >= 4)
            assert at.house.desk.put(later).digest == later.digest
            await at.until(later, "Finished")

    play(scene())
    final = [segment for segment in orders.segments(later) if segment.order == later.digest]
    assert final[-1].totals.done == 10
    billed = {one.item for one in orders.receipts(later) if one.metered_seconds}
    assert final[-1].billed_seconds == len(billed)


def test_a_job_that_returns_to_an_earlier_content_gets_its_files_back_for_nothing(stage, orders) -> None:
    order = orders.write(["Ada"], ("Hello {name}.",))
    other = orders.write(["Ada"], ("Bye {name}.",), uid=order.uid, generation=2)
    back = order.model_copy(update={"generation": 3})

    async def scene() -> None:
        async with stage() as at:
            for one in (order, other, back):
                at.house.desk.put(one)
                await eventually(lambda one=one: at.house.desk.get(one.uid).generation == one.generation)
                await at.until(one, "Finished")

    play(scene())
    assert orders.delivered(order)["r0/en-GB/landscape.mp4"] == b"Hello Ada."
    last = orders.segments(order)[-1]
    assert (last.order, last.generation, last.totals.done, last.billed_seconds) == (order.digest, 3, 1, 2.0)
    assert orders.finished(order).generation == 3


def test_another_destination_gets_everything_again_for_nothing(stage, orders) -> None:
    order = orders.write(["Ada", "Bob"])
    delivery = Delivery(bucket="understudy-outputs", prefix=f"acme/{order.uid}-moved/")
    moved = order.model_copy(update={"generation": 2, "delivery": delivery})

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await at.until(order, "Finished")
            at.house.desk.put(moved)
            await eventually(lambda: len(orders.delivered(moved)) == 9)
            await at.until(order, "Finished")

    play(scene())
    assert orders.segments(order)[-1].billed_seconds == 2.0


def test_wrong_credentials_hold_delivery_back_until_they_are_mended(stage, orders, object_store) -> None:
    def delivery(secret: str) -> Delivery:
        root = object_store.root
        keys = S3Credentials(endpoint=f"https://{root.endpoint}", access_key=root.access_key, secret_key=secret)
        return Delivery(bucket="understudy-outputs", prefix=f"elsewhere/{order.uid}/", credentials=keys)

    order = orders.write(["Ada"])
    wrong = order.model_copy(update={"delivery": delivery("not-the-secret")})
    right = wrong.model_copy(
        update={"generation": 2, "delivery": delivery(object_store.root.secret_key.get_secret_value())}
    )

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(wrong)
            found = await eventually(lambda: "refuses these credentials" in at.house.desk.get(order.uid).message)
            assert found
            assert "not-the-secret" not in at.house.desk.get(order.uid).model_dump_json()
            at.house.desk.put(right)
            await at.until(order, "Finished")

    play(scene())
    assert len(orders.delivered(right)) == 6


def test_an_object_store_that_goes_away_loses_nothing(stage, orders, settings) -> None:
    order = orders.write(TEN, ("[slow] {name}.",))

    async def scene() -> None:
        async with Proxy(settings.s3.endpoint) as proxy:
            s3 = settings.s3.model_copy(update={"endpoint": proxy.endpoint})
            async with stage(s3=s3) as at:
                at.house.desk.put(order)
                await eventually(lambda: len(noted(settings.work_dir, "item")) >= 2)
                await proxy.close()
                await eventually(lambda: "did not answer" in at.house.desk.get(order.uid).message)
                await proxy.open()
                await at.until(order, "Finished", seconds=40)
                assert at.house.desk.get(order.uid).message == ""

    play(scene())
    assert once(orders, order) == list(range(10))
    assert {(one.outcome, one.attempts) for one in orders.receipts(order)} == {("done", 1)}


@pytest.mark.parametrize(
    ("rows", "message"),
    [(b"{}\n", "wanted the admitted ones"), (b"not json\n", "wanted the admitted ones")],
)
def test_rows_that_are_not_the_admitted_ones_end_the_order(stage, orders, pool, rows, message) -> None:
    order = orders.write(["Ada"])
    orders.objects.put(pool.buckets.staging, order.content.rows_s3_key, rows)

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            progress = await at.until(order, "Failed")
            assert message in progress.message

    play(scene())
    assert orders.finished(order).state == "Failed"


def test_a_file_gone_from_staging_before_delivery_is_told(stage, orders, pool, object_store) -> None:
    order = orders.write(["Ada"])

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            await at.until(order, "Finished")
            for key in list(orders.objects.keys(pool.buckets.staging, f"orders/{order.uid}/items/")):
                object_store.remove(pool.buckets.staging, key)
            delivery = Delivery(bucket="understudy-outputs", prefix=f"acme/{order.uid}-late/")
            at.house.desk.put(order.model_copy(update={"generation": 2, "delivery": delivery}))
            await at.until(order, "Finished")

    play(scene())
    assert "1 items have a receipt but could not be delivered" in orders.finished(order).message


def test_nothing_is_delivered_before_it_is_committed(stage, orders) -> None:
    order = orders.write(["Ada", "Bob"])

    async def scene() -> None:
        async with stage(commits=False) as at:
            at.house.desk.put(order)
            await eventually(lambda: len(orders.segments(order)) == 1)
            progress = await at.until(order, "Finishing")
            assert (progress.items_done, progress.committed) == (2, -1)
            await asyncio.sleep(0.1)
            assert orders.delivered(order) == {}
            assert at.house.desk.commit(order.uid, -1).committed == -1
            assert at.house.desk.commit("nobody-knows", 0) is None
            assert at.house.desk.commit(order.uid, 0).committed == 0
            await at.until(order, "Finished")

    play(scene())
    assert len(orders.delivered(order)) == 2 * 3 + 3


def test_a_stopped_order_leaves_behind_what_nobody_commits(stage, orders, monkeypatch) -> None:
    monkeypatch.setattr("understudy_workers.direction.order_run.GIVE_UP_SECONDS", 0.2)
    order = orders.write(["Ada", "Bob"])

    async def scene() -> None:
        async with stage(commits=False) as at:
            at.house.desk.put(order)
            await eventually(lambda: len(orders.segments(order)) == 1)
            assert at.house.desk.delete(order.uid) is False
            await eventually(lambda: at.house.desk.delete(order.uid))

    play(scene())
    assert set(orders.delivered(order)) == {"index.jsonl", "contact-sheet.html", "logs.jsonl"}
    assert orders.finished(order).message == "2 items have a receipt but could not be delivered"


def test_a_director_that_takes_over_waits_for_commits_again_and_a_changed_order_does_not(stage, orders) -> None:
    order = orders.write(["Ada"])
    later = orders.write(["Ada", "Bob"], uid=order.uid, generation=2)

    async def scene() -> None:
        async with stage(commits=False) as at:
            at.house.desk.put(order)
            await eventually(lambda: orders.segments(order))
        async with stage(commits=False) as at:
            assert at.house.desk.put(order).committed == -1
            await at.until(order, "Finishing")
            at.house.desk.commit(order.uid, 0)
            await at.until(order, "Finished")
            assert at.house.desk.put(later).committed == 0
            await at.until(later, "Finishing")
            at.house.desk.commit(order.uid, 9)
            await at.until(later, "Finished")

    play(scene())
    assert orders.delivered(later)["r1/en-GB/landscape.mp4"] == b"Hello Bob."


def test_a_director_says_how_much_the_next_item_lacks_before_any_of_it_is_made(stage, orders, settings) -> None:
    order = orders.write(["Ada"], ("[measured] {name}.", "[measured] Spring is here."), grant={"seconds": 1.5})

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            assert (await at.until(order, "WaitingForGrant")).short_seconds == 2.0
            await eventually(lambda: not at.house.desk.get(order.uid).takes_in_flight)
            assert at.house.desk.get(order.uid).short_seconds == 2.0
            at.house.desk.renew(order.uid, orders.signers.grant(order, seconds=1.9))
            await asyncio.sleep(0.1)
            assert (await at.until(order, "WaitingForGrant")).short_seconds == 2.0
            assert noted(settings.work_dir, "take") == []
            at.house.desk.renew(order.uid, orders.signers.grant(order, seconds=2.0))
            await at.until(order, "Finished")

    play(scene())
    assert [receipt.metered_seconds for receipt in orders.receipts(order)] == [2.0]


def test_a_director_says_how_much_the_next_item_lacks(stage, orders) -> None:
    order = orders.write(TEN, grant={"seconds": 4})

    async def scene() -> None:
        async with stage() as at:
            assert at.house.desk.put(order).short_seconds is None
            waiting = await at.until(order, "WaitingForGrant")
            assert waiting.short_seconds == 1.0

    play(scene())


def test_an_order_waits_for_items_as_it_waits_for_seconds(stage, orders) -> None:
    order = orders.write(TEN, grant={"items": 4})

    async def scene() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            waiting = await at.until(order, "WaitingForGrant")
            assert waiting.short_seconds == 1.0
            await eventually(lambda: len(orders.receipts(order)) == 4)
            at.house.desk.renew(order.uid, orders.signers.grant(order, items=10))
            await at.until(order, "Finished")

    play(scene())
    assert [segment.billed_items for segment in orders.segments(order)][-1] == 10


def test_a_preview_is_the_first_row_alone_and_goes_to_the_owner_without_waiting_for_the_ledger(stage, orders) -> None:
    recipient, uid = "age1" + "q" * 58, str(uuid.uuid4())
    order = orders.write(
        ["Ada", "Bob", "Cleo"],
        uid=uid,
        scenes={"en-GB": ("Hello {name}.",), "de-DE": ("Hallo {name}.",)},
        license=orders.signers.license(jti=f"license-{uid}", preview=True, preview_recipient=recipient),
        outputs=(VideoOutput(name="preview", width=568, height=320),),
        preview=recipient,
        delivery=Delivery(bucket="understudy-outputs", prefix=f"talent-ada/previews/{uid}/"),
    )

    async def scene() -> None:
        async with stage(commits=False) as at:
            at.house.desk.put(order)
            progress = await at.until(order, "Finished", "Failed")
            assert (progress.state, progress.message, progress.items_done) == ("Finished", "", 2)

    play(scene())
    finished = orders.finished(order)
    assert (finished.index_key, finished.contact_sheet_key) == (None, None), "they would hold the words"
    files = orders.delivered(order)
    assert {name for name in files if name.endswith(".mp4")} == {f"r0/{locale}/preview.mp4" for locale in order.locales}


def test_a_part_that_breaks_begins_anew_and_says_so(stage, orders, tmp_path) -> None:
    """Here the status lists, whose authority is not there: it had died without a word, and would have for good."""
    order = orders.write(TEN)
    lists = StatusSettings(ca_file=tmp_path / "late.pem")

    async def scene() -> None:
        async with stage(status_lists=lists) as at:
            await eventually(lambda: [line for line in logged if line["event"] == "broke, begins anew"])
            at.house.desk.put(order)
            await at.until(order, "Finished")

    with capture_logs() as logged:
        play(scene())
    assert {line["what"] for line in logged if line["event"] == "broke, begins anew"} == {"_keep_lists"}
    assert once(orders, order) == list(range(10))
