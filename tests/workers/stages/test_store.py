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
from understudy_workers.sealing import Seal, VersionSeal
from understudy_workers.stages.store import ClipCache, Shelf, clip_key, take_key

ID = "a" * 64
ACCOUNT = "ac" * 32
TAKE = Spoken(
    np.arange(3 * SAMPLES_PER_FRAME, dtype=np.int16) - 700, (Word("Grüß", 0.04, 0.06), Word('"dich"\n', 0.06, 0.1))
)
SEAL = Seal("ab" * 32, bytes(range(32))).of("cd" * 32)
CLIP = Clip(bytes(range(256)) + b"\n\0\n", 3, 384, 216)


@pytest.fixture(scope="module")
def objects(object_store: Any) -> Iterator[Objects]:
    objects = Objects(object_store.pool)
    yield objects
    objects.close()


@pytest.fixture
def cache(objects: Objects, object_store: Any, tmp_path: Path) -> Shelf:
    return ClipCache(objects, object_store.buckets.staging, LocalFiles(tmp_path / "here", 10**6)).of(ACCOUNT)


@pytest.fixture
def elsewhere(objects: Objects, object_store: Any, tmp_path: Path) -> Shelf:
    """The cache of another machine."""
    return ClipCache(objects, object_store.buckets.staging, LocalFiles(tmp_path / "there", 10**6)).of(ACCOUNT)


def same(one: Spoken | None, other: Spoken) -> bool:
    return one is not None and one.words == other.words and np.array_equal(one.samples, other.samples)


def test_takes_and_clips_come_back_here_and_elsewhere(cache: Shelf, elsewhere: Shelf) -> None:
    cache.keep_take(ID, TAKE, SEAL)
    cache.keep_clip(ID, CLIP, SEAL)
    for one in (cache, elsewhere, elsewhere):
        assert same(one.take(ID, SEAL), TAKE)
        assert one.clip(ID, SEAL) == CLIP
        assert one.has_clip(ID)


def test_every_license_has_a_shelf_of_its_own(objects: Objects, object_store: Any, tmp_path: Path) -> None:
    kept = ClipCache(objects, object_store.buckets.staging, LocalFiles(tmp_path, 10**6))
    kept.of("1" * 64).keep_clip("f" * 64, CLIP, SEAL)
    assert kept.of("1" * 64).has_clip("f" * 64)
    assert not kept.of("2" * 64).has_clip("f" * 64)
    assert list(objects.keys(object_store.buckets.staging, f"clips/{'1' * 64}/")) == [clip_key("1" * 64, "f" * 64)]


def test_what_was_never_kept_is_missing(cache: Shelf) -> None:
    assert cache.take("b" * 64, SEAL) is None
    assert cache.clip("b" * 64, SEAL) is None
    assert not cache.has_clip("b" * 64)


def test_a_clip_gone_from_s3_does_not_count_because_a_copy_is_here(
    cache: Shelf, objects: Objects, object_store: Any
) -> None:
    cache.keep_clip("c" * 64, CLIP, SEAL)
    object_store.remove(object_store.buckets.staging, clip_key(ACCOUNT, "c" * 64))
    assert not cache.has_clip("c" * 64)


def test_takes_are_not_clips(cache: Shelf, elsewhere: Shelf, objects: Objects, object_store: Any) -> None:
    cache.keep_take(ID, TAKE, SEAL)
    objects.copy(
        object_store.buckets.staging, take_key(ACCOUNT, ID), object_store.buckets.staging, clip_key(ACCOUNT, "d" * 64)
    )
    assert elsewhere.clip("d" * 64, SEAL) is None


@pytest.fixture(scope="module")
def record(objects: Objects, object_store: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    bucket = object_store.buckets.staging
    ClipCache(objects, bucket, LocalFiles(tmp_path_factory.mktemp("local"), 10**6)).of(ACCOUNT).keep_take(
        ID, TAKE, SEAL
    )
    return objects.get(bucket, take_key(ACCOUNT, ID))


@given(data=st.data())
def test_a_damaged_copy_is_fetched_again(
    objects: Objects,
    object_store: Any,
    record: bytes,
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    files = LocalFiles(tmp_path_factory.mktemp("local"), 10**6)
    cut = data.draw(st.integers(0, len(record) - 1))
    damaged = data.draw(st.sampled_from([record[:cut], record[:cut] + bytes([record[cut] ^ 1]) + record[cut + 1 :]]))
    files.write(f"take-{ID}", damaged)
    assert same(ClipCache(objects, object_store.buckets.staging, files).of(ACCOUNT).take(ID, SEAL), TAKE)
    assert files.read(f"take-{ID}") == record


NO_RECORDS = [b"", b"\n", b"{}", b"[]\n", b'{"format":"understudy-clip/1"}\nx', b"\xff\n\xff"]


@pytest.mark.parametrize(
    "data",
    [*NO_RECORDS, *(SEAL.close(one, "e" * 64) for one in NO_RECORDS)],
    ids=[f"{how}-{number}" for how in ("plain", "sealed") for number in range(len(NO_RECORDS))],
)
def test_what_is_no_record_is_missing(cache: Shelf, objects: Objects, object_store: Any, data: bytes) -> None:
    objects.put(object_store.buckets.staging, clip_key(ACCOUNT, "e" * 64), data)
    assert cache.clip("e" * 64, SEAL) is None


def test_a_record_says_what_it_is_to_who_has_the_key(record: bytes) -> None:
    head = json.loads(SEAL.open(record, ID).split(b"\n", 1)[0])
    assert head["format"] == "understudy-take/1"
    assert [word[0] for word in head["words"]] == ["Grüß", '"dich"\n']
    assert b"understudy-take" not in record
    assert "Grüß".encode() not in record


def test_local_copies_are_sealed_too(cache: Shelf, tmp_path: Path) -> None:
    cache.keep_clip(ID, CLIP, SEAL)
    (copy,) = (tmp_path / "here").iterdir()
    assert CLIP.data not in copy.read_bytes()


@pytest.mark.parametrize(
    "seal",
    [Seal("ab" * 32, bytes(32)).of("cd" * 32), Seal("ab" * 32, bytes(range(32))).of("ce" * 32)],
    ids=["another key", "another version"],
)
def test_others_takes_and_clips_are_missing(cache: Shelf, elsewhere: Shelf, seal: VersionSeal) -> None:
    cache.keep_take(ID, TAKE, SEAL)
    cache.keep_clip(ID, CLIP, SEAL)
    for one in (cache, elsewhere):
        assert one.take(ID, seal) is None
        assert one.clip(ID, seal) is None
