"""Events on the real API server: said once, cut to size, never in the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from operator_site import Admin, Tenant, resource

from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.events import MAX_NOTE_CHARS, QUIET_SECONDS, Events


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_event_is_seen_by_kubectl_describe(
    admin: Admin, control_plane: Any, new_tenant: Callable[[], Tenant]
) -> None:
    body, clock = admin.create(new_tenant().job("told")), Clock()
    events = Events(ApiServer.connect(control_plane.operator_kubeconfig), "operator-1", clock)
    events.post(body, "Warning", "LicenseExpired", "license: expired; " + "x" * 2000)
    events.post(body, "Warning", "LicenseExpired", "license: expired; " + "x" * 2000)
    (found,) = admin.events(body)
    assert (found["type"], found["reason"]) == ("Warning", "LicenseExpired")
    assert len(found["message"]) == MAX_NOTE_CHARS
    assert found["involvedObject"]["kind"] == "RenderJob"
    clock.now += QUIET_SECONDS
    events.post(body, "Warning", "LicenseExpired", "license: expired; " + "x" * 2000)
    assert len(admin.events(body)) == 2


def test_an_event_of_a_pool_is_kept_in_the_default_namespace(admin: Admin, control_plane: Any) -> None:
    body = admin.create(resource("RenderPool", "", "told", {"embedded": {}}))
    Events(ApiServer.connect(control_plane.operator_kubeconfig), "operator-1").post(
        body, "Normal", "Ready", "2 performers"
    )
    found = admin.server.request("GET", "/api/v1/namespaces/default/events") or {}
    assert any(event["involvedObject"].get("uid") == body["metadata"]["uid"] for event in found["items"])
    admin.server.request("DELETE", "/apis/understudy.dev/v1alpha1/renderpools/told")


def test_what_cannot_be_said_stops_nobody(admin: Admin, control_plane: Any, new_tenant: Callable[[], Tenant]) -> None:
    body = admin.create(new_tenant().job("mute"))
    nowhere = {**body, "metadata": {**body["metadata"], "namespace": "no-such-namespace"}}
    Events(ApiServer.connect(control_plane.operator_kubeconfig), "operator-1").post(
        nowhere, "Normal", "Said", "into the wind"
    )
