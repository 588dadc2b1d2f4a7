"""The Secrets that charts/understudy asks for, from the keys of a folder: what `understudy up` makes, for pods."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from understudy_cli.local.certificates import Authority, Pair
from understudy_cli.local.credentials_identity import open_identity
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Account, Keys, open_account, open_keys

PARTS: Final = ("operator", "pool", "vault")
"""Who has an S3 account of its own."""
_SERVERS: Final = {
    "vault": "understudy-vault",
    "director": "understudy-ray-head",
    "minio": "understudy-minio",
    "status": "understudy-status",
}
"""Certificate -> the Service it answers under."""


def open_accounts(home: Home) -> dict[str, Account]:
    """The S3 accounts of the bundled object store, its root account among them; made on the first call."""
    return {name: open_account(home, name) for name in ("root", *PARTS)}


def secrets(folder: Path, namespace: str, accounts: Mapping[str, Account]) -> list[dict[str, Any]]:
    """Manifests of the Secrets under the names in the chart's values; keys that `folder` lacks are made.

    Without a root account among `accounts` there is no bundled object store, and no Secret for one. The authority's own
    key and the root of the content credentials never leave the folder.
    """
    home = Home(folder.absolute())
    keys, authority = open_keys(home), Authority.open(home.pki, "Understudy farm")
    identity = open_identity(home.c2pa, namespace)
    told = {
        "authority": {"ca.crt": authority.certificate_file},
        "operator": {
            **_by_name(keys.farm, keys.pool_public, keys.director_token, keys.ray_token),
            **_tls(_server(authority, home, "status", namespace)),
        },
        "pool": {
            **_by_name(keys.pool, keys.pool_public, keys.farm_public, keys.director_token, keys.ray_token, keys.cache),
            **_tls(_server(authority, home, "director", namespace)),
            **_by_name(identity.chain, identity.key, identity.root),
        },
        "vault": {**_by_name(keys.vault, keys.farm_public), **_tls(_server(authority, home, "vault", namespace))},
    }
    found = {name: {key: path.read_bytes() for key, path in files.items()} for name, files in told.items()}
    found |= {f"s3-{name}": _account(accounts[name]) for name in PARTS}
    if "root" in accounts:
        minio = _tls(_server(authority, home, "minio", namespace))
        found["minio"] = _account(accounts["root"]) | {key: path.read_bytes() for key, path in minio.items()}
    return [_secret(f"understudy-{name}", namespace, data) for name, data in found.items()]


def thumbprint(folder: Path) -> str:
    """What licenses name the farm by whose keys lie in `folder`."""
    return Keys.at(Home(folder.absolute())).farm_thumbprint()


def _server(authority: Authority, home: Home, name: str, namespace: str) -> Pair:
    service = f"{_SERVERS[name]}.{namespace}"
    hosts = [_SERVERS[name], service, f"{service}.svc", f"{service}.svc.cluster.local"]
    if name == "director":  # those of RayClusters answer under names that their RenderPools have
        hosts += [f"*.{namespace}.svc", f"*.{namespace}.svc.cluster.local"]
    return authority.server(home.pki, name, tuple(hosts))


def _by_name(*paths: Path) -> dict[str, Path]:
    return {path.name: path for path in paths}


def _tls(pair: Pair) -> dict[str, Path]:
    return {"tls.crt": pair.certificate, "tls.key": pair.key}


def _account(account: Account) -> dict[str, bytes]:
    return {"accessKey": account.access_key.encode(), "secretKey": account.secret_key.encode()}


def _secret(name: str, namespace: str, data: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "understudy"}},
        "type": "Opaque",
        "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
    }
