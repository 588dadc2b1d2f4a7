"""S3 with the credentials at hand: does it answer, are the buckets there, does it never overwrite, is its clock right?"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from understudy_api.settings import BucketNames, S3Settings
from understudy_cli.checks.apiserver import compared
from understudy_cli.checks.check import Check, failed, passed, skipped
from understudy_cli.local.probe import trusting

if TYPE_CHECKING:
    from minio.error import S3Error

_TIMEOUT_SECONDS: Final = 5.0
_CREDENTIALS: Final = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}
PROBE_PREFIX: Final = "orders/"
"""Where the operator's account may create and delete: `prove_create` leaves nothing behind."""


def storage(s3: S3Settings, names: BucketNames) -> list[Check]:
    """The checks of one account; only the first when the endpoint does not answer."""
    answered = reach(s3)
    if answered[0].result == "fail":
        return answered
    found = buckets(s3, names)
    if found.result == "fail":
        return [*answered, found]
    return [*answered, found, conditional_create(s3, names.staging)]


def reach(s3: S3Settings) -> list[Check]:
    """Whether the endpoint answers at all, and what time it is there; no credentials are sent."""
    import httpx

    url = f"{'https' if s3.secure else 'http'}://{s3.endpoint}/"
    before = datetime.now(UTC)
    try:
        trust = trusting(s3.ca_file) if s3.ca_file else True
        with httpx.Client(verify=trust, trust_env=False, timeout=_TIMEOUT_SECONDS) as http:
            answer = http.get(url)
    except (httpx.HTTPError, OSError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        return [failed("s3", f"{url} does not answer: {reason}", "check the endpoint, its certificate and the network")]
    told = passed("s3", f"{url} answers")
    if "date" not in answer.headers:
        return [told, skipped("s3 clock", "the service does not tell its time")]
    theirs = parsedate_to_datetime(answer.headers["date"])
    return [told, compared("s3 clock", s3.endpoint, theirs, before, datetime.now(UTC))]


def buckets(s3: S3Settings, names: BucketNames) -> Check:
    """Whether the account is let in and finds the farm's buckets; the vault's own is the vault's alone to see."""
    import urllib3
    from minio.error import MinioException, S3Error

    from understudy_cli.local.buckets import client

    store, wanted = client(s3), sorted(set(names.model_dump().values()) - {names.vault})
    missing = []
    for name in wanted:
        try:
            next(iter(store.list_objects(name)), None)  # a HEAD has no body to say which refusal it is
        except S3Error as error:
            if error.code != "NoSuchBucket":
                return _refused(name, error)
            missing.append(name)
        except (MinioException, urllib3.exceptions.HTTPError, ValueError, SyntaxError) as error:  # or no S3 at all
            return failed("s3 buckets", f"s3://{name}: {error}", "check the endpoint: is it an S3 service?")
    if missing:
        return failed("s3 buckets", f"missing: {', '.join(missing)}", "create them, or mend the names in the settings")
    return passed("s3 buckets", f"all {len(wanted)} are there")


def conditional_create(s3: S3Settings, bucket: str) -> Check:
    """Whether a PUT with If-None-Match keeps what is there: quota and ledger rest on it."""
    from understudy_operator.shell.errors import OutageError
    from understudy_operator.shell.objects import Objects, S3RefusalError

    try:
        Objects(s3).prove_create(bucket, PROBE_PREFIX)
    except S3RefusalError as error:
        return failed("s3 conditional create", str(error), "use a service with conditional writes, and let it write")
    except OutageError as error:
        return failed("s3 conditional create", str(error), "try again once the service answers")
    return passed("s3 conditional create", f"s3://{bucket} keeps what is there")


def _refused(bucket: str, error: S3Error) -> Check:
    if str(error.code) in _CREDENTIALS:
        return failed("s3 buckets", f"the credentials are refused: {error.code}", "give the account's present keys")
    return failed("s3 buckets", f"s3://{bucket}: {error.code}", "give the account rights on the farm's buckets")
