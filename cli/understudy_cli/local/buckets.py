"""The farm's buckets and the accounts that use them, each with a policy of its own."""

from __future__ import annotations

from typing import Any, Final

import certifi
import urllib3
from minio import Minio
from minio.credentials import StaticProvider
from minio.error import MinioAdminException, MinioException, S3Error
from minio.minioadmin import MinioAdmin

from understudy_api import item_log
from understudy_api.settings import BucketNames, S3Settings
from understudy_cli.errors import UserError
from understudy_cli.local.keys import Account

BUCKETS: Final = BucketNames()
_ARN: Final = "arn:aws:s3:::"


def client(s3: S3Settings, retries: int = 2) -> Minio:
    """An S3 client that fails fast instead of retrying for minutes."""
    secret = s3.secret_key.get_secret_value()
    connections = _connections(s3, urllib3.Retry(retries, backoff_factor=0.1))
    return Minio(s3.endpoint, s3.access_key, secret, secure=s3.secure, region=s3.region, http_client=connections)


def not_ready(s3: S3Settings) -> str | None:
    """Why the store does not serve yet; None once it gives a final answer, be it a refusal."""
    try:
        client(s3, retries=0).bucket_exists(BUCKETS.outputs)
    except S3Error:
        return None
    except (MinioException, urllib3.exceptions.HTTPError) as error:
        return str(error)
    return None


def make_buckets(s3: S3Settings, names: BucketNames = BUCKETS) -> None:
    """Create the buckets that are missing; UserError when the store refuses or does not answer."""
    store = client(s3)
    try:
        for name in names.model_dump().values():
            if not store.bucket_exists(name):
                store.make_bucket(name)
    except (MinioException, urllib3.exceptions.HTTPError, ValueError) as error:
        reason = error.message if isinstance(error, S3Error) else str(error)
        raise UserError(f"S3 at {s3.endpoint}: {reason}; check its URL and credentials") from error


def operator_policy(names: BucketNames = BUCKETS) -> dict[str, Any]:
    """Reads all but staged videos, writes orders and the lists that owners are asked to consent to,
    deletes outputs when a job asks for it.

    It alone writes the ledger, and removes nothing there but names. It alone takes what was kept under an ended license
    into quarantine, where it reads its own list and none of the files; takes and clips are sealed, also for it.
    """
    readable = (names.outputs, names.twins, names.receipts, names.ledger)
    chains = (
        "licenses",
        "closings",
        "checkpoints",
        "names",
        "facts",
        "acts",
        "keys",
        "heard",
        "register",
        "status",
        "prices",
    )
    return _policy(
        _list(*readable, names.staging),
        _allow(("GetObject",), *(f"{name}/*" for name in readable)),
        _allow(("DeleteObject",), f"{names.outputs}/*", f"{names.ledger}/names/*"),
        _allow(("PutObject",), f"{names.outputs}/*/consent/*.jsonl"),
        _allow(("GetObject", "PutObject", "DeleteObject"), f"{names.staging}/orders/*"),
        _allow(("GetObject", "DeleteObject"), f"{names.staging}/takes/*", f"{names.staging}/clips/*"),
        _allow(("PutObject",), f"{names.staging}/quarantine/*"),
        _allow(("GetObject",), f"{names.staging}/quarantine/*/manifest/*"),
        _allow(("PutObject",), *(f"{names.ledger}/{folder}/*" for folder in chains)),
    )


def pool_policy(names: BucketNames = BUCKETS) -> dict[str, Any]:
    """Reads and writes all buckets but the vault's and the ledger, and removes nothing but its own probes and old item logs; nothing in quarantine."""
    everything = tuple(name for name in names.model_dump().values() if name not in (names.vault, names.ledger))
    actions = ("GetObject", "PutObject", "AbortMultipartUpload", "ListMultipartUploadParts")
    return _policy(
        _list(*everything),
        _allow(actions, *(f"{name}/*" for name in everything)),
        _allow(("DeleteObject",), f"{names.receipts}/probe/*", f"{names.receipts}/{item_log.FOLDER}*"),
        _deny(actions, f"{names.staging}/quarantine/*"),
    )


def vault_policy(names: BucketNames = BUCKETS) -> dict[str, Any]:
    """Adds to its own bucket and reads it; removes nothing there, and reaches no other."""
    return _policy(_list(names.vault), _allow(("GetObject", "PutObject"), f"{names.vault}/*"))


def make_account(admin: S3Settings, account: Account, name: str, policy: dict[str, Any]) -> None:
    """Give MinIO the account and exactly this policy; `admin` is the store's root account."""
    secret = admin.secret_key.get_secret_value()
    policy_name = f"understudy-{account.access_key}"  # two farms on one MinIO have accounts and policies of their own
    store = MinioAdmin(
        endpoint=admin.endpoint,
        credentials=StaticProvider(admin.access_key, secret),
        region=admin.region,
        secure=admin.secure,
        # A MinIO that serves S3 already may take seconds more, on a busy machine, until it knows accounts.
        http_client=_connections(admin, urllib3.Retry(7, backoff_factor=0.2, status_forcelist=(503,))),
    )
    try:
        store.policy_add(policy_name, policy=policy)
        store.user_add(account.access_key, account.secret_key)
        store.policy_set(policy_name, user=account.access_key)
    except (MinioAdminException, urllib3.exceptions.HTTPError) as error:
        raise UserError(f"MinIO at {admin.endpoint}: the account of the {name} was refused: {error}") from error


def _connections(s3: S3Settings, retries: urllib3.Retry) -> urllib3.PoolManager:
    return urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=5, read=30),
        retries=retries,
        cert_reqs="CERT_REQUIRED",
        ca_certs=str(s3.ca_file) if s3.ca_file else certifi.where(),
    )


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _list(*buckets: str) -> dict[str, Any]:
    return _allow(("ListBucket", "GetBucketLocation"), *buckets)


def _allow(actions: tuple[str, ...], *resources: str) -> dict[str, Any]:
    return _statement("Allow", actions, resources)


def _deny(actions: tuple[str, ...], *resources: str) -> dict[str, Any]:
    return _statement("Deny", actions, resources)


def _statement(effect: str, actions: tuple[str, ...], resources: tuple[str, ...]) -> dict[str, Any]:
    return {
        "Effect": effect,
        "Action": [f"s3:{action}" for action in actions],
        "Resource": [f"{_ARN}{resource}" for resource in resources],
    }
