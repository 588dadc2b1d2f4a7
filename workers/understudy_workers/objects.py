"""The workers' S3 port: any S3 service, an outage waited out for a bounded time, nothing half-written.

An object appears whole or not at all (S3 guarantees it for PUT, multipart and copy); a file fetched here appears under
its name only when complete. Conditional create is a presigned PUT with `If-None-Match: *` (RFC 9110 section 13.1.2).
"""

from __future__ import annotations

import io
import secrets
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import urllib3
from minio import Minio
from minio.commonconfig import CopySource
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from understudy_api.settings import S3Settings

PATIENCE_SECONDS: Final = 30.0
MAX_BYTES: Final = 256 * 1024 * 1024
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0
_CONNECT_SECONDS, _READ_SECONDS = 5.0, 30.0
_OK, _PRECONDITION_FAILED = 200, 412
_MISSING: Final = frozenset({"NoSuchKey", "NoSuchObject", "NoSuchVersion", "ResourceNotFound"})
_DENIED: Final = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"})
_PASSING: Final = frozenset({"SlowDown", "RequestTimeout", "OperationAborted", "ConditionalRequestConflict"})
_CUT_OFF: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""How a TLS connection ends when the service goes away; any other TLS error is about certificates or protocols, and stays."""

T = TypeVar("T")


class StoreError(Exception):
    """The object store did not do what was asked; one line with what, where and the cure."""


class OutageError(StoreError):
    """The service stayed away, or overloaded, for as long as patience lasted; nothing is wrong with the request."""


class MissingObjectError(StoreError):
    """There is no such object."""


@dataclass(frozen=True)
class Head:
    """What a store says of an object without sending it."""

    bytes: int
    etag: str


class Objects:
    """One account on one S3 service; safe to use from several threads.

    `patience_seconds`: how long one operation waits out an unreachable or overloaded service before StoreError.
    Refused credentials and missing buckets are never waited for.
    """

    def __init__(self, settings: S3Settings, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._endpoint = settings.endpoint
        self._patience_seconds = patience_seconds
        self._http = urllib3.PoolManager(
            maxsize=16,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            retries=False,
            cert_reqs="CERT_REQUIRED",
            ca_certs=str(settings.ca_file) if settings.ca_file else None,
        )
        self._client = Minio(
            settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key.get_secret_value(),
            secure=settings.secure,
            region=settings.region,
            http_client=self._http,
        )

    def close(self) -> None:
        """Lets idle connections go."""
        self._http.clear()

    def get(self, bucket: str, key: str, *, limit_bytes: int = MAX_BYTES) -> bytes:
        """The bytes of an object. MissingObjectError when there is none, StoreError when it is larger than the limit."""

        def read() -> bytes:
            response = self._client.get_object(bucket, key)
            try:
                data = bytes(response.read(limit_bytes + 1))
            finally:
                response.close()
                response.release_conn()
            if len(data) > limit_bytes:
                raise StoreError(f"s3://{bucket}/{key}: wanted at most {limit_bytes} bytes, got more")
            return data

        return self._tried(read, f"s3://{bucket}/{key}")

    def get_file(self, bucket: str, key: str, path: Path, *, limit_bytes: int = MAX_BYTES) -> None:
        """Fetches an object into a file that appears only when complete. MissingObjectError when there is none."""
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")

        def fetch() -> None:
            response = self._client.get_object(bucket, key)
            written = 0
            try:
                with temporary.open("wb") as file:
                    for chunk in response.stream(1 << 20):
                        written += file.write(chunk)
                        if written > limit_bytes:
                            raise StoreError(f"s3://{bucket}/{key}: wanted at most {limit_bytes} bytes, got more")
            finally:
                response.close()
                response.release_conn()

        try:
            self._tried(fetch, f"s3://{bucket}/{key}")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def put(self, bucket: str, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """Writes an object, replacing what was there, in one step for every reader."""
        self._tried(
            lambda: self._client.put_object(bucket, key, io.BytesIO(data), len(data), content_type),
            f"s3://{bucket}/{key}",
        )

    def put_file(
        self,
        bucket: str,
        key: str,
        path: Path,
        content_type: str = "application/octet-stream",
        *,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Writes a file as an object, in one step for every reader, with metadata of the user's kind."""

        def send() -> None:
            with path.open("rb") as file:
                self._client.put_object(
                    bucket, key, file, path.stat().st_size, content_type, metadata=dict(metadata or {})
                )

        self._tried(send, f"s3://{bucket}/{key}")

    def create(self, bucket: str, key: str, data: bytes, content_type: str = "application/octet-stream") -> bool:
        """Writes an object only where none is: True when this call made it, False when the key is taken.

        After an outage False may mean that an earlier try of this very call got through: read it to know.
        """

        def send() -> bool:
            url = self._client.presigned_put_object(bucket, key, expires=timedelta(minutes=5))
            headers = {"If-None-Match": "*", "Content-Type": content_type}
            response = self._http.request("PUT", url, body=data, headers=headers)
            if response.status == _PRECONDITION_FAILED:
                return False
            if response.status != _OK:
                raise S3Error.fromxml(response) if response.data else ServerError("no answer", response.status)
            return True

        return self._tried(send, f"s3://{bucket}/{key}")

    def head(self, bucket: str, key: str) -> Head | None:
        """Size and entity tag of an object; None when there is none."""
        try:
            found = self._tried(lambda: self._client.stat_object(bucket, key), f"s3://{bucket}/{key}")
        except MissingObjectError:
            return None
        return Head(bytes=int(found.size or 0), etag=str(found.etag or "").strip('"'))

    def copy(self, source_bucket: str, source_key: str, bucket: str, key: str) -> None:
        """Copies an object within the service; MissingObjectError when the source is not there."""
        source = CopySource(source_bucket, source_key)
        self._tried(lambda: self._client.copy_object(bucket, key, source), f"s3://{source_bucket}/{source_key}")

    def keys(self, bucket: str, prefix: str, *, after: str | None = None) -> Iterator[str]:
        """Keys below a prefix in UTF-8 order, those after `after` only; asks the service page by page."""
        while True:
            page, more = self._page(bucket, prefix, after)
            yield from page
            if not more:
                return
            after = page[-1]

    def _page(self, bucket: str, prefix: str, after: str | None) -> tuple[list[str], bool]:
        def read() -> tuple[list[str], bool]:
            found: list[str] = []
            for entry in self._client.list_objects(bucket, prefix=prefix, recursive=True, start_after=after):
                found.append(str(entry.object_name))
                if len(found) == 1000:
                    return found, True
            return found, False

        return self._tried(read, f"s3://{bucket}/{prefix}")

    def remove(self, bucket: str, key: str) -> None:
        """Removes an object; one that is gone already is no error."""
        self._tried(lambda: self._client.remove_object(bucket, key), f"s3://{bucket}/{key}")

    def probe(self, bucket: str) -> None:
        """Proves that conditional create works on this service; StoreError when it would overwrite.

        Everything that counts once (receipts) rests on it, so a service without it is refused at start.
        """
        key = f"probe/{secrets.token_hex(16)}"
        try:
            if not self.create(bucket, key, b"1"):
                raise StoreError(f"s3://{bucket}: conditional create refuses a new key; use an S3 service that has it")
            if self.create(bucket, key, b"2") or self.get(bucket, key) != b"1":
                raise StoreError(
                    f"s3://{bucket}: wanted 412 for a PUT with If-None-Match on a taken key, got an overwrite; use an "
                    "S3 service with conditional writes"
                )
        finally:
            self.remove(bucket, key)

    def _tried(self, act: Callable[[], T], where: str) -> T:
        """Runs `act`, again with growing pauses while the service is away; turns every failure into StoreError."""
        deadline = time.monotonic() + self._patience_seconds
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return act()
            except (MinioException, urllib3.exceptions.HTTPError) as error:
                if not _passes(error):
                    self._refuse(error, where)
                if time.monotonic() + pause > deadline:
                    raise OutageError(
                        f"{where}: the object store at {self._endpoint} did not answer for "
                        f"{self._patience_seconds:.0f} s ({_short(error)}); check that it runs and try again"
                    ) from error
            time.sleep(pause * (0.5 + secrets.randbelow(1000) / 1000))
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _refuse(self, error: Exception, where: str) -> NoReturn:
        code = error.code if isinstance(error, S3Error) else ""
        if code in _MISSING:
            raise MissingObjectError(f"{where}: no such object") from error
        if code in _DENIED:
            raise StoreError(
                f"{where}: the object store at {self._endpoint} refuses these credentials ({code}); check "
                "the access key, the secret key and what they may do in this bucket"
            ) from error
        raise StoreError(f"{where}: the object store at {self._endpoint} answered {_short(error)}") from error


def _passes(error: Exception) -> bool:
    """Whether a failure may go away by itself."""
    if isinstance(error, S3Error):
        status: Any = getattr(error.response, "status", 0)
        return error.code in _PASSING or int(status or 0) >= 500
    if isinstance(error, InvalidResponseError):
        return int(getattr(error, "_code", 0) or 0) >= 500
    if isinstance(error, ServerError):
        return True
    if isinstance(error, urllib3.exceptions.SSLError):
        return bool(error.args) and isinstance(error.args[0], _CUT_OFF)
    return not isinstance(error, urllib3.exceptions.LocationValueError)


def _short(error: Exception) -> str:
    if isinstance(error, S3Error):
        return f"{error.code}: {error.message}"[:200]
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
