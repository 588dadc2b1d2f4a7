"""Any history comes to rest at the same end; racing jobs never get more than there is; no spec is too odd."""

from __future__ import annotations

from builders import NOW, a_job_spec, a_license_token, a_twin_view
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_farm import ConflictError, MemoryFarm

from understudy_operator.core.decide import decide_job

SCRIPTS = (
    {"scenes": [{"say": "Hi {name}! Spring is here."}]},
    {"scenes": [{"say": "Hi {name}! Summer is here."}]},
)


def _step(farm: MemoryFarm, what: str, amount: int) -> None:
    match what:
        case "look":
            farm.reconcile("spring")
        case "render":
            farm.render(amount)
        case "wait":
            farm.now += 150 * amount
        case "script":
            farm.edit("spring", script=SCRIPTS[amount % 2])
        case "bad script":
            farm.edit("spring", script={"scenes": [{"say": "Hi {name"}]})
        case "bad rows":
            farm.edit("spring", data={"key": "id", "rows": [{"id": "1"}]})
        case "suspend":
            farm.edit("spring", suspend=amount % 2 == 0)
        case "priority":
            farm.edit("spring", priority=amount)
        case "pool away":
            farm.reachable = False
        case "pool back":
            farm.reachable = True
        case "director lost":
            farm.lose_director()
        case "restart":
            farm.restart_operator()
        case "revoke":
            farm.token = None
        case "license":
            farm.token = a_license_token()
        case "short license":
            farm.token = a_license_token(exp=int(farm.now) + 400, jti="acme-short-1")
        case "twin gone":
            farm.twin = None
        case "twin trains":
            farm.twin = a_twin_view(ready=False, version=None, message="the twin is being trained")
        case "twin":
            farm.twin = a_twin_view()


STEPS = st.tuples(
    st.sampled_from(
        [
            *("look", "look", "look", "look", "render", "render", "wait", "script", "bad script", "bad rows"),
            *("suspend", "priority", "pool away", "pool back", "director lost", "restart", "revoke", "license"),
            *("short license", "twin gone", "twin trains", "twin"),
        ]
    ),
    st.integers(1, 5),
)


def _calm(farm: MemoryFarm) -> None:
    """Whatever happened, everything is as it should be in the end."""
    farm.token, farm.twin, farm.reachable, farm.pool_exists = a_license_token(), a_twin_view(), True, True
    spec = a_job_spec()
    farm.edit("spring", script=spec.script.wire(), suspend=False, priority=0, data=spec.wire()["data"])


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(STEPS, max_size=25))
def test_comes_to_rest_after_any_history(history: list[tuple[str, int]]) -> None:
    farm = MemoryFarm(NOW)
    farm.create("spring", a_job_spec())
    for what, amount in history:
        _step(farm, what, amount)
    farm.settle()
    state = farm.observe("spring")
    again = decide_job(state, farm.now)
    assert again.actions == ()
    assert again.status is None


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(STEPS, max_size=25))
def test_every_history_has_the_same_end(history: list[tuple[str, int]]) -> None:
    farm = MemoryFarm(NOW)
    job = farm.create("spring", a_job_spec())
    for what, amount in history:
        _step(farm, what, amount)
    _calm(farm)
    farm.finish()
    status = job.status
    assert (status.phase, status.progress) == ("Complete", "8/8")
    assert status.index == "s3://understudy-outputs/acme/spring/index.jsonl"
    conditions = {condition.type: condition.status for condition in status.conditions}
    assert conditions == {
        "Admitted": "True",
        "Dispatched": "True",
        "Complete": "True",
        "Failed": "False",
        "Suspended": "False",
    }
    assert not farm.accounts[next(iter(farm.accounts))].claims or farm.token is None
    assert len(job.made) * 3.0 == job.head.billed_seconds if job.head else False


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(["observe", "apply", "render", "both"]), st.integers(0, 3)), max_size=40))
def test_jobs_racing_for_one_license_never_get_more_than_there_is(steps: list[tuple[str, int]]) -> None:
    """Each job claims some 66 s; 150 s are there: stale looks may lose a race but never promise the same second twice."""
    farm = MemoryFarm(NOW, quota_seconds=150)
    names = ["a", "b", "c", "d"]
    for name in names:
        farm.create(name, a_job_spec())
        farm.reconcile(name)
    seen = {name: farm.observe(name) for name in names}
    for what, index in steps:
        name = names[index]
        if what in {"observe", "both"}:
            seen[name] = farm.observe(name)
        if what in {"apply", "both"} and seen[name].status == farm.jobs[name].status:
            try:
                farm.apply(name, decide_job(seen[name], farm.now))
            except ConflictError:
                seen[name] = farm.observe(name)
        if what == "render":
            farm.render(index)
    farm.finish()
    complete = [name for name in names if farm.jobs[name].status.phase == "Complete"]
    assert len(complete) == 4, "each takes 24 s in the end: all fit one after the other"
    assert sum(job.head.billed_seconds for job in farm.jobs.values() if job.head) == 4 * 8 * 3.0


ODD = {
    "script": st.sampled_from(
        [{"scenes": [{"say": text}]} for text in ("{", "{n, plural, other {#}}", "😀", "Hi {x}.")]
    ),
    "locales": st.sampled_from([["en-GB"], ["qaa-Qaaa"], ["en-GB", "EN-gb"], ["zh-Hant-TW", "de"], ["jbo"]]),
    "translations": st.sampled_from(
        [{}, {"de": {"scenes": [{"say": "Hallo {x}."}]}}, {"": {"scenes": [{"say": "x"}]}}]
    ),
    "data": st.sampled_from(
        [
            None,
            {"key": "id", "rows": [{"id": 1.5, "x": 10**400}]},
            {"key": "id", "rows": [{"id": "a", "x": {"y": [1]}, "n": 3}]},
            {"key": "id", "rows": [{"id": "\ud800", "x": "\ud800", "n": 1}]},
            {"key": "id", "rows": [{"id": "..", "x": "../..", "n": -0.0}]},
            {"key": "id"},
        ]
    ),
    "destination": st.sampled_from(
        [
            None,
            {"s3": "s3://understudy-outputs/" + "a/" * 490},
            {"s3": "s3://b.c/"},
            {"s3": "s3://understudy-outputs/acme/"},
        ]
    ),
    "activeDeadlineSeconds": st.sampled_from([None, 1]),
    "ttlSecondsAfterFinished": st.sampled_from([None, 0]),
    "cancel": st.booleans(),
    "suspend": st.booleans(),
}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.fixed_dictionaries({}, optional=ODD))
def test_no_spec_is_too_odd_to_decide_about(odd: dict[str, object]) -> None:
    farm = MemoryFarm(NOW)
    job = farm.create("spring", a_job_spec(**odd))
    farm.settle()
    farm.render(100)
    farm.now += 40
    farm.settle()
    assert not job.exists or job.status.phase is not None
