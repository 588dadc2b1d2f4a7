"""Kubeconfigs: written for each of the farm's users, read from a cluster that exists already."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from understudy_cli.errors import UserError
from understudy_cli.local.certificates import Pair
from understudy_cli.local.home import write_private


@dataclass(frozen=True)
class Access:
    """How one user reaches one cluster: its URL, its authority's PEM, and a certificate pair or a bearer token."""

    server: str
    authority_pem: str | None
    certificate_pem: str | None = None
    key_pem: str | None = None
    token: str | None = None

    @classmethod
    def with_certificate(cls, server: str, authority: Path, pair: Pair) -> Access:
        """Access by a client certificate on disk."""
        return cls(server, authority.read_text(), pair.certificate.read_text(), pair.key.read_text())


def write(path: Path, access: Access, user: str) -> Path:
    """A kubeconfig (mode 0600) with everything embedded, so that it works from any folder and machine."""
    cluster: dict[str, Any] = {"server": access.server}
    if access.authority_pem:
        cluster["certificate-authority-data"] = _encode(access.authority_pem)
    credentials: dict[str, Any] = {}
    if access.token:
        credentials["token"] = access.token
    elif access.certificate_pem and access.key_pem:
        credentials["client-certificate-data"] = _encode(access.certificate_pem)
        credentials["client-key-data"] = _encode(access.key_pem)
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "understudy", "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": "understudy", "context": {"cluster": "understudy", "user": user}}],
        "current-context": "understudy",
    }
    return write_private(path, json.dumps(document, indent=1) + "\n")


def read(path: Path) -> Access:
    """The access that a kubeconfig's current context gives; UserError when it cannot be used."""
    try:
        document = yaml.safe_load(path.read_text())
        context = _named(document["contexts"], document["current-context"])["context"]
        cluster = _named(document["clusters"], context["cluster"])["cluster"]
        user = _named(document["users"], context["user"])["user"]
        access = Access(
            server=cluster["server"],
            authority_pem=_material(cluster, "certificate-authority", path.parent),
            certificate_pem=_material(user, "client-certificate", path.parent),
            key_pem=_material(user, "client-key", path.parent),
            token=user.get("token") or _token_file(user, path.parent),
        )
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}; name a readable kubeconfig") from error
    except (yaml.YAMLError, KeyError, TypeError, StopIteration, ValueError) as error:
        raise UserError(f"{path}: not a kubeconfig with a complete current context") from error
    if not access.token and not access.certificate_pem:
        raise UserError(f"{path}: its user has neither a client certificate nor a token; plug-ins are not supported")
    return access


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)


def _material(section: dict[str, Any], name: str, folder: Path) -> str | None:
    """PEM text embedded as `<name>-data` or named by the file `<name>`."""
    if data := section.get(f"{name}-data"):
        return base64.b64decode(data, validate=True).decode()
    if file := section.get(name):
        return (folder / str(file)).read_text()
    return None


def _token_file(user: dict[str, Any], folder: Path) -> str | None:
    file = user.get("tokenFile")
    return (folder / file).read_text().strip() if file else None


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
