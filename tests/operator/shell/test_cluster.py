"""Reads and writes of objects against the real API server."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from operator_site import Admin, Tenant, resource

from understudy_operator.shell.apiserver import REQUEST_TIMEOUT_SECONDS, ApiServer, UnusableClusterError
from understudy_operator.shell.cluster import Cluster, merge_patch
from understudy_operator.shell.errors import ConflictError, DeniedError, OutageError
from understudy_operator.shell.key import Key

SCALARS = st.one_of(st.integers(-5, 5), st.text(max_size=3))
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
)
OBJECTS = st.dictionaries(st.text("abc", max_size=2), JSON, max_size=4)


def patched(target: Any, patch: Any) -> Any:
    """RFC 7386, section 2, as it stands there."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = patched(result.get(name), value)
    return result


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_makes_the_old_the_new(old: dict[str, Any], new: dict[str, Any]) -> None:
    patch = merge_patch(old, new)
    assert patched(old, patch) == new
    assert bool(patch) == (old != new)


@pytest.fixture(scope="module")
def cluster(control_plane: Any) -> Cluster:
    return Cluster(ApiServer.connect(control_plane.operator_kubeconfig))


@pytest.fixture(scope="module")
def tenant(admin: Admin, new_tenant: Any) -> Tenant:
    tenant: Tenant = new_tenant()
    return tenant


def test_status_is_made_exactly_what_is_wanted(admin: Admin, cluster: Cluster, tenant: Tenant) -> None:
    body = admin.create(tenant.job("status"))
    first = cluster.patch_status(body, {"phase": "Running", "progress": "1/2", "items": {"total": 2, "done": 1}})
    assert first is not None
    second = cluster.patch_status(first, {"phase": "Complete", "items": {"total": 2, "done": 2}})
    assert second is not None
    assert second["status"]["phase"] == "Complete"
    assert "progress" not in second["status"]
    assert second["metadata"]["generation"] == 1


def test_an_equal_status_is_not_written(admin: Admin, cluster: Cluster, tenant: Tenant) -> None:
    body = admin.create(tenant.job("equal"))
    first = cluster.patch_status(body, {"phase": "Running"})
    assert first is not None
    second = cluster.patch_status(first, dict(first["status"]))
    assert second is not None
    again = admin.get(Key.of(body))
    assert again is not None
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_a_stale_write_is_a_conflict(admin: Admin, cluster: Cluster, tenant: Tenant) -> None:
    body = admin.create(tenant.job("stale"))
    admin.patch(Key.of(body), {"suspend": True})
    with pytest.raises(ConflictError):
        cluster.patch_status(body, {"phase": "Running"})
    with pytest.raises(ConflictError):
        cluster.set_finalizers(body, ["understudy.dev/pool"])


def test_a_write_never_hits_a_successor_of_the_same_name(admin: Admin, cluster: Cluster, tenant: Tenant) -> None:
    old = admin.create(tenant.job("successor"))
    admin.delete(Key.of(old))
    new = admin.create(tenant.job("successor"))
    with pytest.raises(ConflictError):
        cluster.patch_status(old, {"phase": "Running"})
    with pytest.raises(ConflictError):
        cluster.set_finalizers(old, ["understudy.dev/pool"])
    with pytest.raises(ConflictError):
        cluster.delete(old)
    cluster.delete(new)
    assert admin.get(Key.of(new)) is None


def test_finalizers_come_and_go(admin: Admin, cluster: Cluster, tenant: Tenant) -> None:
    body = admin.create(tenant.job("finalizers"))
    held = cluster.set_finalizers(body, ["understudy.dev/pool"])
    assert held is not None
    assert held["metadata"]["finalizers"] == ["understudy.dev/pool"]
    assert cluster.set_finalizers(held, ["understudy.dev/pool"]) == held
    cluster.delete(held)
    going = cluster.get(Key.of(body))
    assert going is not None
    assert "deletionTimestamp" in going["metadata"]
    cluster.set_finalizers(going, [])
    assert cluster.get(Key.of(body)) is None
    assert cluster.patch_status(going, {"phase": "Running"}) is None


def test_everything_is_listed_page_by_page(
    admin: Admin, cluster: Cluster, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy_operator.shell.cluster._PAGE", "2")
    names = {f"page-{number}" for number in range(5)}
    for name in names:
        admin.create(tenant.job(name))
    bodies, version = cluster.everything("RenderJob")
    assert names <= {body["metadata"]["name"] for body in bodies}
    assert all(body["kind"] == "RenderJob" for body in bodies)
    assert version >= max(int(body["metadata"]["resourceVersion"]) for body in bodies)


def test_secrets_are_read_one_by_one(admin: Admin, cluster: Cluster, tenant: Tenant) -> None:
    path = f"/api/v1/namespaces/{tenant.brand}/secrets"
    secret = {"metadata": {"name": "s3"}, "data": {"accessKey": "YWRh", "blob": "/w=="}}
    admin.server.request("POST", path, secret)
    assert cluster.secret(tenant.brand, "s3") == {"accessKey": "ada"}
    assert cluster.secret(tenant.brand, "none") is None


def test_the_operators_account_may_do_nothing_else(control_plane: Any, tenant: Tenant) -> None:
    server = ApiServer.connect(control_plane.operator_kubeconfig)
    for method, path, body in (
        ("GET", f"/api/v1/namespaces/{tenant.brand}/secrets", None),
        ("GET", "/api/v1/nodes", None),
        ("POST", Key("License", tenant.owner, "x").collection, tenant.license("forged")),
        ("DELETE", Key("License", tenant.owner, "spring").path, None),
    ):
        with pytest.raises(DeniedError):
            server.request(method, path, body)


def test_pools_have_no_namespace(admin: Admin, cluster: Cluster) -> None:
    created = admin.create(resource("RenderPool", "", "spare", {"embedded": {}}))
    key = Key.of(created)
    assert str(key) == "RenderPool/spare"
    assert cluster.get(key) is not None
    admin.delete(key)
    assert cluster.get(key) is None


def test_a_server_that_accepts_and_says_nothing_is_an_outage_in_time(control_plane: Any, tmp_path: Path) -> None:
    assert REQUEST_TIMEOUT_SECONDS == 5
    with socket.create_server(("127.0.0.1", 0)) as silent:
        text = control_plane.kubeconfig.read_text()
        port = silent.getsockname()[1]
        path = tmp_path / "kubeconfig"
        path.write_text(text.replace(control_plane.server, f"https://127.0.0.1:{port}"))
        started = time.monotonic()
        with pytest.raises(OutageError, match="API server"):
            ApiServer.connect(path).request("GET", "/version", timeout_seconds=0.3)
        assert time.monotonic() - started < 2


def test_nobody_there_is_an_outage(control_plane: Any, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(control_plane.kubeconfig.read_text().replace(control_plane.server, "https://127.0.0.1:1"))
    with pytest.raises(OutageError, match="GET /version"):
        ApiServer.connect(path).request("GET", "/version")


def test_a_kubeconfig_that_is_none_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("{}")
    with pytest.raises(UnusableClusterError, match="name a readable kubeconfig") as caught:
        ApiServer.connect(path)
    assert "\n" not in str(caught.value)
