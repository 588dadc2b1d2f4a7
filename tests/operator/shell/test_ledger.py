"""Writing the ledger to real MinIO: one chain, whoever races for it; broken links stop everything."""

from __future__ import annotations

import secrets
import threading
from typing import Any

import pytest
from builders import NOW

from understudy_api.ledger.account import Account
from understudy_api.ledger.chain import link_key, verify_chain
from understudy_api.ledger.entry import ConsentAsked, KeyRecorded, Licensed, Released, Reserved, Revoked
from understudy_operator.shell.errors import AccountTakenError, OutageError
from understudy_operator.shell.ledger import FRESH_SECONDS, Ledger
from understudy_operator.shell.objects import Objects, S3RefusalError

BUCKET = "understudy-ledger"


class Counted(Objects):
    """The real S3 port, counting what it lists."""

    asked = 0

    def keys(self, bucket: str, prefix: str, after: str = "") -> list[str]:
        self.asked += 1
        return super().keys(bucket, prefix, after)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def objects(object_store: Any) -> Counted:
    return Counted(object_store.operator)


@pytest.fixture
def root(object_store: Any) -> Objects:
    return Objects(object_store.root)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(objects: Counted, clock: Clock) -> Ledger:
    return Ledger(objects, BUCKET, clock, wall_clock=lambda: NOW)


@pytest.fixture
def name() -> str:
    return secrets.token_hex(32)


LICENSED = Licensed(license="a" * 64, jti="acme-spring", issued_at=1, quota_micros=10**9, expires_at=10**10)


def promise(number: int, segment: int = 0) -> Reserved:
    return Reserved(
        uid=f"uid-of-{number}",
        license="a" * 64,
        order="b" * 64,
        segment=segment,
        reserved_micros=10**6,
        granted_until=int(NOW),
    )


def opened(ledger: Ledger, name: str, *numbers: int) -> Account:
    ledger.append(ledger.account(name), (LICENSED, *(promise(number) for number in numbers)), {})
    return ledger.account(name)


def stored(root: Objects, name: str) -> dict[int, bytes]:
    keys = root.keys(BUCKET, f"licenses/{name}/")
    return {number: root.get(BUCKET, key) or b"" for number, key in enumerate(keys)}


def test_links_follow_each_other_and_hold(ledger: Ledger, root: Objects, objects: Counted, name: str) -> None:
    assert ledger.account(name) == Account(id=name)
    account = opened(ledger, name, 1)
    ledger.append(account, (promise(2),), {"uid-of-2": "acme/spring"})
    assert set(ledger.account(name).claims) == {"uid-of-1", "uid-of-2"}
    assert objects.asked == 1, "what was written here is known without asking"
    chain = verify_chain(name, stored(root, name))
    assert (chain.findings, chain.length) == ((), 2)
    assert chain.links[1].balance == ledger.account(name)
    assert root.get(BUCKET, f"names/{name}/uid-of-2") == b"acme/spring"


def test_two_writers_cannot_both_promise(object_store: Any, ledger: Ledger, root: Objects, name: str) -> None:
    other = Ledger(Objects(object_store.operator), BUCKET, Clock(), wall_clock=lambda: NOW + 1)
    empty = ledger.account(name)
    assert other.account(name) == empty
    ledger.append(empty, (LICENSED, promise(1)), {})
    with pytest.raises(AccountTakenError):
        other.append(empty, (LICENSED, promise(2)), {})
    seen = other.account(name)
    assert set(seen.claims) == {"uid-of-1"}
    other.append(seen, (promise(2),), {})
    with pytest.raises(AccountTakenError):
        ledger.append(ledger.account(name), (promise(3),), {})
    assert set(ledger.account(name).claims) == {"uid-of-1", "uid-of-2"}
    assert verify_chain(name, stored(root, name)).findings == ()


def test_threads_of_one_process_take_turns(ledger: Ledger, root: Objects, name: str) -> None:
    opened(ledger, name, 0)

    def add(number: int) -> None:
        ledger.append(ledger.account(name), (promise(number),), {})

    def work(number: int) -> None:
        try:
            add(number)
        except AccountTakenError:
            with ledger.writing(name):
                add(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert set(ledger.account(name).claims) == {f"uid-of-{number}" for number in range(13)}
    assert verify_chain(name, stored(root, name)).findings == ()


def test_what_others_wrote_is_seen_after_a_while(object_store: Any, ledger: Ledger, clock: Clock, name: str) -> None:
    other = Ledger(Objects(object_store.operator), BUCKET, Clock())
    opened(ledger, name, 1)
    other.append(other.account(name), (promise(2),), {})
    assert set(ledger.account(name).claims) == {"uid-of-1"}
    clock.now += FRESH_SECONDS
    assert set(ledger.account(name).claims) == {"uid-of-1", "uid-of-2"}


def test_a_link_the_rule_refuses_is_never_written(ledger: Ledger, root: Objects, name: str) -> None:
    with pytest.raises(OutageError, match="NoLicense"):
        ledger.append(ledger.account(name), (promise(1),), {})
    assert stored(root, name) == {}


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"{", "Invalid JSON"), (b"{}", "Field required"), (b"", "Invalid JSON")],
)
def test_half_a_link_stops_everything(
    ledger: Ledger, root: Objects, clock: Clock, name: str, data: bytes, message: str
) -> None:
    account = opened(ledger, name, 1)
    root.put(BUCKET, link_key(name, 1), data)
    with pytest.raises(AccountTakenError):
        ledger.append(account, (promise(2),), {})
    with pytest.raises(OutageError, match=f"{message}.*understudy ledger verify"):
        ledger.account(name)


@pytest.mark.parametrize("sequence", [1, 2])
def test_links_that_do_not_follow_stop_everything(
    ledger: Ledger, root: Objects, clock: Clock, name: str, sequence: int
) -> None:
    opened(ledger, name, 1)
    text = (root.get(BUCKET, link_key(name, 0)) or b"").decode()
    root.put(BUCKET, link_key(name, sequence), text.replace('"sequence":0', f'"sequence":{sequence}').encode())
    clock.now += FRESH_SECONDS
    with pytest.raises(OutageError, match="does not follow"):
        ledger.account(name)


def test_a_job_goes_on_counting_where_its_claim_ended(ledger: Ledger, name: str, object_store: Any) -> None:
    account = opened(ledger, name, 1, 2)
    assert ledger.next_segment(name, "uid-of-3", 0) == 0
    assert ledger.next_segment(name, "uid-of-3", 4) == 4, "what was made under another license does not count here"
    ledger.append(account, (Released(uid="uid-of-1", segment=0, reason="Stopped"),), {})
    assert ledger.next_segment(name, "uid-of-1", 4) == 0
    ledger.append(ledger.account(name), (promise(1, segment=3),), {})
    ledger.append(ledger.account(name), (Released(uid="uid-of-1", segment=3, reason="Expired"),), {})
    fresh = Ledger(Objects(object_store.operator), BUCKET)
    assert fresh.next_segment(name, "uid-of-1", 9) == 3


def test_an_end_that_was_announced_and_not_written_is_passed_over(ledger: Ledger, root: Objects, name: str) -> None:
    account = opened(ledger, name, 1)
    root.put(BUCKET, f"closings/{name}/uid-of-1/00000009.json", b"{}")
    root.put(BUCKET, f"closings/{name}/uid-of-1/00000000.json", b"{}")
    assert ledger.next_segment(name, "uid-of-1", 4) == 4
    ledger.append(account, (Released(uid="uid-of-1", segment=0, reason="Stopped"),), {})
    assert ledger.next_segment(name, "uid-of-1", 4) == 0


def test_a_ledger_that_cannot_be_written_promises_nothing(object_store: Any, name: str) -> None:
    reader = Ledger(Objects(object_store.pool), BUCKET)
    with pytest.raises(S3RefusalError):
        reader.account(name)


FACTS = (KeyRecorded(number=1, record="a.b.c"), Revoked(act="d.e.f"))


def test_facts_that_stand_are_not_written_again_whoever_asks(
    object_store: Any, ledger: Ledger, objects: Counted, name: str
) -> None:
    assert ledger.unwritten(name, FACTS) == FACTS
    ledger.append(opened(ledger, name), FACTS[:1], {})
    assert ledger.unwritten(name, FACTS) == FACTS[1:]
    restarted = Ledger(Objects(object_store.operator), BUCKET)
    assert restarted.unwritten(name, FACTS) == FACTS[1:]
    ledger.append(ledger.account(name), FACTS[1:], {})
    assert ledger.unwritten(name, FACTS) == ()
    before = objects.asked
    assert ledger.unwritten(name, FACTS) == ()
    assert objects.asked == before, "what stands is known without asking"


def test_a_fact_whose_link_was_lost_to_another_writer_is_still_to_be_written(
    object_store: Any, ledger: Ledger, root: Objects, name: str
) -> None:
    """The note in the side table stands before the link: only the link itself counts."""
    base = opened(ledger, name, 1)
    rival = Ledger(Objects(object_store.operator), BUCKET, Clock())
    rival.account(name)
    rival.append(rival.account(name), (promise(2),), {})
    with pytest.raises(AccountTakenError):
        ledger.append(base, FACTS, {})
    assert root.keys(BUCKET, f"facts/{name}/"), "the notes stand"
    assert ledger.unwritten(name, FACTS) == FACTS
    ledger.append(ledger.account(name), FACTS, {})
    assert rival.unwritten(name, FACTS) == ()


def test_the_same_fact_of_another_license_is_another(ledger: Ledger, name: str) -> None:
    asked = ConsentAsked(uid="uid-of-1", request="b" * 64)
    ledger.append(opened(ledger, name), (asked,), {})
    assert ledger.unwritten(name, (asked,)) == ()
    assert ledger.unwritten(name[::-1], (asked,)) == (asked,)


def test_links_are_read_a_few_at_a_time_and_jobs_found_by_where_they_ended(ledger: Ledger, name: str) -> None:
    opened(ledger, name, 1, 2)
    for number in (2, 1):
        ledger.append(ledger.account(name), (Released(uid=f"uid-of-{number}", segment=0, reason="Gone"),), {})
    assert [link.sequence for link in ledger.links(name, 0, 2)] == [0, 1]
    assert [link.sequence for link in ledger.links(name, 2, 2)] == [2]
    assert ledger.links(name, 3, 2) == []
    assert ledger.jobs(name) == ["uid-of-1", "uid-of-2"]
