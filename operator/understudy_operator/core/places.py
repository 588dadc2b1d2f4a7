"""S3 reach of a job: its own namespace's prefix of the farm's outputs bucket, or elsewhere with its own credentials.

The farm's other buckets are refused to every job, with and without credentials. The workers check the same again.
"""

from __future__ import annotations

from dataclasses import dataclass

from understudy_api.renderjob import RenderJobSpec
from understudy_api.settings import BucketNames
from understudy_api.verdict import Refusal

SCHEME = "s3://"
MAX_KEY_BYTES = 900
"""Leaves room below a prefix for the names of delivered files; S3 takes 1,024 bytes."""


@dataclass(frozen=True)
class Place:
    """A bucket and what follows it: a key, or a prefix that ends in a slash or is empty."""

    bucket: str
    key: str

    @property
    def url(self) -> str:
        """The place as `s3://bucket/key`."""
        return f"{SCHEME}{self.bucket}/{self.key}"


def place(url: str) -> Place:
    """The place an `s3://` URL names, taken literally: nothing is unquoted or normalised."""
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    return Place(bucket, key)


def destination(spec: RenderJobSpec, namespace: str, job: str, buckets: BucketNames) -> Place:
    """Where a job's finished files go."""
    if spec.destination is None:
        return Place(buckets.outputs, f"{namespace}/{job}/")
    return place(spec.destination.s3)


def job_place_refusals(spec: RenderJobSpec, namespace: str, buckets: BucketNames) -> tuple[Refusal, ...]:
    """What speaks against where a job reads and writes; () when nothing does."""
    found: list[Refusal | None] = []
    if spec.destination is not None:
        with_credentials = spec.destination.credentials_ref is not None
        found.append(place_refusal("destination.s3", place(spec.destination.s3), namespace, buckets, with_credentials))
    if spec.data is not None and spec.data.from_ is not None:
        source = spec.data.from_
        with_credentials = source.credentials_ref is not None
        found.append(place_refusal("data.from.s3", place(source.s3), namespace, buckets, with_credentials))
    return tuple(refusal for refusal in found if refusal)


def place_refusal(
    field: str, wanted: Place, namespace: str, buckets: BucketNames, with_credentials: bool
) -> Refusal | None:
    """Why a namespace may not reach a place that `field` of a spec names; None when it may."""
    own = f"{SCHEME}{buckets.outputs}/{namespace}/"
    segments = wanted.key.removesuffix("/").split("/")
    if wanted.key and any(segment in {"", ".", ".."} for segment in segments):
        return Refusal(
            reason="PlaceNotAllowed",
            message=f"{field}: {wanted.url}: empty, `.` and `..` segments are not allowed; write the plain path",
        )
    if len(wanted.key.encode()) > MAX_KEY_BYTES:
        return Refusal(
            reason="PlaceNotAllowed",
            message=f"{field}: wanted at most {MAX_KEY_BYTES} bytes after the bucket, got {len(wanted.key.encode())}",
        )
    if wanted.bucket in buckets.private:
        return Refusal(
            reason="PlaceNotAllowed",
            message=f"{field}: bucket {wanted.bucket} belongs to the farm alone; use a prefix below {own}",
        )
    if with_credentials or (wanted.bucket == buckets.outputs and wanted.key.startswith(f"{namespace}/")):
        return None
    return Refusal(
        reason="PlaceNotAllowed",
        message=f"{field}: {wanted.url} is not below {own}; use a prefix there, or name a Secret of this namespace in "
        f"{field.rsplit('.', 1)[0]}.credentialsRef",
    )
