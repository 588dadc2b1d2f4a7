"""The vault's own bucket: objects are created where none are, and read; nothing is ever replaced or removed here."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final

import certifi
import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from understudy_api.settings import S3Settings

MAX_BYTES: Final = 1 << 20
_OK, _CONFLICT, _TAKEN = 200, 409, 412
_MISSING: Final = frozenset({"NoSuchKey", "NoSuchObject"})
_TIMEOUT: Final = urllib3.Timeout(connect=3, read=5)


class BucketError(Exception):
    """The bucket did not do what was asked; one line with what, where and the cure."""


class Bucket:
    """One bucket, with an account of the vault's own. Safe to use from several threads. Everything raises BucketError."""

    def __init__(self, s3: S3Settings, name: str) -> None:
        self.name = name
        self._endpoint = s3.endpoint
        self._http = urllib3.PoolManager(
            maxsize=8,
            timeout=_TIMEOUT,
            retries=urllib3.Retry(total=2, backoff_factor=0.1, allowed_methods={"GET", "HEAD"}),
            cert_reqs="CERT_REQUIRED",
            ca_certs=str(s3.ca_file) if s3.ca_file else certifi.where(),
        )
        secret = s3.secret_key.get_secret_value()
        self._client = Minio(
            s3.endpoint, s3.access_key, secret, secure=s3.secure, region=s3.region, http_client=self._http
        )

    def create(self, key: str, data: bytes) -> bool:
        """Writes an object only where none is (`If-None-Match: *`): True when this call made it, False when it is taken.

        After an error nobody knows: read the key, or go on to another one.
        """
        try:
            url = self._client.presigned_put_object(self.name, key, expires=timedelta(minutes=5))
            headers = {"If-None-Match": "*", "Content-Type": "application/json"}
            response = self._http.request("PUT", url, body=data, headers=headers)
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise self._trouble(key, error) from error
        if response.status in (_TAKEN, _CONFLICT):
            return False
        if response.status != _OK:
            raise BucketError(
                f"s3://{self.name}/{key}: the object store at {self._endpoint} answered {response.status}"
            )
        return True

    def get(self, key: str) -> bytes | None:
        """An object's bytes, None when there is none."""
        try:
            response = self._client.get_object(self.name, key)
            try:
                return bytes(response.read(MAX_BYTES))
            finally:
                response.close()
                response.release_conn()
        except S3Error as error:
            if error.code in _MISSING:
                return None
            raise self._trouble(key, error) from error
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise self._trouble(key, error) from error

    def keys(self, prefix: str, after: str = "") -> list[str]:
        """All keys below a prefix that come after one, in order."""
        try:
            found = self._client.list_objects(self.name, prefix=prefix, recursive=True, start_after=after or None)
            return [str(entry.object_name) for entry in found]
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise self._trouble(prefix, error) from error

    def probe(self) -> None:
        """Proves that a taken key is not written again; BucketError when it would be. Leaves one small object behind."""
        key = f"probe/{secrets.token_hex(8)}"
        if not self.create(key, b"1") or self.create(key, b"2") or self.get(key) != b"1":
            raise BucketError(
                f"s3://{self.name}: wanted 412 for a PUT with If-None-Match on a taken key; use an S3 service with "
                "conditional writes"
            )

    def _trouble(self, key: str, error: Exception) -> BucketError:
        said = f"{error.code}: {error.message}" if isinstance(error, S3Error) else f"{type(error).__name__}: {error}"
        return BucketError(
            f"s3://{self.name}/{key}: the object store at {self._endpoint}: {said.splitlines()[0][:200]}; check that it "
            "runs and what this account may do"
        )
