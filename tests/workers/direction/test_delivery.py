"""Where files may go, and that they get there."""

from __future__ import annotations

import pytest
from theatre import receipt

from understudy_api.order import Delivery, S3Credentials
from understudy_api.settings import BucketNames
from understudy_workers.direction.delivery import Courier, destination_refusal
from understudy_workers.work import staged_files, staging_prefix

KEYS = S3Credentials(endpoint="https://s3.example", access_key="a", secret_key="s")


@pytest.mark.parametrize(
    ("bucket", "prefix", "credentials", "refused"),
    [
        ("understudy-outputs", "acme/", None, None),
        ("understudy-outputs", "acme/spring/", None, None),
        ("understudy-outputs", "beta/spring/", None, "is outside"),
        ("understudy-outputs", "acmex/", None, "is outside"),
        ("understudy-outputs", "", None, "is outside"),
        ("elsewhere", "acme/", None, "is outside"),
        ("elsewhere", "anything/", KEYS, None),
        ("elsewhere", "", KEYS, None),
        ("understudy-twins", "acme/", KEYS, "belongs to the farm"),
        ("understudy-staging", "acme/", None, "belongs to the farm"),
        ("understudy-receipts", "acme/", KEYS, "belongs to the farm"),
        ("understudy-outputs", "acme/../beta/", None, "without .. in it"),
        ("elsewhere", "no-slash", KEYS, "ends in /"),
    ],
)
def test_destinations(write_order, bucket, prefix, credentials, refused) -> None:
    order = write_order(delivery=Delivery(bucket=bucket, prefix=prefix, credentials=credentials))
    refusal = destination_refusal(order, BucketNames())
    if refused is None:
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.reason == "DestinationRefused"
        assert refused in refusal.message


@pytest.fixture
def staged(orders, objects, settings):
    """An order whose first item's files are staged."""
    order = orders.write(["Ada"])
    done = receipt(order, 0).model_copy(update={"bytes": 5})
    for file in staged_files(staging_prefix(order.uid, done.item), done.row, done.locale, done.output):
        objects.put(settings.buckets.staging, file.key, file.name.encode(), file.content_type)
    return order, done


def test_files_are_copied_and_keep_their_type(staged, orders, objects, settings) -> None:
    order, done = staged
    courier = Courier(objects, settings, order)
    assert courier.deliver(done, verify=False)
    names = {"r0/en-GB/landscape.mp4", "r0/en-GB/landscape.srt", "r0/en-GB/landscape.jpg"}
    assert orders.delivered(order) == {name: name.encode() for name in names}
    stat = objects._client.stat_object(order.delivery.bucket, order.delivery.prefix + "r0/en-GB/landscape.srt")
    assert stat.content_type == "application/x-subrip"
    assert courier.poster(done) == b"r0/en-GB/landscape.jpg"


def test_verifying_mends_what_is_missing_or_different_and_leaves_the_rest(
    staged, orders, objects, settings, object_store
) -> None:
    order, done = staged
    courier = Courier(objects, settings, order)
    courier.deliver(done, verify=False)
    video = order.delivery.prefix + "r0/en-GB/landscape.mp4"
    before = objects._client.stat_object(order.delivery.bucket, video).last_modified
    objects.put(order.delivery.bucket, order.delivery.prefix + "r0/en-GB/landscape.srt", b"another version")
    object_store.remove(order.delivery.bucket, order.delivery.prefix + "r0/en-GB/landscape.jpg")
    assert courier.deliver(done, verify=True)
    assert orders.delivered(order)["r0/en-GB/landscape.srt"] == b"r0/en-GB/landscape.srt"
    assert len(orders.delivered(order)) == 3
    assert objects._client.stat_object(order.delivery.bucket, video).last_modified == before


def test_files_gone_from_staging_are_told_unless_they_were_delivered(staged, objects, settings, object_store) -> None:
    order, done = staged
    courier = Courier(objects, settings, order)
    courier.deliver(done, verify=False)
    for key in list(objects.keys(settings.buckets.staging, staging_prefix(order.uid, done.item))):
        object_store.remove(settings.buckets.staging, key)
    assert courier.deliver(done, verify=True)
    assert courier.poster(done) == b""
    object_store.remove(order.delivery.bucket, order.delivery.prefix + "r0/en-GB/landscape.mp4")
    assert not courier.deliver(done, verify=True)
    assert not courier.deliver(done, verify=False)


@pytest.mark.parametrize("outcome", ["failed", "rejected"])
def test_items_without_a_video_have_nothing_to_deliver(orders, objects, settings, outcome: str) -> None:
    order = orders.write(["Ada"])
    assert Courier(objects, settings, order).deliver(receipt(order, 0, outcome), verify=False)
    assert orders.delivered(order) == {}


def test_a_brands_own_store_gets_the_files_with_the_brands_own_credentials(
    staged, orders, objects, settings, object_store
) -> None:
    order, done = staged
    root = object_store.root
    credentials = S3Credentials(
        endpoint=f"https://{root.endpoint}", access_key=root.access_key, secret_key=root.secret_key.get_secret_value()
    )
    own = Delivery(bucket="understudy-outputs", prefix=f"own/{order.uid}/", credentials=credentials)
    order = order.model_copy(update={"delivery": own})
    courier = Courier(objects, settings, order)
    for _ in range(2):
        assert courier.deliver(done, verify=True)
    assert len(orders.delivered(order)) == 3
    courier.close()


def test_how_far_delivery_got_is_remembered_per_destination(orders, objects, settings) -> None:
    order = orders.write(["Ada"])
    courier = Courier(objects, settings, order)
    assert courier.cursor() == -1
    courier.keep_cursor(7)
    assert Courier(objects, settings, order).cursor() == 7
    moved = order.model_copy(update={"delivery": Delivery(bucket="understudy-outputs", prefix="acme/moved/")})
    assert Courier(objects, settings, moved).cursor() == -1
    assert not list(objects.keys(settings.buckets.receipts, f"{order.uid}/"))
