import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_workers.footage import Clip, Spoken
from understudy_workers.localfiles import LocalFiles
from understudy_workers.models.voice import SAMPLES_PER_FRAME, Word
from understudy_workers.objects import Objects
from understudy_workers.stages.store import ClipCache, clip_key, take_key

ID = "a" * 64
TAKE = Spoken(
    np.arange(3 * SAMPLES_PER_FRAME, dtype=np.int16) - 700, (Word("Grüß", 0.04, 0.06), Word('"dich"\n', 0.06, 0.1))
)
CLIP = Clip(bytes(range(256)) + b"\n\0\n", 3, 384, 216)


@pytest.fixture(scope="module")
def objects(object_store: Any) -> Iterator[Objects]:
    objects = Objects(object_store.pool)
    yield objects
    objects.close()


@pytest.fixture
def cache(objects: Objects, object_store: Any, tmp_path: Path) -> ClipCache:
    return ClipCache(objects, object_store.buckets.staging, LocalFiles(tmp_path / "here", 10**6))


@pytest.fixture
def elsewhere(objects: Objects, object_store: Any, tmp_path: Path) -> ClipCache:
    """The cache of another machine."""
    return ClipCache(objects, object_store.buckets.staging, LocalFiles(tmp_path / "there", 10**6))


def same(one: Spoken | None, other: Spoken) -> bool:
    return one is not None and one.words == other.words and np.array_equal(one.samples, other.samples)


def test_takes_and_clips_come_back_here_and_elsewhere(cache: ClipCache, elsewhere: ClipCache) -> None:
    cache.keep_take(ID, TAKE)
    cache.keep_clip(ID, CLIP)
    for one in (cache, elsewhere, elsewhere):
        assert same(one.take(ID), TAKE)
        assert one.clip(ID) == CLIP
        assert one.has_clip(ID)


def test_what_was_never_kept_is_missing(cache: ClipCache) -> None:
    assert cache.take("b" * 64) is None
    assert cache.clip("b" * 64) is None
    assert not cache.has_clip("b" * 64)


def test_a_clip_gone_from_s3_does_not_count_because_a_copy_is_here(
    cache: ClipCache, objects: Objects, object_store: Any
) -> None:
    cache.keep_clip("c" * 64, CLIP)
    objects.delete(object_store.buckets.staging, clip_key("c" * 64))
    assert not cache.has_clip("c" * 64)


def test_takes_are_not_clips(cache: ClipCache, elsewhere: ClipCache, objects: Objects, object_store: Any) -> None:
    cache.keep_take(ID, TAKE)
    objects.copy(object_store.buckets.staging, take_key(ID), object_store.buckets.staging, clip_key("d" * 64))
    assert elsewhere.clip("d" * 64) is None


@pytest.fixture(scope="module")
def record(objects: Objects, object_store: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    bucket = object_store.buckets.staging
    ClipCache(objects, bucket, LocalFiles(tmp_path_factory.mktemp("local"), 10**6)).keep_take(ID, TAKE)
    return objects.get(bucket, take_key(ID))


@given(data=st.data())
def test_a_damaged_copy_is_fetched_again(
    objects: Objects,
    object_store: Any,
    record: bytes,
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    files = LocalFiles(tmp_path_factory.mktemp("local"), 10**6)
    cut = data.draw(st.integers(record.index(b"\n"), len(record) - 1))
    damaged = data.draw(st.sampled_from([record[:cut], record[:cut] + bytes([record[cut] ^ 1]) + record[cut + 1 :]]))
    files.write(f"take-{ID}", damaged)
    assert same(ClipCache(objects, object_store.buckets.staging, files).take(ID), TAKE)
    assert files.read(f"take-{ID}") == record


@pytest.mark.parametrize("data", [b"", b"\n", b"{}", b"[]\n", b'{"format":"understudy-clip/1"}\nx', b"\xff\n\xff"])
def test_what_is_no_record_is_missing(cache: ClipCache, objects: Objects, object_store: Any, data: bytes) -> None:
    objects.put(object_store.buckets.staging, clip_key("e" * 64), data)
    assert cache.clip("e" * 64) is None


def test_a_record_says_what_it_is(record: bytes) -> None:
    head = json.loads(record.split(b"\n", 1)[0])
    assert head["format"] == "understudy-take/1"
    assert [word[0] for word in head["words"]] == ["Grüß", '"dich"\n']
