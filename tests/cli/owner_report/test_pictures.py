"""Stills are small, and what is gone or no picture leaves a gap, not an error."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from understudy_cli.owner_report.pictures import HEIGHT, small, stills
from understudy_cli.owner_report.story import Piece
from understudy_workers.objects import MissingObjectError, Objects, OutageError


def jpeg(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (120, 60, 20)).save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize(("width", "height"), [(320, 180), (180, 320), (64, 48), (4000, 90)])
def test_a_still_is_low_in_resolution(width: int, height: int) -> None:
    with Image.open(io.BytesIO(small(jpeg(width, height)))) as image:
        assert image.height <= HEIGHT
        assert image.width <= 4 * HEIGHT


@pytest.mark.parametrize("data", [b"", b"not a picture", jpeg(320, 180)[:40]])
def test_what_is_no_picture_is_left_out(data: bytes) -> None:
    assert small(data) == b""


@pytest.mark.farm
def test_posters_are_found_where_items_wait_for_delivery(object_store: object) -> None:
    store = object_store
    pool, operator = Objects(store.pool), Objects(store.operator)  # type: ignore[attr-defined]
    bucket = store.buckets.staging  # type: ignore[attr-defined]
    kept, gone = Piece("uid-of-job-1", "aa" * 32, 0.0, 1, 1), Piece("uid-of-job-1", "bb" * 32, 0.0, 1, 1)
    pool.put(bucket, f"orders/{kept.uid}/items/{kept.item}/item.jpg", jpeg(320, 180), "image/jpeg")
    found = stills(operator, bucket, [kept, gone])
    assert list(found) == [kept.item]
    with Image.open(io.BytesIO(found[kept.item])) as image:
        assert image.height == HEIGHT


def test_a_store_that_is_away_is_said() -> None:
    class Away:
        def get(self, bucket: str, key: str, *, limit_bytes: int) -> bytes:
            raise OutageError("away")

    class Empty:
        def get(self, bucket: str, key: str, *, limit_bytes: int) -> bytes:
            raise MissingObjectError("gone")

    piece = Piece("uid-of-job-1", "aa" * 32, 0.0, 1, 1)
    assert stills(Empty(), "staging", [piece]) == {}
    with pytest.raises(OutageError):
        stills(Away(), "staging", [piece])
