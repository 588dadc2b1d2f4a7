"""Objects of the four kinds, and the Secrets that name S3 accounts, in the API server."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from understudy_api.model import API_VERSION
from understudy_api.restored import lasting_uid
from understudy_operator.shell.apiserver import MERGE_PATCH, ApiServer
from understudy_operator.shell.errors import ConflictError, OutageError
from understudy_operator.shell.key import PLURALS, Key

FIELD_MANAGER: Final = "understudy-operator"
_PAGE: Final = "500"
_LIST_TIMEOUT_SECONDS: Final = 30.0


class Cluster:
    """Reads and writes of custom resources. Writes name the version they were decided on, so a stale one is a ConflictError."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    def serves_kinds(self) -> bool:
        """Whether all four kinds are installed."""
        found = self._server.request("GET", f"/apis/{API_VERSION}")
        served = {entry["name"] for entry in (found or {}).get("resources", ())}
        return set(PLURALS.values()) <= served

    def get(self, key: Key) -> dict[str, Any] | None:
        """The object, or None."""
        return self._server.request("GET", key.path)

    def everything(self, kind: str) -> tuple[list[dict[str, Any]], int]:
        """All objects of a kind in all namespaces, and the resource version of the list."""
        query, found, version = {"limit": _PAGE}, [], 0
        path = f"/apis/{API_VERSION}/{PLURALS[kind]}"
        while True:
            page = self._server.request("GET", path, query=query, timeout_seconds=_LIST_TIMEOUT_SECONDS)
            if page is None:
                raise OutageError("API server", f"{path}: {kind} is not served; install crds/")
            found += [{"apiVersion": API_VERSION, "kind": kind, **item} for item in page.get("items", ())]
            version = version or int(page["metadata"]["resourceVersion"])
            token = page["metadata"].get("continue")
            if not token:
                return found, version
            query = {"limit": _PAGE, "continue": token}

    def patch_status(self, body: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any] | None:
        """Make the object's status exactly `status` with one request, or with none when it already is.

        Returns the object as it is now; None when it is gone. Raises ConflictError when it changed since `body` was read.
        """
        patch = merge_patch(body.get("status", {}), status)
        if not patch:
            return dict(body)
        return self._patch(body, {"status": patch}, "/status")

    def set_finalizers(self, body: Mapping[str, Any], finalizers: Sequence[str]) -> dict[str, Any] | None:
        """Make the object's finalizers exactly these; as `patch_status`."""
        if list(body["metadata"].get("finalizers", ())) == list(finalizers):
            return dict(body)
        return self._patch(body, {"metadata": {"finalizers": list(finalizers) or None}})

    def create(self, kind: str, namespace: str, name: str, spec: Mapping[str, Any]) -> None:
        """Create an object; one of that name is well: names derive from what they stand for."""
        key = Key(kind, namespace, name)
        body = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": dict(spec)}
        try:
            self._server.request("POST", key.collection, body, query={"fieldManager": FIELD_MANAGER})
        except ConflictError:
            return

    def delete(self, body: Mapping[str, Any]) -> None:
        """Delete exactly this object: one of the same name created meanwhile stays."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": body["metadata"]["uid"]}}
        self._server.request("DELETE", Key.of(body).path, options)

    def secret(self, namespace: str, name: str) -> dict[str, str] | None:
        """The decoded data of a Secret, or None; values that are not base64 of UTF-8 are left out."""
        found = self._server.request("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}")
        return None if found is None else dict(_decoded(found.get("data") or {}))

    def namespace_uid(self, name: str) -> str | None:
        """UID of a namespace, that of its first self when it was restored; None when there is none of that name."""
        found = self._server.request("GET", f"/api/v1/namespaces/{name}")
        return None if found is None else lasting_uid(found["metadata"])

    def _patch(self, body: Mapping[str, Any], patch: dict[str, Any], below: str = "") -> dict[str, Any] | None:
        metadata = patch.setdefault("metadata", {})
        # No two objects ever share a version: one of the same name created meanwhile is a conflict too.
        metadata["resourceVersion"] = body["metadata"]["resourceVersion"]
        path = Key.of(body).path + below
        return self._server.request(
            "PATCH", path, patch, query={"fieldManager": FIELD_MANAGER}, content_type=MERGE_PATCH
        )


def merge_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON merge patch (RFC 7386) that turns `old` into `new`; empty when they are equal."""
    patch: dict[str, Any] = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            inner = merge_patch(before, value)
            if inner:
                patch[name] = inner
        elif name not in old or before != value:
            patch[name] = value
    return patch


def _decoded(data: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in data.items():
        try:
            yield name, base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
