"""Leadership on the real API server: one at a time, taken over only when its time is up, given up in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cuttable import Relay
from operator_site import Admin, until

from understudy_operator.shell import lease as lease_module
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.lease import DURATION_SECONDS, GIVE_UP_SECONDS, Leadership, Lease


@pytest.fixture
def server(control_plane: Any) -> ApiServer:
    return ApiServer.connect(control_plane.kubeconfig)


@pytest.fixture
def namespace(admin: Admin) -> str:
    return admin.namespace("lease")


def test_one_holds_it_and_others_wait_for_its_whole_duration(server: ApiServer, namespace: str) -> None:
    first, second = Lease(server, namespace, "first"), Lease(server, namespace, "second")
    assert first.acquire(0)
    assert not second.acquire(100)
    assert not second.acquire(100 + DURATION_SECONDS)
    assert first.renew(3)
    assert not second.acquire(200)
    assert second.acquire(201 + DURATION_SECONDS)
    assert not first.renew(3)
    assert not first.acquire(300)


def test_a_released_lease_is_free_at_once(server: ApiServer, namespace: str) -> None:
    first, second = Lease(server, namespace, "first"), Lease(server, namespace, "second")
    assert first.acquire(0)
    first.release()
    assert second.acquire(0)


def test_of_many_racing_for_a_new_lease_one_wins(server: ApiServer, namespace: str) -> None:
    won: list[bool] = []
    gate = threading.Barrier(6)

    def race(number: int) -> None:
        lease = Lease(server, namespace, f"racer-{number}")
        gate.wait(5)
        won.append(lease.acquire(0))

    threads = [threading.Thread(target=race, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(won) == [False] * 5 + [True]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rhythm, ten times as fast."""
    for name in ("RENEW_SECONDS", "RETRY_SECONDS", "GIVE_UP_SECONDS", "_REQUEST_SECONDS"):
        monkeypatch.setattr(lease_module, name, getattr(lease_module, name) / 10)


@pytest.fixture
def relay(control_plane: Any) -> Iterator[Relay]:
    host, _, port = control_plane.server.removeprefix("https://").partition(":")
    relay = Relay(host, int(port))
    yield relay
    relay.close()


@pytest.mark.usefixtures("quick")
def test_who_cannot_renew_ends_in_time(control_plane: Any, tmp_path: Any, relay: Relay, namespace: str) -> None:
    path = tmp_path / "kubeconfig"
    there = f"https://127.0.0.1:{relay.port}"
    path.write_text(control_plane.kubeconfig.read_text().replace(control_plane.server, there))
    lost: list[tuple[str, float]] = []
    lease = Lease(ApiServer.connect(path), namespace, "cut-off")
    leadership = Leadership(lease, lambda: True, lambda reason: lost.append((reason, time.monotonic())))
    assert leadership.wait(threading.Event())
    relay.cut()
    cut_at = time.monotonic()
    reason, at = until(lambda: lost)[0]
    assert "renewed" in reason
    assert at - cut_at <= GIVE_UP_SECONDS / 10 + 0.5
    with pytest.raises(OutageError):
        lease.acquire(0)


@pytest.mark.usefixtures("quick")
def test_who_gets_no_work_done_stops_renewing(server: ApiServer, namespace: str) -> None:
    lost: list[str] = []
    leadership = Leadership(Lease(server, namespace, "hung"), lambda: False, lost.append)
    assert leadership.wait(threading.Event())
    assert until(lambda: lost) == ["reconciles no longer finish"]


@pytest.mark.usefixtures("quick")
def test_a_leader_keeps_it_and_resigns(server: ApiServer, namespace: str) -> None:
    lost: list[str] = []
    leadership = Leadership(Lease(server, namespace, "keeper"), lambda: True, lost.append)
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{lease_module.LEASE_NAME}"

    def renewed() -> str:
        found = server.request("GET", path)
        assert found is not None
        return str(found["spec"]["renewTime"])

    assert leadership.wait(threading.Event())
    first = renewed()
    until(lambda: renewed() != first)
    leadership.resign()
    assert lost == []
    assert Lease(server, namespace, "next").acquire(0)


def test_waiting_ends_when_told_to_stop(server: ApiServer, namespace: str) -> None:
    assert Lease(server, namespace, "holder").acquire(0)
    stop = threading.Event()
    stop.set()
    leadership = Leadership(Lease(server, namespace, "waiter"), lambda: True, lambda _: None)
    assert not leadership.wait(stop)
    leadership.resign()
