"""Where finished files wait and what they are called."""

from __future__ import annotations

import pickle
from collections.abc import Callable

from understudy_api.order import Order
from understudy_workers.work import permit_of, staged_files, staging_prefix


def test_an_item_has_three_files() -> None:
    prefix = staging_prefix("order-uid", "f" * 64)
    files = staged_files(prefix, "a/b", "ar-EG", "story")
    assert [(file.key, file.name, file.content_type) for file in files] == [
        (f"orders/order-uid/items/{'f' * 64}/item.mp4", "a%2Fb/ar-EG/story.mp4", "video/mp4"),
        (f"orders/order-uid/items/{'f' * 64}/item.srt", "a%2Fb/ar-EG/story.srt", "application/x-subrip"),
        (f"orders/order-uid/items/{'f' * 64}/item.jpg", "a%2Fb/ar-EG/story.jpg", "image/jpeg"),
    ]


def test_a_permit_carries_the_tokens_and_no_destination(write_order: Callable[..., Order]) -> None:
    order = write_order()
    permit = permit_of(order)
    assert (permit.order_uid, permit.license, permit.grant, permit.order_digest) == (
        order.uid,
        order.license,
        order.grant,
        order.digest,
    )
    assert pickle.loads(pickle.dumps(permit)) == permit
    assert not hasattr(permit, "delivery")
