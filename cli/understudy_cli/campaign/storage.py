"""The demo's way in and out of the object store: the capture up, the finished campaign down."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from minio import Minio
from minio.error import S3Error
from urllib3.exceptions import HTTPError

from understudy_cli.errors import UserError


def upload_once(store: Minio, path: Path, bucket: str, key: str) -> None:
    """Put a file unless an object of the same digest is there; UserError when file or store do not answer."""
    if not path.is_file():
        raise UserError(f"{path}: missing; make it with `understudy capture synthesize --out {path}`")
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        if _digest_of(store, bucket, key) != content:
            store.fput_object(bucket, key, str(path), content_type="video/mp4", metadata={"sha256": content})
    except (S3Error, HTTPError) as error:
        raise UserError(f"s3://{bucket}/{key}: cannot upload ({error}); look at `understudy status`") from error


def download(store: Minio, bucket: str, prefix: str, folder: Path, each: Callable[[str], None]) -> int:
    """Bring everything below a prefix into a folder that is replaced as a whole; the number of files."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    count = 0
    try:
        for entry in store.list_objects(bucket, prefix=prefix, recursive=True):
            name = str(entry.object_name)
            target = (fresh / name.removeprefix(prefix)).resolve()
            if not target.is_relative_to(fresh.resolve()):
                raise UserError(f"s3://{bucket}/{name}: its name leaves the folder; not downloaded")
            target.parent.mkdir(parents=True, exist_ok=True)
            store.fget_object(bucket, name, str(target))
            each(target.name)
            count += 1
    except (S3Error, HTTPError) as error:
        raise UserError(f"s3://{bucket}/{prefix}: cannot download ({error}); look at `understudy status`") from error
    if count == 0:
        raise UserError(f"s3://{bucket}/{prefix}: nothing there")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return count


def _digest_of(store: Minio, bucket: str, key: str) -> str | None:
    try:
        metadata = store.stat_object(bucket, key).metadata or {}
    except S3Error as error:
        if error.code in {"NoSuchKey", "NoSuchObject"}:
            return None
        raise
    return str(metadata.get("x-amz-meta-sha256", ""))
