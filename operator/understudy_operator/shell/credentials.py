"""S3 accounts that brands keep in Secrets of their own namespace."""

from __future__ import annotations

import re
from typing import Final

from pydantic import SecretStr

from understudy_api.order import S3Credentials
from understudy_api.settings import S3Settings
from understudy_operator.core.state import CredentialsProblem
from understudy_operator.shell.cluster import Cluster

KEYS: Final = ("endpoint", "accessKey", "secretKey")
_ENDPOINT: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+/?")


def read_credentials(cluster: Cluster, namespace: str, name: str) -> S3Credentials | CredentialsProblem:
    """The S3 account a Secret holds, or in one line why it holds none. Values never enter the message."""
    found = cluster.secret(namespace, name)
    if found is None:
        return CredentialsProblem(message=f"credentialsRef: no Secret {name!r} in namespace {namespace}; create it")
    missing = [key for key in KEYS if not found.get(key, "").strip()]
    if missing:
        return CredentialsProblem(
            message=f"credentialsRef: Secret {name!r} lacks {', '.join(missing)}; it needs {', '.join(KEYS)}"
        )
    endpoint, access_key, secret_key = (found[key].strip() for key in KEYS)
    if not _ENDPOINT.fullmatch(endpoint) or max(len(access_key), len(secret_key)) > 256:
        return CredentialsProblem(
            message=f"credentialsRef: Secret {name!r}: endpoint: wanted https://host[:port] and keys of at most "
            "256 characters; mend the Secret"
        )
    return S3Credentials(endpoint=endpoint.rstrip("/"), access_key=access_key, secret_key=secret_key)


def account_settings(given: S3Credentials, farm: S3Settings) -> S3Settings:
    """A brand's account as the S3 port takes it; the farm's authority vouches for the farm's own endpoint only."""
    scheme, _, endpoint = given.endpoint.partition("://")
    return S3Settings(
        endpoint=endpoint,
        access_key=given.access_key,
        secret_key=SecretStr(given.secret_key),
        ca_file=farm.ca_file if endpoint == farm.endpoint else None,
        secure=scheme == "https",
        region=farm.region,
    )
