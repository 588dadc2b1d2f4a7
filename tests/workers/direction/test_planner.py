"""Planning ahead from rows in S3."""

from __future__ import annotations

import asyncio

import pytest
from theatre import NOW, receipt

from understudy_workers.direction.planner import Planner
from understudy_workers.direction.rows import fetch_rows, stored_rows
from understudy_workers.direction.totals import Spent
from understudy_workers.expand import PlanError
from understudy_workers.objects import Objects, OutageError, StoreError


def test_helpings_follow_each_other_and_end(orders, workshop, log_of) -> None:
    order = orders.write([f"n{n}" for n in range(10)])
    planner = Planner(order, log_of(order), workshop)
    helpings = [planner.helping(4) for _ in range(3)]
    assert [[one.ordinal for one in helping.items] for helping in helpings] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [helping.last for helping in helpings] == [False, False, True]


def test_outputs_of_a_row_stay_together(orders, workshop, log_of) -> None:
    from understudy_api.order import VideoOutput

    outputs = tuple(VideoOutput(name=f"o{n}", width=384, height=216 + 2 * n) for n in range(3))
    order = orders.write(["a", "b", "c"], outputs=outputs)
    planner = Planner(order, log_of(order), workshop)
    assert [len(planner.helping(4).items) for _ in range(2)] == [6, 3]


def test_what_has_a_receipt_is_not_planned_again(orders, workshop, log_of) -> None:
    order = orders.write(["a", "b", "c"])
    log = log_of(order)
    log.append((receipt(order, 1),), Spent(), NOW)
    helping = Planner(order, log, workshop).helping(10)
    assert ([one.ordinal for one in helping.items], helping.last) == ([0, 2], True)


def test_what_an_earlier_content_made_is_carried(orders, workshop, log_of) -> None:
    order = orders.write(["a", "b"])
    made = Planner(order, log_of(order), workshop).helping(10).items
    log_of(order).append((receipt(order, 1, item=made[1].item_id),), Spent(), NOW)
    later = orders.write(["b-was-a", "b"], uid=order.uid, generation=2)
    helping = Planner(later, log_of(later), workshop).helping(10)
    assert [one.ordinal for one in helping.items] == [0]
    (carried,) = helping.carried
    assert (carried.item, carried.ordinal, carried.carried, carried.metered_seconds) == (made[1].item_id, 1, True, 0.0)


def test_an_outage_in_the_middle_of_a_helping_skips_nothing(orders, workshop, log_of, pool) -> None:
    order = orders.write(["a", "b", "c"])
    made = Planner(order, log_of(order), workshop).helping(10).items
    log_of(order).append((receipt(order, 1, item=made[1].item_id),), Spent(), NOW)
    later = orders.write(["x", "b", "y"], uid=order.uid, generation=2)
    log = log_of(later)
    planner = Planner(later, log, workshop)
    log._segments.clear()
    home, log._objects = (
        log._objects,
        Objects(pool.s3.model_copy(update={"endpoint": "127.0.0.1:9"}), patience_seconds=0.05),
    )
    with pytest.raises(OutageError):
        planner.helping(10)
    log._objects = home
    helping = planner.helping(10)
    assert [one.ordinal for one in helping.items] == [0, 2]
    assert [one.ordinal for one in helping.carried] == [1]


def test_words_of_the_first_items_are_told(orders, workshop, log_of) -> None:
    order = orders.write(["Ada", "Bob", "Cleo"], ("Hello {name}.", "Bye."))
    assert Planner(order, log_of(order), workshop).words(2) == {0: "Hello Ada. Bye.", 1: "Hello Bob. Bye."}


def test_rows_are_fetched_once_and_forgotten_at_the_end(
    orders, workshop, log_of, objects, settings, object_store
) -> None:
    order = orders.write(["a"])
    planner = Planner(order, log_of(order), workshop)
    planner.helping(1)
    path = settings.work_dir / "rows" / f"{order.content.rows_digest}.jsonl"
    assert path.exists()
    object_store.remove(settings.buckets.staging, order.content.rows_s3_key)
    assert len(Planner(order, log_of(order), workshop).helping(5).items) == 1
    planner.forget_rows()
    assert not path.exists()
    with pytest.raises(StoreError, match="no such object"):
        Planner(order, log_of(order), workshop).helping(5)


def test_a_damaged_copy_is_fetched_again(orders, objects, settings, tmp_path) -> None:
    content = orders.write(["a"]).content
    path = fetch_rows(objects, settings.buckets.staging, content, tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:3])
    assert fetch_rows(objects, settings.buckets.staging, content, tmp_path).read_bytes() == whole


@pytest.mark.parametrize(("count", "found"), [(1, "got more"), (3, "got 2")])
def test_rows_have_to_be_as_many_as_admitted(orders, objects, settings, tmp_path, count: int, found: str) -> None:
    content = orders.write(["a", "b"]).content
    path = fetch_rows(objects, settings.buckets.staging, content, tmp_path)
    wrong = content.model_copy(update={"rows_count": count})
    with pytest.raises(PlanError, match=f"wanted {count} as admitted, {found}"):
        list(stored_rows(path, wrong))


def test_insisting_waits_out_an_outage_and_can_be_given_up(workshop) -> None:
    said: list[str] = []
    failures = iter([OutageError("away"), OutageError("still away"), None])

    def act() -> str:
        if error := next(failures):
            raise error
        return "done"

    assert asyncio.run(workshop.insist(act, said.append)) == "done"
    assert said == ["away", "still away", ""]

    def never() -> None:
        raise StoreError("refused")

    with pytest.raises(StoreError, match="refused"):
        asyncio.run(workshop.insist(never, said.append, lambda: True))


def test_a_retry_makes_what_failed_and_carries_what_was_done(orders, workshop, log_of) -> None:
    order = orders.write(["a", "b", "c"])
    made = Planner(order, log_of(order), workshop).helping(10).items
    outcomes = ("failed", "done", "rejected")
    gone = tuple(receipt(order, n, outcome, made[n].item_id) for n, outcome in enumerate(outcomes))
    log_of(order).append(gone, Spent(), NOW)
    again = orders.write(["a", "b", "c"], uid=order.uid, generation=2, retry=1)
    helping = Planner(again, log_of(again), workshop).helping(10)
    assert [(one.ordinal, one.item_id) for one in helping.items] == [(0, made[0].item_id), (2, made[2].item_id)]
    assert [(one.ordinal, one.carried, one.metered_seconds) for one in helping.carried] == [(1, True, 0.0)]
