"""The operator's S3 port: one account on one S3 service, every failure sorted into missing, refused or outage.

A call waits out a hiccup for a few seconds only: it runs inside a reconcile, and the queue is what waits for real.
Conditional create is a presigned PUT with `If-None-Match: *` (RFC 9110, section 13.1.2).
"""

from __future__ import annotations

import io
import os
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import IO, Any, Final, TypeVar

import certifi
import urllib3
from minio import Minio
from minio.commonconfig import CopySource
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from understudy_api.settings import S3Settings
from understudy_operator.shell.errors import OutageError

PATIENCE_SECONDS: Final = 3.0
MAX_OBJECT_BYTES: Final = 64 * 1024 * 1024
_FIRST_PAUSE_SECONDS: Final = 0.1
_CONNECT_SECONDS, _READ_SECONDS = 3.0, 15.0
_MISSING: Final = frozenset({"NoSuchKey", "NoSuchObject", "ResourceNotFound"})
_PASSING: Final = frozenset({"SlowDown", "RequestTimeout", "OperationAborted", "ConditionalRequestConflict"})
_CUT_OFF: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""How a TLS connection ends when the service goes away; any other TLS error is about certificates or protocols, and stays."""

T = TypeVar("T")


class S3RefusalError(Exception):
    """The service answers, but not with what was asked for: credentials, bucket or name are wrong. One line."""


class MissingObjectError(S3RefusalError):
    """There is no such object."""


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing tells it."""

    key: str
    etag: str
    bytes: int


class Objects:
    """One account on one S3 service; safe to use from several threads.

    With `proving`, a bucket and a prefix that this account may remove from, nothing is created before `prove_create` held.
    """

    def __init__(
        self, settings: S3Settings, patience_seconds: float = PATIENCE_SECONDS, proving: tuple[str, str] | None = None
    ) -> None:
        self._proving = proving
        self.created_second: Callable[[str], None] = lambda _: None
        """Told the key of each conditional create that found something else there."""
        self._endpoint = settings.endpoint
        self._patience_seconds = patience_seconds
        self._closing = threading.Event()
        self._http = urllib3.PoolManager(
            maxsize=16,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            retries=False,
            cert_reqs="CERT_REQUIRED",
            ca_certs=str(settings.ca_file) if settings.ca_file else certifi.where(),
        )
        self._client = Minio(
            settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key.get_secret_value(),
            secure=settings.secure,
            region=settings.region,
            http_client=self._http,
        )

    def get(self, bucket: str, key: str, limit_bytes: int = MAX_OBJECT_BYTES) -> bytes | None:
        """The bytes of an object, or None when there is none; S3RefusalError when it is larger than the limit."""

        def read() -> bytes:
            response = self._client.get_object(bucket, key)
            try:
                data: bytes = response.read(limit_bytes + 1)
            finally:
                response.close()
                response.release_conn()
            if len(data) > limit_bytes:
                raise S3RefusalError(f"s3://{bucket}/{key}: wanted at most {limit_bytes} bytes, got more")
            return data

        try:
            return self._tried(read, bucket, key)
        except MissingObjectError:
            return None

    def chunks(self, bucket: str, key: str, chunk_bytes: int = 1 << 18) -> Generator[bytes, None, None]:
        """The bytes of an object piece by piece; an object that vanishes or a service that leaves midway is an OutageError."""
        response = self._tried(lambda: self._client.get_object(bucket, key), bucket, key)
        try:
            yield from response.stream(chunk_bytes)
        except urllib3.exceptions.HTTPError as error:
            raise OutageError("S3", f"s3://{bucket}/{key}: {_short(error)} at {self._endpoint}") from error
        finally:
            response.close()
            response.release_conn()

    def size(self, bucket: str, key: str) -> int:
        """Bytes of an object; MissingObjectError when there is none."""
        found = self._tried(lambda: self._client.stat_object(bucket, key), bucket, key)
        return int(found.size or 0)

    def put(self, bucket: str, key: str, data: bytes, content_type: str = "application/json") -> None:
        """Write an object, whole or not at all."""
        self._tried(
            lambda: self._client.put_object(bucket, key, io.BytesIO(data), len(data), content_type), bucket, key
        )

    def put_file(self, bucket: str, key: str, file: IO[bytes], content_type: str) -> None:
        """Write an open file, from its beginning to its end, as an object: whole or not at all."""
        size = file.seek(0, os.SEEK_END)

        def send() -> None:
            file.seek(0)
            self._client.put_object(bucket, key, file, size, content_type)

        self._tried(send, bucket, key)

    def create(self, bucket: str, key: str, data: bytes) -> bool:
        """Write an object only where none is: True when this very content stands there now, False when another does.

        A try whose answer got lost may have come through; what stands there is read to find out.
        """
        if self._proving is not None:
            self.prove_create(*self._proving)
            self._proving = None
        created = self._create(bucket, key, data)
        if not created:
            self.created_second(key)
        return created

    def _create(self, bucket: str, key: str, data: bytes) -> bool:
        def send() -> int:
            url = self._client.presigned_put_object(bucket, key, expires=timedelta(minutes=5))
            headers = {"If-None-Match": "*", "Content-Type": "application/json"}
            response = self._http.request("PUT", url, body=data, headers=headers)
            if response.status not in (200, 412):
                raise S3Error.fromxml(response) if response.data else ServerError("no answer", response.status)
            return int(response.status)

        return self._tried(send, bucket, key) == 200 or self.get(bucket, key) == data

    def prove_create(self, bucket: str, prefix: str) -> None:
        """Prove that `create` never overwrites on this service; S3RefusalError when it does.

        Whatever may be promised once only rests on it, so a service without it is refused.
        """
        key = f"{prefix}probe-{secrets.token_hex(16)}"
        try:
            if not self._create(bucket, key, b"1") or self._create(bucket, key, b"2") or self.get(bucket, key) != b"1":
                raise S3RefusalError(
                    f"s3://{bucket}: wanted a PUT with If-None-Match to keep what is there, got an overwrite at "
                    f"{self._endpoint}; use an S3 service with conditional writes"
                )
        finally:
            self.delete(bucket, [key])

    def keys(self, bucket: str, prefix: str, after: str = "") -> list[str]:
        """Keys below a prefix in UTF-8 order, those after `after` only."""

        def read() -> list[str]:
            found = self._client.list_objects(bucket, prefix=prefix, recursive=True, start_after=after or None)
            return [str(entry.object_name) for entry in found]

        return self._tried(read, bucket, prefix)

    def entries(self, bucket: str, prefix: str, after: str, limit: int) -> list[StoredObject]:
        """At most `limit` objects below a prefix in UTF-8 order, those after `after` only."""

        def read() -> list[StoredObject]:
            found = self._client.list_objects(bucket, prefix=prefix, recursive=True, start_after=after or None)
            return [
                StoredObject(str(one.object_name), str(one.etag or "").strip('"'), int(one.size or 0))
                for one in islice(found, limit)
            ]

        return self._tried(read, bucket, prefix)

    def copy(self, bucket: str, key: str, to_key: str) -> bool:
        """Copy an object inside its bucket, on the service's side; False when it is not there."""
        try:
            self._tried(lambda: self._client.copy_object(bucket, to_key, CopySource(bucket, key)), bucket, key)
        except MissingObjectError:
            return False
        return True

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        """Remove objects, a thousand a request; those that are not there are no error."""
        batch: list[str] = []
        for key in keys:
            batch.append(key)
            if len(batch) == 1000:
                self._delete(bucket, batch)
                batch = []
        if batch:
            self._delete(bucket, batch)

    def close(self) -> None:
        """Give up waiting: calls that are trying again fail now."""
        self._closing.set()
        self._http.clear()

    def _delete(self, bucket: str, keys: list[str]) -> None:
        def remove() -> None:
            for error in self._client.remove_objects(bucket, [DeleteObject(key) for key in keys]):
                if error.code not in _MISSING:
                    raise S3RefusalError(f"s3://{bucket}/{error.name}: {error.code}: {error.message}")

        self._tried(remove, bucket, keys[0])

    def _tried(self, act: Callable[[], T], bucket: str, key: str) -> T:
        deadline, pause = time.monotonic() + self._patience_seconds, _FIRST_PAUSE_SECONDS
        while True:
            try:
                return act()
            except (MinioException, urllib3.exceptions.HTTPError) as error:
                where = f"s3://{bucket}/{key}"
                if not _passes(error):
                    raise self._refusal(error, where) from error
                if time.monotonic() + pause > deadline or self._closing.wait(pause):
                    raise OutageError("S3", f"{where}: {_short(error)} at {self._endpoint}") from error
            pause *= 2

    def _refusal(self, error: Exception, where: str) -> S3RefusalError:
        if isinstance(error, S3Error) and error.code in _MISSING:
            return MissingObjectError(f"{where}: no such object")
        return S3RefusalError(f"{where}: {_short(error)}; check endpoint, credentials and what they may do there")


def _passes(error: Exception) -> bool:
    """Whether a failure may go away by itself."""
    if isinstance(error, S3Error):
        status: Any = getattr(error.response, "status", 0)
        return error.code in _PASSING or int(status or 0) >= 500
    if isinstance(error, InvalidResponseError | ServerError):
        return True
    if isinstance(error, urllib3.exceptions.SSLError):
        return bool(error.args) and isinstance(error.args[0], _CUT_OFF)
    return not isinstance(error, urllib3.exceptions.LocationValueError)


def _short(error: Exception) -> str:
    if isinstance(error, S3Error):
        return f"{error.code}: {error.message}"[:200]
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
