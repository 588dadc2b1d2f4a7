import threading
from typing import Any

import pytest

from understudy_api import token
from understudy_vault.leases import Departure, Leases

TWIN, OTHER = "ab" * 32, "cd" * 32
SECONDS = 10.0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def key() -> Any:
    return token.new_key()


@pytest.fixture
def leases(key: Any, clock: Clock) -> Leases:
    leases = Leases(key, SECONDS, clock)
    clock.now += SECONDS + 1  # nobody of an earlier process can hold one any more
    return leases


def test_nobody_held_it(leases: Leases) -> None:
    leases.grant(OTHER, "p", "user", 1.0)
    assert leases.until_nobody_holds(TWIN) == []


def test_a_lease_that_is_not_renewed_runs_out(leases: Leases, clock: Clock) -> None:
    leases.grant(TWIN, "p", "user", 1.0)
    clock.now += SECONDS + 0.1
    assert leases.until_nobody_holds(TWIN) == [Departure("p", said_so=False)]


def test_who_leaves_says_so(leases: Leases) -> None:
    first, second = (leases.grant(TWIN, name, "user", 1.0) for name in ("p", "q"))
    assert leases.renew([first, second], leaving=True) == {TWIN}
    assert leases.until_nobody_holds(TWIN) == [Departure("p", said_so=True), Departure("q", said_so=True)]
    assert leases.until_nobody_holds(TWIN) == []


def test_a_renewed_lease_is_waited_for(leases: Leases, clock: Clock) -> None:
    lease = leases.grant(TWIN, "p", "user", 1.0)
    clock.now += SECONDS - 1
    leases.renew([lease], leaving=False)
    clock.now += 2
    found: list[list[Departure]] = []
    waiting = threading.Thread(target=lambda: found.append(leases.until_nobody_holds(TWIN)))
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    leases.renew([lease], leaving=True)
    waiting.join(10)
    assert found == [[Departure("p", said_so=True)]]


def test_a_vault_started_anew_knows_its_leases_and_waits_for_those_it_never_heard_of(key: Any, clock: Clock) -> None:
    lease = Leases(key, SECONDS, clock).grant(TWIN, "p", "user", 1.0)
    anew = Leases(key, SECONDS, clock)
    found: list[list[Departure]] = []
    waiting = threading.Thread(target=lambda: found.append(anew.until_nobody_holds(TWIN)))
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive(), "somebody may hold one that this process does not know of"
    assert anew.renew([lease], leaving=False) == {TWIN}
    clock.now += SECONDS + 1
    waiting.join(10)
    assert found == [[Departure("p", said_so=False)]]


def test_strangers_leases_are_ignored(leases: Leases, clock: Clock) -> None:
    forged = Leases(token.new_key(), SECONDS, clock).grant(TWIN, "p", "user", 1.0)
    assert leases.renew([forged, "no.lease.atall"], leaving=False) == set()
    assert leases.until_nobody_holds(TWIN) == []
