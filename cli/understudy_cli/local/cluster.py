"""What `up` asks of a Kubernetes API server: readiness, server-side apply, a service account's token."""

from __future__ import annotations

import json
import ssl
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
import yaml

from understudy_cli.errors import UserError
from understudy_cli.local.kubeconfig import Access

FIELD_MANAGER: Final = "understudy-up"
_TIMEOUT_SECONDS: Final = 10.0

_PLURALS: Final[Mapping[str, str]] = {
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
    "Namespace": "namespaces",
    "ServiceAccount": "serviceaccounts",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "CustomResourceDefinition": "customresourcedefinitions",
    "RenderPool": "renderpools",
}


class Cluster:
    """A thin client of one API server, for the few requests that set a farm up. Close it, or use it in `with`."""

    def __init__(self, access: Access) -> None:
        headers = {"Authorization": f"Bearer {access.token}"} if access.token else {}
        self._server = access.server
        self._http = httpx.Client(
            base_url=access.server,
            verify=_tls(access),
            headers=headers,
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def not_ready(self) -> str | None:
        """Why the API server does not serve yet; None when it is ready."""
        try:
            answer = self._http.get("/readyz")
        except httpx.HTTPError as error:
            return str(error) or type(error).__name__
        return None if answer.status_code == httpx.codes.OK else f"HTTP {answer.status_code}: {answer.text.strip()}"

    def apply(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Server-side apply of one object; fields others own stay theirs unless they are in `document`."""
        answer = self._request(
            "PATCH",
            _path(document),
            params={"fieldManager": FIELD_MANAGER, "force": "true"},
            content=json.dumps(document),
            headers={"Content-Type": "application/apply-patch+yaml"},
        )
        return dict(answer.json())

    def create(self, document: Mapping[str, Any]) -> bool:
        """Create one object unless it is there already, whatever it holds; True when it was created."""
        path = _path(document).rpartition("/")[0]
        answer = self._send("POST", path, json=dict(document), params={"fieldManager": FIELD_MANAGER})
        if answer.status_code == httpx.codes.CONFLICT:
            return False
        self._check(answer)
        return True

    def is_established(self, name: str) -> bool:
        """Whether the custom resource definition `name` is served."""
        found = self._request("GET", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}").json()
        conditions = found.get("status", {}).get("conditions") or []  # null until the server's first look
        return any(item["type"] == "Established" and item["status"] == "True" for item in conditions)

    def token(self, namespace: str, account: str, life_seconds: int, audience: str | None = None) -> str:
        """A fresh token of a service account, for `audience` instead of the API server; the server may shorten its life."""
        answer = self._request(
            "POST",
            f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token",
            json={"spec": {"expirationSeconds": life_seconds, **({"audiences": [audience]} if audience else {})}},
        )
        return str(answer.json()["status"]["token"])

    def _request(self, method: str, path: str, **rest: Any) -> httpx.Response:
        return self._check(self._send(method, path, **rest))

    def _send(self, method: str, path: str, **rest: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **rest)
        except httpx.HTTPError as error:
            raise UserError(f"{self._server}: {error or type(error).__name__}") from error

    def _check(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            request = answer.request
            raise UserError(f"{self._server}: {request.method} {request.url.path}: {_reason(answer)}")
        return answer


def documents(files: Iterable[Path]) -> list[dict[str, Any]]:
    """Every object in the YAML files, in order."""
    return [found for file in files for found in yaml.safe_load_all(file.read_text()) if found]


def _path(document: Mapping[str, Any]) -> str:
    metadata = document["metadata"]
    version = document["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    inside = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{root}{inside}/{_PLURALS[document['kind']]}/{metadata['name']}"


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _tls(access: Access) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=access.authority_pem)
    if access.certificate_pem and access.key_pem:
        # The standard library takes a client certificate from a file only.
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as pair:
            pair.write(access.certificate_pem + "\n" + access.key_pem)
            pair.flush()
            context.load_cert_chain(pair.name)
    return context
