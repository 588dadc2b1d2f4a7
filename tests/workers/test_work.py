"""Where finished files wait and what they are called."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.order import Order
from understudy_workers.work import permit_of, row_name, staged_files, staging_prefix


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("c-1", "c-1"),
        ("Ada Lovelace", "Ada Lovelace"),
        ("日本", "日本"),
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("..a", "..a"),
        ("", "%"),
        ("100%", "100%25"),
        ("x\ny", "x%0Ay"),
        ("a\\b", "a%5Cb"),
        ("q?x=1#y", "q%3Fx=1%23y"),
    ],
)
def test_rows_are_safe_in_object_keys(row: str, name: str) -> None:
    assert row_name(row) == name


@given(st.text(max_size=20), st.text(max_size=20))
def test_distinct_rows_have_distinct_names_without_slashes(one: str, other: str) -> None:
    assert (row_name(one) == row_name(other)) == (one == other)
    assert "/" not in row_name(one)
    assert row_name(one) not in ("", ".", "..")


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
