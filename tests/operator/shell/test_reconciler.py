"""The reconciling threads and how failures are told: retried, shown on the object, healed without a trace."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from operator_site import Admin, Tenant, condition_of, until

from understudy_operator.shell import interruption
from understudy_operator.shell import reconciler as module
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.errors import ConflictError, OutageError
from understudy_operator.shell.events import Events
from understudy_operator.shell.interruption import Interruptions
from understudy_operator.shell.key import Key
from understudy_operator.shell.metrics import Metrics
from understudy_operator.shell.objects import S3RefusalError
from understudy_operator.shell.queue import WorkQueue
from understudy_operator.shell.reconciler import HEARTBEAT, Reconciler
from understudy_operator.shell.store import Store


class Bench:
    """A reconciler around one function, on a real cluster."""

    def __init__(self, server: ApiServer) -> None:
        self.queue: WorkQueue[Key] = WorkQueue()
        self.store, self.metrics, self.cluster = Store(), Metrics(), Cluster(server)
        self.interruptions = Interruptions(self.cluster, self.store, Events(server, "bench"))
        self.seen: list[Key] = []
        self.refreshed: list[Key] = []
        self.act: Callable[[Key], float | None] = lambda _: None
        self.reconciler = Reconciler(
            self.queue, self._reconcile, self.refreshed.append, self.interruptions, self.metrics, threads=3
        )

    def _reconcile(self, key: Key) -> float | None:
        self.seen.append(key)
        return self.act(key)

    def count(self, result: str) -> float:
        labels = {"kind": "RenderJob", "result": result}
        return self.metrics.registry.get_sample_value("understudy_operator_reconcile_seconds_count", labels) or 0.0


@pytest.fixture
def bench(control_plane: Any) -> Iterator[Bench]:
    bench = Bench(ApiServer.connect(control_plane.operator_kubeconfig))
    bench.reconciler.start()
    yield bench
    bench.reconciler.stop()


KEY = Key("RenderJob", "acme", "a")


def test_a_key_is_reconciled_and_looked_at_again_when_asked(bench: Bench) -> None:
    answers = iter([0.0, 0.01, None])
    bench.act = lambda _: next(answers)
    bench.queue.mark(KEY)
    until(lambda: len(bench.seen), lambda count: count == 3)
    until(lambda: bench.count("done"), lambda count: count == 3)


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (OutageError("S3", "away"), "outage"),
        (S3RefusalError("denied"), "outage"),
        (ConflictError("changed"), "conflict"),
        (RuntimeError("a bug"), "error"),
    ],
    ids=lambda one: str(one)[:10],
)
def test_what_fails_is_tried_again(bench: Bench, error: Exception, result: str) -> None:
    failures = iter([error, None])

    def act(_: Key) -> None:
        if (failure := next(failures)) is not None:
            raise failure

    bench.act = act
    bench.queue.mark(KEY)
    until(lambda: bench.count("done"), lambda count: count == 1)
    assert bench.count(result) == 1
    assert bench.refreshed == ([KEY] if result == "conflict" else [])


def test_one_stuck_key_holds_up_nobody_but_itself(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, release = threading.Event(), threading.Event()

    def act(key: Key) -> None:
        if key == KEY:
            stuck.set()
            release.wait(20)

    bench.act = act
    bench.queue.mark(KEY)
    assert stuck.wait(10)
    others = {Key("RenderJob", "acme", str(number)) for number in range(20)}
    for key in others:
        bench.queue.mark(key)
    until(lambda: set(bench.seen) - {KEY}, lambda seen: seen == others)
    assert bench.reconciler.is_alive()
    monkeypatch.setattr(module, "STUCK_SECONDS", 0.0)
    assert not bench.reconciler.is_alive()
    release.set()


def test_threads_that_all_hang_are_noticed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    bench.act = lambda _: float(release.wait(20))
    for number in range(3):
        bench.queue.mark(Key("RenderJob", "acme", str(number)))
    until(lambda: len(bench.seen), lambda count: count == 3)
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.05)
    bench.queue.mark(HEARTBEAT)
    until(bench.reconciler.is_alive, lambda alive: not alive)
    release.set()


def test_the_heartbeat_proves_life_without_any_object(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.01)
    before = bench.reconciler._finished_at
    bench.queue.mark(HEARTBEAT)
    until(lambda: bench.reconciler._finished_at, lambda at: at > before)
    assert bench.seen == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interruption, "PATIENCE_SECONDS", 0.0)


@pytest.mark.usefixtures("impatient")
def test_an_interruption_is_shown_beside_what_stands_there(
    bench: Bench, admin: Admin, new_tenant: Callable[[], Tenant]
) -> None:
    created = admin.create(new_tenant().job("interrupted"))
    body = bench.cluster.patch_status(created, {"phase": "Running"})
    assert body is not None
    bench.store.put(body)
    key = Key.of(body)

    def fail(_: Key) -> None:
        raise OutageError("director", "does not answer")

    bench.act = fail
    bench.queue.mark(key)
    found = admin.wait(key, "Interrupted")
    said = condition_of(found, "Interrupted")
    assert said["reason"] == "PoolUnavailable"
    assert "does not answer" in said["message"]
    assert found["status"]["phase"] == "Running"
    until(lambda: admin.events(body), lambda events: any(event["reason"] == "PoolUnavailable" for event in events))
    version = found["metadata"]["resourceVersion"]
    until(lambda: bench.count("outage"), lambda count: count >= 3)
    again = admin.get(key)
    assert again is not None
    assert again["metadata"]["resourceVersion"] == version


def test_a_hiccup_is_not_shown(bench: Bench, admin: Admin, new_tenant: Callable[[], Tenant]) -> None:
    body = admin.create(new_tenant().job("hiccup"))
    bench.store.put(body)
    bench.interruptions.failed(Key.of(body), "StorageUnavailable", "away")
    bench.interruptions.succeeded(Key.of(body))
    assert admin.get(Key.of(body)) == body
