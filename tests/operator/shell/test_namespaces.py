"""Which namespace object a job lives in, by a real API server."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from operator_site import Admin

from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.namespaces import Namespaces


class Counted(Cluster):
    asked = 0

    def namespace_uid(self, name: str) -> str | None:
        self.asked += 1
        return super().namespace_uid(name)


@pytest.fixture
def cluster(control_plane: Any) -> Counted:
    return Counted(ApiServer.connect(control_plane.operator_kubeconfig))


def test_the_uid_is_read_once_for_each_job(admin: Admin, cluster: Counted) -> None:
    name, namespaces = admin.namespace("pinned"), Namespaces(cluster)
    body = admin.server.request("GET", f"/api/v1/namespaces/{name}") or {}
    first, second = str(uuid4()), str(uuid4())
    assert {namespaces.uid_of(name, one) for one in (first, first, second)} == {body["metadata"]["uid"]}
    assert cluster.asked == 2
    namespaces.forget(first)
    namespaces.forget(first)
    namespaces.uid_of(name, first)
    assert cluster.asked == 3


def test_a_namespace_that_is_not_there_is_an_outage_and_not_remembered(admin: Admin, cluster: Counted) -> None:
    namespaces = Namespaces(cluster)
    for _ in range(2):
        with pytest.raises(OutageError, match="namespace no-such-namespace: is gone"):
            namespaces.uid_of("no-such-namespace", "job")
    assert cluster.asked == 2


def test_a_restored_namespace_is_the_one_it_was(admin: Admin, cluster: Counted) -> None:
    name, first = admin.namespace("restored"), str(uuid4())
    said = {"metadata": {"annotations": {"understudy.dev/restored-uid": first}}}
    admin.server.request("PATCH", f"/api/v1/namespaces/{name}", said, content_type="application/merge-patch+json")
    assert Namespaces(cluster).uid_of(name, str(uuid4())) == first
