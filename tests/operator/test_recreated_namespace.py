"""On real servers: a brand's namespace that was deleted and created again under its name is a stranger to the license."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from operator_site import Admin, OperatorProcess, Site, Tenant, condition_of, until

from understudy_operator.shell.key import Key

pytestmark = pytest.mark.farm


def test_a_namespace_created_anew_does_not_inherit_its_license(
    controllers: Any,
    admin: Admin,
    operator_process: OperatorProcess,
    operator_site: Site,
    new_tenant: Callable[[], Tenant],
) -> None:
    tenant, peer = new_tenant(), operator_site.peer
    admin.create(tenant.twin())
    admin.create(tenant.license())
    admin.wait(Key("TwinModel", tenant.owner, "ada"), "Ready")
    admin.wait(Key("License", tenant.owner, "spring"), "Valid")
    uid = str(admin.create(tenant.job("first"))["metadata"]["uid"])
    until(lambda: peer.held(uid))
    peer.make_items(uid)
    assert admin.wait(tenant.key("first"), "Complete")["status"]["license"]["id"]

    path = f"/api/v1/namespaces/{tenant.brand}"
    before = admin.server.request("GET", path) or {}
    admin.server.request("DELETE", path)
    until(lambda: admin.server.request("GET", path), lambda body: body is None, seconds=60)
    made = admin.server.request("POST", "/api/v1/namespaces", {"metadata": {"name": tenant.brand}})
    admin.create(tenant.job("anew"))
    refused = admin.wait(tenant.key("anew"), "Admitted", "False")
    admin.create(tenant.job("missing", license_name="no-such-license"))
    missing = admin.wait(tenant.key("missing"), "Admitted", "False")
    said, wanted = condition_of(refused, "Admitted"), condition_of(missing, "Admitted")
    assert (said["reason"], said["message"]) == ("LicenseNotFound", wanted["message"])
    assert "license" not in refused["status"]
    assert peer.held(refused["metadata"]["uid"]) is None

    # Whoever may change Namespaces says that it was restored from a backup: the brand is back.
    assert made is not None
    first = before["metadata"]["uid"]
    assert first != made["metadata"]["uid"]
    said = {"metadata": {"annotations": {"understudy.dev/restored-uid": first}}}
    admin.server.request("PATCH", path, said, content_type="application/merge-patch+json")
    uid = str(admin.create(tenant.job("back"))["metadata"]["uid"])
    assert until(lambda: peer.held(uid)) is not None
