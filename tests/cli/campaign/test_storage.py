"""Up and down through a real MinIO."""

import secrets
from pathlib import Path
from typing import Protocol

import pytest
from minio import Minio
from pydantic import SecretStr

from understudy_api.settings import BucketNames, S3Settings
from understudy_cli.campaign.storage import download, upload_once
from understudy_cli.errors import UserError
from understudy_cli.local.buckets import client


class Store(Protocol):
    root: S3Settings
    buckets: BucketNames


@pytest.fixture
def prefix() -> str:
    return f"test-{secrets.token_hex(4)}/"


@pytest.fixture
def minio(object_store: Store) -> Minio:
    return client(object_store.root)


def put(minio: Minio, bucket: str, key: str, path: Path) -> None:
    minio.fput_object(bucket, key, str(path))


def test_a_capture_is_uploaded_once(minio: Minio, object_store: Store, prefix: str, tmp_path: Path) -> None:
    bucket, key, file = object_store.buckets.outputs, f"{prefix}ada.mp4", tmp_path / "ada.mp4"
    file.write_bytes(b"one")
    upload_once(minio, file, bucket, key)
    first = minio.stat_object(bucket, key)
    upload_once(minio, file, bucket, key)
    assert minio.stat_object(bucket, key).last_modified == first.last_modified
    file.write_bytes(b"two")
    upload_once(minio, file, bucket, key)
    assert minio.stat_object(bucket, key).etag != first.etag


def test_a_missing_capture_names_the_cure(minio: Minio, object_store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="understudy capture synthesize"):
        upload_once(minio, tmp_path / "none.mp4", object_store.buckets.outputs, "x/none.mp4")


def test_the_folder_is_replaced_as_a_whole(minio: Minio, object_store: Store, prefix: str, tmp_path: Path) -> None:
    bucket, file, out = object_store.buckets.outputs, tmp_path / "a.txt", tmp_path / "out"
    file.write_text("a")
    for name in ("a.txt", "deep/er/b.txt"):
        put(minio, bucket, prefix + name, file)
    (out / "old").mkdir(parents=True)
    seen: list[str] = []
    assert download(minio, bucket, prefix, out, seen.append) == 2
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.txt")) == ["a.txt", "deep/er/b.txt"]
    assert not (out / "old").exists()
    assert sorted(seen) == ["a.txt", "b.txt"]


def test_an_empty_prefix_leaves_the_folder_alone(
    minio: Minio, object_store: Store, prefix: str, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="nothing there"):
        download(minio, object_store.buckets.outputs, prefix, tmp_path / "out", lambda name: None)
    assert (tmp_path / "out").exists()


def test_a_refusing_store_is_one_line(object_store: Store, tmp_path: Path) -> None:
    wrong = client(object_store.root.model_copy(update={"secret_key": SecretStr("wrong-secret")}))
    file = tmp_path / "ada.mp4"
    file.write_bytes(b"x")
    with pytest.raises(UserError, match="cannot upload"):
        upload_once(wrong, file, object_store.buckets.outputs, "x/ada.mp4")
