"""A revocation in every phase and between any two steps: nothing is granted afterwards, everything is settled once."""

from __future__ import annotations

import pytest
from builders import NOW, a_job_spec
from hypothesis import given
from hypothesis import strategies as st
from memory_farm import MemoryFarm

from understudy_api.ledger.entry import Committed, Quarantined, Refused, Reserved, Revoked


def a_farm_with(*names: str) -> MemoryFarm:
    farm = MemoryFarm(NOW)
    for name in names:
        farm.create(name, a_job_spec())
    return farm


def settled(farm: MemoryFarm) -> None:
    """What holds once everything is over."""
    farm.finish()
    (account,) = farm.accounts.values()
    assert account.ending.revoked
    assert account.claims == {}
    assert account.ending.quarantined_files == 3
    kinds = [type(one) for one in farm.written]
    assert (kinds.count(Revoked), kinds.count(Quarantined)) == (1, 1)
    assert [kind for kind in kinds if kind is not Refused][-1] is Quarantined, "jobs that ask again are only refused"
    assert Reserved not in kinds[kinds.index(Revoked) :]
    assert len({one.id for one in farm.written if isinstance(one, Committed)}) == kinds.count(Committed)
    assert not any(job.order and job.state in {"Running", "WaitingForGrant"} for job in farm.jobs.values())
    assert farm.license_status.quarantined_files == 3


def waiting(farm: MemoryFarm) -> None:
    farm.reconcile("spring")


def running(farm: MemoryFarm) -> None:
    farm.settle()
    farm.render(3)


def counted(farm: MemoryFarm) -> None:
    running(farm)
    farm.settle()


def finishing(farm: MemoryFarm) -> None:
    farm.settle()
    farm.render(100)


def complete(farm: MemoryFarm) -> None:
    farm.finish()
    assert farm.jobs["spring"].status.phase == "Complete"


@pytest.mark.parametrize(
    ("before", "phase", "items"),
    [
        (lambda farm: None, "Refused", 0),
        (waiting, "Refused", 0),
        (running, "Refused", 3),
        (counted, "Refused", 3),
        (finishing, None, 8),  # its last word may come before the stop or not at all: either way all of it counts
        (complete, "Complete", 8),
    ],
    ids=["never looked at", "waiting", "running", "counted", "finishing", "complete"],
)
def test_in_every_phase(before, phase: str | None, items: int) -> None:  # type: ignore[no-untyped-def]
    farm = a_farm_with("spring")
    before(farm)
    farm.revoke()
    settled(farm)
    assert phase in {None, farm.jobs["spring"].status.phase}
    made = [one for one in farm.written if isinstance(one, Committed)]
    assert len(made) == items, "what was made before counts, and nothing else"


def test_a_license_revoked_while_its_pool_is_away_waits_for_the_grants_to_end() -> None:
    farm = a_farm_with("spring")
    running(farm)
    farm.reachable = False
    farm.revoke()
    farm.settle()
    (account,) = farm.accounts.values()
    assert account.claims
    assert account.ending.revoked
    farm.now += 900 + 61
    for job in farm.jobs.values():
        job.order = None  # its grant ran out
    settled(farm)


STEPS = st.sampled_from(
    ["look", "license", "render", "wait", "restart", "director lost", "pool away", "pool back", "delete"]
)


def step(farm: MemoryFarm, what: str) -> None:
    match what:
        case "look":
            for name in farm.jobs:
                farm.reconcile(name)
        case "license":
            farm.look_at_license()
        case "render":
            farm.render(2)
        case "wait":
            farm.now += 200
        case "restart":
            farm.restart_operator()
        case "director lost":
            farm.lose_director()
        case "pool away":
            farm.reachable = False
        case "pool back":
            farm.reachable = True
        case "delete":
            farm.delete("summer")


@given(st.lists(STEPS, max_size=14), st.lists(STEPS, max_size=14))
def test_between_any_two_steps(before: list[str], after: list[str]) -> None:
    farm = a_farm_with("spring", "summer")
    for what in before:
        step(farm, what)
    farm.revoke()
    for what in after:
        step(farm, what)
    farm.reachable = True
    settled(farm)
