"""What directors kept of a job's items: in the farm's own bucket, or beside the outputs, where a brand reads it with its own keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from pydantic import ValidationError

from understudy_api.delivery import LOGS
from understudy_api.item_log import MAX_ORDER_BYTES, log_prefix, read_part
from understudy_api.renderjob import RenderJobSpec
from understudy_api.restored import lasting_uid
from understudy_api.settings import BucketNames
from understudy_cli.errors import UserError
from understudy_cli.jobs import where
from understudy_cli.local.buckets import client
from understudy_cli.s3_access import given_account, operator_settings
from understudy_operator.core.places import Place, destination

SOURCE: Final = "director"
_LIMIT_BYTES: Final = 2 * MAX_ORDER_BYTES
_ABSENT: Final = frozenset({"NoSuchKey", "NoSuchBucket"})


def kept(job: dict[str, Any], settings: Path | None, s3: str | None) -> list[tuple[str, str]]:
    """Texts that were kept for a job, each with who wrote it; none without an account to read them with.

    An account that is given reads what was delivered, the farm's own reads what the farm keeps. UserError when it may not.
    """
    told = None if s3 else operator_settings(settings)
    if s3:
        store, buckets = client(given_account(s3)), BucketNames()
        place = _beside_outputs(job, buckets)
        texts = _delivered(store, place)
    elif told is not None:
        store, place = client(told.s3), Place(told.buckets.receipts, log_prefix(lasting_uid(job["metadata"])))
        texts = _parts(store, place)
    else:
        return []
    try:
        return [(SOURCE, text) for text in texts]
    except (MinioException, urllib3.exceptions.HTTPError) as error:
        reason = getattr(error, "code", None) or " ".join(str(error).split())
        raise UserError(f"{place.url}: {reason}; check --s3 and its keys") from error


def _beside_outputs(job: dict[str, Any], buckets: BucketNames) -> Place:
    index = job.get("status", {}).get("index")
    if index:  # the farm may call its buckets otherwise
        bucket, _, key = str(index).removeprefix("s3://").partition("/")
        return Place(bucket, f"{key.rpartition('/')[0]}/{LOGS}".removeprefix("/"))
    metadata = job["metadata"]
    try:
        spec = RenderJobSpec.model_validate(job["spec"])
    except ValidationError as error:
        raise UserError(f"{where(job)}: its spec cannot be read ({error.errors()[0]['msg']}); mend it first") from error
    found = destination(spec, metadata["namespace"], metadata["name"], buckets)
    return Place(found.bucket, found.key + LOGS)


def _delivered(store: Minio, place: Place) -> Iterator[str]:
    try:
        yield _text(store, place.bucket, place.key)
    except S3Error as error:
        if error.code not in _ABSENT:
            raise


def _parts(store: Minio, place: Place) -> Iterator[str]:
    for entry in store.list_objects(place.bucket, prefix=place.key, recursive=True):
        key = str(entry.object_name)
        if read_part(key) is not None:
            yield _text(store, place.bucket, key)


def _text(store: Minio, bucket: str, key: str) -> str:
    answer = store.get_object(bucket, key)
    try:
        return bytes(answer.read(_LIMIT_BYTES)).decode(errors="replace")
    finally:
        answer.close()
        answer.release_conn()
