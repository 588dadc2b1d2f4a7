"""The doorbell: who is marked dirty by which event, and who is left in peace."""

from __future__ import annotations

from typing import Any

import pytest

from understudy_api import token
from understudy_api.acts import ConsentAnswer, Revocation, Stop, sign_act
from understudy_api.preview import preview_uid
from understudy_api.terms import LICENSE_TYPE
from understudy_operator.shell.doorbell import ACCOUNT_DELAY_SECONDS, RUNG_JOBS, Doorbell
from understudy_operator.shell.key import Key
from understudy_operator.shell.store import Body, Store

JOB, LICENSE = Key("RenderJob", "acme", "job"), Key("License", "talent", "spring")
TWIN, POOL = Key("TwinModel", "talent", "ada"), Key("RenderPool", "", "default")
OTHER = Key("RenderJob", "acme", "other")


def body(key: Key, version: int, spec: dict[str, Any], **status: Any) -> dict[str, Any]:
    metadata = {"name": key.name, "uid": f"uid-{key}", "resourceVersion": str(version), "generation": 1}
    if key.namespace:
        metadata["namespace"] = key.namespace
    return {"kind": key.kind, "metadata": metadata, "spec": spec, "status": status}


SPECS: dict[Key, dict[str, Any]] = {
    JOB: {
        "twinRef": {"namespace": "talent", "name": "ada"},
        "licenseRef": {"namespace": "talent", "name": "spring"},
        "poolRef": {"name": "default"},
    },
    OTHER: {
        "twinRef": {"namespace": "elsewhere", "name": "ada"},
        "licenseRef": {"namespace": "elsewhere", "name": "spring"},
        "poolRef": {"name": "large"},
    },
    LICENSE: {"twinRef": {"name": "ada"}},
    TWIN: {},
    POOL: {},
}


class Bell:
    """A doorbell in a small world, and what it marked."""

    def __init__(self) -> None:
        self.store = Store()
        self.marks: dict[Key, float] = {}
        self.gone: list[str] = []
        self.heard: list[Body] = []
        self.hurried: list[Key] = []
        self.bell = Doorbell(self.store, self.marks.__setitem__, self.gone.append, self.heard.append, self._hurry)
        for number, (key, spec) in enumerate(SPECS.items()):
            self.ring("ADDED", body(key, number + 1, spec))
        self.marks.clear()

    def _hurry(self, key: Key) -> None:
        self.hurried.append(key)
        self.marks[key] = 0.0

    def ring(self, event: str | None, what: dict[str, Any]) -> dict[Key, float]:
        self.marks.clear()
        self.bell.ring(event, what)
        return dict(self.marks)


@pytest.fixture
def world() -> Bell:
    return Bell()


def changed(key: Key, version: int = 50, generation: int = 2, **status: Any) -> dict[str, Any]:
    result = body(key, version, SPECS[key], **status)
    result["metadata"]["generation"] = generation
    return result


def test_old_news_ring_nobody(world: Bell) -> None:
    assert world.ring("MODIFIED", body(JOB, 1, SPECS[JOB])) == {}
    assert world.ring(None, body(LICENSE, 3, SPECS[LICENSE])) == {}


def test_a_changed_job_rings_itself(world: Bell) -> None:
    assert world.ring("MODIFIED", changed(JOB)) == {JOB: 0.0}


@pytest.mark.parametrize(
    ("key", "rung"),
    [(LICENSE, {LICENSE, JOB}), (TWIN, {TWIN, JOB, LICENSE}), (POOL, {POOL, JOB, TWIN})],
    ids=["license", "twin", "pool"],
)
def test_what_jobs_depend_on_rings_them_and_not_others(world: Bell, key: Key, rung: set[Key]) -> None:
    assert set(world.ring("MODIFIED", changed(key))) == rung
    assert set(world.ring("DELETED", changed(key, version=60))) == rung


def test_a_status_that_says_nothing_to_others_rings_itself_only(world: Bell) -> None:
    assert set(world.ring("MODIFIED", changed(LICENSE, generation=1, usedSeconds="5"))) == {LICENSE}
    assert set(world.ring("MODIFIED", changed(POOL, generation=1, busy=2))) == {POOL}


def test_a_twin_that_becomes_ready_rings_its_jobs(world: Bell) -> None:
    ready = {"type": "Ready", "status": "True", "observedGeneration": 1}
    rung = world.ring("MODIFIED", changed(TWIN, generation=1, conditions=[ready]))
    assert set(rung) == {TWIN, JOB, LICENSE}


def test_progress_of_a_job_rings_its_license_after_a_while(world: Bell) -> None:
    assert world.ring("MODIFIED", changed(JOB, meteredSeconds="5")) == {JOB: 0.0, LICENSE: ACCOUNT_DELAY_SECONDS}
    assert world.ring("MODIFIED", changed(JOB, version=51, meteredSeconds="5", progress="1/2")) == {JOB: 0.0}
    gone = world.ring("DELETED", changed(JOB, version=60))
    assert gone == {JOB: 0.0, LICENSE: ACCOUNT_DELAY_SECONDS}


def test_a_license_nobody_has_is_not_rung(world: Bell) -> None:
    assert world.ring("MODIFIED", changed(OTHER, meteredSeconds="5")) == {OTHER: 0.0}


def test_whoever_goes_is_forgotten(world: Bell) -> None:
    world.ring("DELETED", changed(JOB))
    assert world.gone == [f"uid-{JOB}"]
    assert world.store.get(JOB) is None


def test_a_list_rings_for_what_the_watch_missed(world: Bell) -> None:
    world.bell.relisted("RenderJob", [changed(OTHER, version=70)], 80)
    assert set(world.marks) == {JOB, OTHER, LICENSE}
    assert world.gone == [f"uid-{JOB}"]
    world.marks.clear()
    world.bell.relisted("RenderJob", [changed(OTHER, version=70)], 90)
    assert world.marks == {}


def test_a_pool_that_comes_or_goes_rings_all_unfinished_work(world: Bell) -> None:
    world.ring("MODIFIED", changed(OTHER, phase="Complete"))
    world.marks.clear()
    world.bell.pool_changed()
    assert set(world.marks) == {JOB, TWIN, POOL}


def test_news_of_an_order_ring_its_job(world: Bell) -> None:
    world.bell.order_changed(f"uid-{JOB}")
    world.bell.order_changed("nobody's")
    assert set(world.marks) == {JOB}


def test_news_of_a_preview_ring_what_its_owner_reads() -> None:
    bell = Bell()
    job = body(JOB, 200, {})
    bell.bell.ring("MODIFIED", {**job, "status": {"consentRequest": "talent/acme-hello-1"}})
    bell.marks.clear()
    bell.bell.order_changed(f"uid-{JOB}")
    assert set(bell.marks) == {JOB}
    bell.bell.order_changed(preview_uid(f"uid-{JOB}", "d" * 64))
    assert set(bell.marks) == {JOB, Key("ConsentRequest", "talent", "acme-hello-1")}


def accepted(status: str) -> dict[str, Any]:
    return {"conditions": [{"type": "Accepted", "status": status, "observedGeneration": 1}]}


def test_a_recorded_act_rings_for_everything_of_its_twin() -> None:
    bell = Bell()
    act, spec = Key("OwnerAct", "talent", "stop"), {"twinRef": {"name": "ada"}}
    bell.bell.ring("ADDED", body(act, 100, spec, **accepted("False")))
    bell.marks.clear()
    bell.bell.ring("MODIFIED", body(act, 101, spec, **accepted("True")))
    assert set(bell.marks) == {act, TWIN, LICENSE, JOB}
    bell.marks.clear()
    bell.bell.act_recorded(body(act, 101, spec))
    assert set(bell.marks) == {TWIN, LICENSE, JOB}


def test_an_answer_rings_for_the_request_once_it_is_recorded_and_the_request_for_its_job() -> None:
    bell = Bell()
    request = Key("ConsentRequest", "talent", "acme-spring-0123")
    asks = {"twinRef": {"name": "ada"}, "jobRef": {"namespace": JOB.namespace, "name": JOB.name}}
    bell.bell.ring("ADDED", body(request, 99, asks))
    assert set(bell.marks) == {request, JOB}
    act, spec = Key("OwnerAct", "talent", "yes"), {"twinRef": {"name": "ada"}}
    bell.marks.clear()
    bell.bell.ring("ADDED", body(act, 100, spec))
    assert set(bell.marks) == {act}
    bell.bell.ring("MODIFIED", body(act, 101, spec, **accepted("True")))
    assert set(bell.marks) == {act, TWIN, LICENSE, JOB, request}
    assert [act["metadata"]["name"] for act in bell.heard] == ["yes"]


def test_a_status_list_rings_for_the_licenses_of_its_twin_and_the_unfinished_jobs_under_them() -> None:
    bell = Bell()
    bell.bell.list_recorded(body(Key("OwnerAct", "talent", "list"), 100, {"twinRef": {"name": "ada"}}))
    assert set(bell.marks) == {LICENSE, JOB}
    bell.marks.clear()
    bell.bell.list_recorded(body(Key("OwnerAct", "talent", "list"), 100, {"twinRef": {"name": "bob"}}))
    bell.bell.lists_changed(set())
    assert bell.marks == {}
    bell.ring("MODIFIED", body(JOB, 200, SPECS[JOB], phase="Complete"))
    bell.marks.clear()
    bell.bell.lists_changed({LICENSE})
    assert set(bell.marks) == {LICENSE}


@pytest.mark.parametrize(
    ("reason", "needed", "rings"),
    [
        ("QuotaExceeded", None, True),
        ("QuotaExhausted", "5", True),
        ("QuotaExhausted", "5.04", False),
        ("LanguageNotCovered", None, False),
    ],
)
def test_seconds_that_came_free_ring_for_jobs_that_found_too_few(reason: str, needed: str | None, rings: bool) -> None:
    world = Bell()
    said = {"type": "Admitted", "status": "False", "reason": reason, "observedGeneration": 1}
    status = {"conditions": [said], **({"quotaNeededSeconds": needed} if needed else {})}
    for number, key in enumerate((JOB, OTHER)):
        world.ring("MODIFIED", body(key, 50 + number, SPECS[key], **status))
    world.marks.clear()
    world.bell.quota_freed(LICENSE, 5.0)
    assert world.marks == ({JOB: ACCOUNT_DELAY_SECONDS} if rings else {})


def test_only_the_oldest_ring_at_once() -> None:
    world = Bell()
    said = {"type": "Admitted", "status": "False", "reason": "QuotaExceeded", "observedGeneration": 1}
    for number in range(2 * RUNG_JOBS):
        job = body(Key("RenderJob", "acme", f"job-{number}"), 100 + number, SPECS[JOB], conditions=[said])
        job["metadata"]["creationTimestamp"] = f"2026-11-21T00:00:{59 - number:02}Z"
        world.ring("ADDED", job)
    world.marks.clear()
    world.bell.quota_freed(LICENSE, 5.0)
    assert {key.name for key in world.marks} == {f"job-{number}" for number in range(RUNG_JOBS, 2 * RUNG_JOBS)}


def recorded(bell: Bell, act: Any) -> list[Key]:
    """Who is hurried once an act is recorded."""
    bell.hurried.clear()
    spec = {"twinRef": {"name": "ada"}, "act": sign_act(token.new_key(), act)}
    bell.bell.act_recorded(body(Key("OwnerAct", "talent", "act"), 500, spec))
    return bell.hurried


def test_a_delivered_act_goes_before_everything_else_and_so_do_those_it_changes() -> None:
    bell = Bell()
    act = Key("OwnerAct", "talent", "act")
    bell.ring("ADDED", body(act, 100, {"twinRef": {"name": "ada"}}))
    assert bell.hurried == [act]
    assert set(recorded(bell, Stop(twin="a" * 64, iat=1))) == {TWIN, LICENSE, JOB}


def test_a_revocation_rings_for_its_license_alone_and_its_jobs_first() -> None:
    bell, root = Bell(), token.new_key()
    other = Key("License", "talent", "autumn")
    for key, jti in ((LICENSE, "spring-license"), (other, "autumn-license")):
        claims = {"iss": "nobody", "jti": jti}
        spec = {"twinRef": {"name": "ada"}, "token": token.sign(root, LICENSE_TYPE, claims)}
        bell.ring("MODIFIED", body(key, 60, spec))
    assert recorded(bell, Revocation(twin="a" * 64, jti="spring-license", iat=1)) == [JOB, LICENSE]
    assert recorded(bell, Revocation(twin="a" * 64, jti="autumn-license", iat=1)) == [other]
    assert recorded(bell, Revocation(twin="a" * 64, jti="winter-license", iat=1)) == []


def test_an_answer_rings_for_the_one_request_and_its_job() -> None:
    bell, request = Bell(), Key("ConsentRequest", "talent", "acme-spring-0123")
    asks = {"twinRef": {"name": "ada"}, "jobRef": {"namespace": JOB.namespace, "name": JOB.name}, "digest": "ab" * 32}
    bell.ring("ADDED", body(request, 70, asks))
    claims = {"twin": "a" * 64, "license": "spring-license", "answer": "approve", "iat": 1, "exp": 2}
    assert recorded(bell, ConsentAnswer(**claims, request="ab" * 32)) == [JOB, request]
    assert recorded(bell, ConsentAnswer(**claims, request="cd" * 32)) == []
