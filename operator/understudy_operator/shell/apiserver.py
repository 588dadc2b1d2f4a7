"""One request to the Kubernetes API server: JSON in, JSON out, never longer than five seconds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import urllib3
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.config.config_exception import ConfigException

from understudy_operator.shell.errors import ConflictError, DeniedError, OutageError

REQUEST_TIMEOUT_SECONDS: Final = 5.0
MERGE_PATCH: Final = "application/merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"
"""Server-side apply; JSON is YAML too."""
_CONNECTIONS: Final = 32
Heard = Callable[[str, str, int, float], None]
"""Told of each request: its method and path, the code of the answer or 0 for none, and its seconds."""


class UnusableClusterError(Exception):
    """The kubeconfig or service account does not lead to an API server; one line with the cure."""


class ApiServer:
    """The API server as this operator's account sees it. Safe for use from many threads."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self.heard: Heard = lambda *_: None

    @classmethod
    def connect(cls, kubeconfig: Path | None) -> ApiServer:
        """The API server of a kubeconfig, or of the pod's service account when None; raises UnusableClusterError.

        Nothing is sent yet. Tokens of a service account are read again when they are renewed.
        """
        configuration = Configuration()
        try:
            if kubeconfig is None:
                config.load_incluster_config(client_configuration=configuration)
            else:
                config.load_kube_config(config_file=str(kubeconfig), client_configuration=configuration)
        except (ConfigException, OSError) as error:
            where = kubeconfig or "service account"
            reason = str(error).splitlines()[0]
            raise UnusableClusterError(
                f"{where}: {reason}; name a readable kubeconfig in the operator's settings"
            ) from error
        configuration.retries = False
        configuration.connection_pool_maxsize = _CONNECTIONS
        return cls(ApiClient(configuration))

    @property
    def configuration(self) -> Configuration:
        """Address and credentials, for the watcher to use the same."""
        return self._client.configuration

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        timeout_seconds: float = REQUEST_TIMEOUT_SECONDS,
    ) -> dict[str, Any] | None:
        """The JSON object the server answers with; None when there is no such object (404).

        Raises ConflictError on 409, DeniedError on other refusals that a retry does not heal, OutageError on everything else.
        """
        headers = {"Accept": "application/json", "Content-Type": content_type, "User-Agent": "understudy-operator"}
        self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = self._client.configuration.host + path + (f"?{urlencode(query)}" if query else "")
        # The client turns only content types that say so into JSON.
        sent = json.dumps(body) if content_type == APPLY_PATCH else body
        began, status = time.monotonic(), 0
        try:
            response = self._client.call_api(method, url, headers, sent, _request_timeout=timeout_seconds)
            data, status = response.read(), int(response.status)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise OutageError("API server", f"{method} {path}: {error}") from error
        finally:
            self.heard(method, path, status, time.monotonic() - began)
        if 200 <= status < 300:
            answer: dict[str, Any] = json.loads(data)
            return answer
        if status == 404:
            return None
        raise _refusal(method, path, status, data)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _refusal(method: str, path: str, status: int, data: bytes) -> Exception:
    try:
        message = str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        message = data[:200].decode(errors="replace")
    what = f"{method} {path}: {status} {message}"
    if status == 409:
        return ConflictError(what)
    if status in (400, 401, 403, 405, 415, 422):
        return DeniedError(what)
    return OutageError("API server", what)
