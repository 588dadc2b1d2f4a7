"""Flux and others read our objects with kstatus: what is under way is InProgress, what cannot go on is Failed, the rest Current.

`kstatus` below follows the documented rules of https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus
(README, "Conditions" and "The Ready Condition"; generic.go for their order) as far as they concern custom resources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from builders import (
    NOW,
    RELEASE,
    a_genesis_record,
    a_job,
    a_job_spec,
    a_key,
    a_keyring,
    a_license,
    a_license_token,
    a_log,
    a_pool,
    a_pool_view,
    a_training_result,
    a_twin,
    a_twin_view,
    an_identity,
    an_owner_act,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_farm import MemoryFarm

from understudy_api.acts import Resume, Stop, sign_act
from understudy_api.crd import definition
from understudy_api.kinds import KINDS
from understudy_api.model import Observed
from understudy_api.owner_word import OwnerWord
from understudy_api.receipt import Totals
from understudy_api.token import thumbprint
from understudy_api.verdict import Refusal
from understudy_operator.core.admission import Permitted, admit
from understudy_operator.core.decide import decide_act, decide_job, decide_license, decide_pool, decide_twin
from understudy_operator.core.state import DirectorView, SpecProblem, VaultView
from understudy_operator.core.telling import UNAVAILABLE
from understudy_operator.core.training import training_order


def kstatus(body: Mapping[str, Any]) -> str:
    """What kstatus says of a custom resource."""
    metadata, status = body["metadata"], body.get("status", {})
    if metadata.get("deletionTimestamp"):
        return "Terminating"
    if "observedGeneration" in status and status["observedGeneration"] != metadata["generation"]:
        return "InProgress"
    conditions = [(one["type"], one["status"]) for one in status.get("conditions", ())]
    for kind, says in conditions:  # In the order they stand in.
        if says == "True" and kind in {"Reconciling", "Stalled"}:
            return {"Reconciling": "InProgress", "Stalled": "Failed"}[kind]
    ready = dict(conditions).get("Ready", "True")
    return "Current" if ready == "True" else "InProgress"


RULES = [
    ({}, {}, "Current"),
    ({"deletionTimestamp": "2026-01-01T00:00:00Z"}, {"observedGeneration": 1}, "Terminating"),
    ({}, {"observedGeneration": 1}, "InProgress"),
    ({}, {"observedGeneration": 2}, "Current"),
    ({}, {"observedGeneration": 2, "conditions": [("Reconciling", "True")]}, "InProgress"),
    ({}, {"observedGeneration": 2, "conditions": [("Stalled", "True")]}, "Failed"),
    ({}, {"observedGeneration": 2, "conditions": [("Stalled", "False"), ("Reconciling", "False")]}, "Current"),
    ({}, {"observedGeneration": 2, "conditions": [("Ready", "False")]}, "InProgress"),
    ({}, {"observedGeneration": 2, "conditions": [("Ready", "Unknown")]}, "InProgress"),
    ({}, {"observedGeneration": 2, "conditions": [("Ready", "False"), ("Stalled", "True")]}, "Failed"),
    ({}, {"observedGeneration": 2, "conditions": [("Ready", "True")]}, "Current"),
    ({}, {"observedGeneration": 2, "conditions": [("Complete", "False")]}, "Current"),
]


@pytest.mark.parametrize(("metadata", "status", "reading"), RULES)
def test_the_rules_are_those_of_kstatus(metadata: dict[str, Any], status: dict[str, Any], reading: str) -> None:
    conditions = [{"type": kind, "status": says} for kind, says in status.get("conditions", ())]
    body = {"metadata": {"generation": 2, **metadata}, "status": {**status, "conditions": conditions}}
    assert kstatus(body) == reading


def read(status: Observed | None, generation: int = 1) -> str:
    """kstatus of an object with this status; no type of condition stands there twice."""
    assert status is not None
    wire = status.model_dump(mode="json", by_alias=True, exclude_none=True)
    types = [one["type"] for one in wire["conditions"]]
    assert len(set(types)) == len(types)
    assert wire["observedGeneration"] == generation
    return kstatus({"metadata": {"generation": generation}, "status": wire})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_what_nobody_has_looked_at_is_in_progress(kind: Any) -> None:
    (version,) = definition(kind)["spec"]["versions"]
    default = version["schema"]["openAPIV3Schema"]["properties"]["status"]["default"]
    assert kstatus({"metadata": {"generation": 1}, "status": default}) == "InProgress"
    assert kind.status.model_validate(default).conditions == ()


READINGS = {
    **dict.fromkeys(("Pending", "Running"), "InProgress"),
    **dict.fromkeys(("Complete", "Suspended", "Cancelled"), "Current"),
    **dict.fromkeys(("Refused", "Failed"), "Failed"),
}
STEPS = st.sampled_from(
    [
        *(
            "look",
            "look",
            "look",
            "render",
            "render",
            "wait",
            "suspend",
            "go on",
            "cancel",
            "bad script",
            "good script",
        ),
        *(
            "pool away",
            "pool back",
            "pool gone",
            "lose director",
            "revoke",
            "no license",
            "twin gone",
            "twin trains",
            "twin",
        ),
    ]
)


def step(farm: MemoryFarm, what: str) -> None:
    match what:
        case "render":
            farm.render(3)
        case "wait":
            farm.now += 400
        case "suspend" | "go on":
            farm.edit("spring", suspend=what == "suspend")
        case "cancel":
            farm.edit("spring", cancel=True)
        case "bad script" | "good script":
            farm.edit("spring", script={"scenes": [{"say": "Hi {name" if what == "bad script" else "Hi {name}."}]})
        case "pool away" | "pool back":
            farm.reachable, farm.pool_exists = what == "pool back", True
        case "pool gone":
            farm.pool_exists = False
        case "lose director":
            farm.lose_director()
        case "revoke" if farm.twin is not None and farm.token is not None:
            farm.revoke()
        case "no license":
            farm.token = None
        case "twin gone":
            farm.twin = None
        case "twin trains":
            farm.twin = a_twin_view(ready=False, version=None, message="the twin is being trained")
        case "twin":
            farm.twin = a_twin_view()


@settings(max_examples=80)
@given(st.lists(STEPS, max_size=20), st.sampled_from([None, 500]))
def test_a_job_reads_as_its_phase_in_any_history(history: list[str], deadline: int | None) -> None:
    farm = MemoryFarm(NOW)
    job = farm.create("spring", a_job_spec(activeDeadlineSeconds=deadline))
    for what in [*history, "look"]:
        step(farm, what)
        farm.reconcile("spring")
        assert job.status.phase is not None
        assert read(job.status, job.generation) == READINGS[job.status.phase]


def test_each_phase_of_a_job_reads_right() -> None:
    permitted = admit(a_job(), NOW)
    assert isinstance(permitted, Permitted)
    done = a_log(permitted.digest, Totals(done=8, metered_seconds=32.0), finished=True)
    broken = a_log(permitted.digest, Totals(done=7, failed=1), finished=True)
    jobs = {
        "Pending": a_job(),
        "Running": a_job(log=a_log(permitted.digest, Totals(done=2, metered_seconds=8.0))),
        "Suspended": a_job(a_job_spec(suspend=True)),
        "Cancelled": a_job(a_job_spec(cancel=True)),
        "Refused": a_job(license=None),
        "Complete": a_job(log=done),
        "Failed": a_job(log=broken),
    }
    found = {name: decide_job(state, NOW).status for name, state in jobs.items()}
    assert {name: status.phase for name, status in found.items() if status} == {name: name for name in jobs}
    assert {name: read(status) for name, status in found.items()} == READINGS


def test_a_job_whose_pool_is_away_goes_on_waiting() -> None:
    assert read(decide_job(a_job(pool=a_pool_view(reachable=False, problem="away")), NOW).status) == "InProgress"
    assert read(decide_job(a_job(pool=None), NOW).status) == "InProgress"


ORDER = training_order(a_twin().identity, a_twin().spec, ()).digest  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "reading"),
    [
        ({}, "InProgress"),
        ({"pool": None}, "InProgress"),
        ({"pool": a_pool_view(reachable=False, problem="away")}, "InProgress"),
        ({"result": a_training_result(ORDER)}, "Current"),
        ({"result": a_training_result(ORDER, state="NotGoodEnough", version=None)}, "Failed"),
        ({"result": a_training_result(ORDER, state="Refused", reason="NoFace", version=None)}, "Failed"),
        ({"result": a_training_result(ORDER), "word": OwnerWord(stops={"0" * 64: NOW})}, "Failed"),
        ({"spec": SpecProblem(message="spec.capture: missing")}, "Failed"),
    ],
)
def test_a_twin(changed: dict[str, Any], reading: str) -> None:
    assert read(decide_twin(a_twin(**changed), NOW).status) == reading


@pytest.mark.parametrize(
    ("changed", "token", "reading"),
    [
        ({}, {}, "Current"),
        ({}, {"nbf": int(NOW) + 60}, "Current"),
        ({}, {"exp": int(NOW)}, "Failed"),
        ({}, {"aud": thumbprint(a_key("other farm"))}, "Failed"),
        ({"twin": None}, {}, "InProgress"),
        ({"twin": a_twin_view(genesis=a_genesis_record()[:-6] + "AAAAAA")}, {}, "Failed"),
        ({"twin": a_twin_view(word=OwnerWord(revoked={"acme-spring-2026": NOW}))}, {}, "Failed"),
        ({"twin": a_twin_view(word=OwnerWord(stops={"0" * 64: NOW}))}, {}, "Failed"),
        ({}, {"status": {"index": 1, "uri": "https://lists.example/ada.jwt", "ttl_seconds": 3600}}, "InProgress"),
        ({"spec": SpecProblem(message="spec.token: missing")}, {}, "Failed"),
    ],
)
def test_a_license(changed: dict[str, Any], token: dict[str, Any], reading: str) -> None:
    assert read(decide_license(a_license(a_license_token(**token), **changed), NOW).status) == reading


TWIN, T = a_keyring().twin_id, int(NOW)
STOP = sign_act(a_key("owner"), Stop(twin=TWIN, iat=T))
AWAY = Refusal(reason=UNAVAILABLE, message="vault: away")
REFUSED = Refusal(reason="TwinNotCovered", message="vault: no")


@pytest.mark.parametrize(
    ("act", "changed", "reading"),
    [
        (STOP, {}, "Current"),
        (STOP, {"twin": None}, "InProgress"),
        (sign_act(a_key("owner"), Stop(twin=TWIN, iat=T + 600)), {}, "InProgress"),
        (sign_act(a_key("stranger"), Stop(twin=TWIN, iat=T)), {}, "Failed"),
        (sign_act(a_key("owner"), Resume(twin=TWIN, stop="0" * 64, iat=T)), {}, "Failed"),
        (STOP, {"vault": VaultView()}, "InProgress"),
        (STOP, {"vault": VaultView(problem=AWAY)}, "InProgress"),
        (STOP, {"vault": VaultView(problem=REFUSED)}, "Failed"),
    ],
)
def test_an_owner_act(act: str, changed: dict[str, Any], reading: str) -> None:
    assert read(decide_act(an_owner_act(act, **changed), NOW).status) == reading


@pytest.mark.parametrize(
    ("changed", "reading"),
    [
        ({}, "Current"),
        ({"director": DirectorView(id="d-1", release=RELEASE, workers=0, busy=0, orders=())}, "InProgress"),
        ({"director": None, "problem": "refused"}, "InProgress"),
        ({"director": None, "problem": "refused", "ray_reachable": False}, "InProgress"),
    ],
)
def test_a_pool(changed: dict[str, Any], reading: str) -> None:
    assert read(decide_pool(a_pool(**changed), NOW).status) == reading


def test_progress_has_no_events_of_its_own() -> None:
    """One event tells of a refusal, not two."""
    told = [one for one in decide_license(a_license(a_license_token(exp=T)), NOW).actions if hasattr(one, "reason")]
    assert [one.reason for one in told] == ["Expired"]


def test_an_observed_job_that_is_changed_is_in_progress() -> None:
    state = a_job(license=None)
    status = decide_job(state, NOW).status
    assert status is not None
    later = replace(state, identity=an_identity(generation=2), status=status)
    wire = later.status.model_dump(mode="json", by_alias=True)
    assert kstatus({"metadata": {"generation": 2}, "status": wire}) == "InProgress"
