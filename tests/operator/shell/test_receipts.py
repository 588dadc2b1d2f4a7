"""Reading receipt logs from real MinIO, asking it as seldom as promised."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from understudy_api import proof, token
from understudy_api.digest import digest_bytes
from understudy_api.grant import Grant, sign_grant
from understudy_api.receipt import (
    Finished,
    Receipt,
    Segment,
    Totals,
    TrainingResult,
    finished_key,
    segment_key,
    training_key,
)
from understudy_operator.shell.objects import Objects
from understudy_operator.shell.receipts import FRESH_SECONDS, Receipts

BUCKET = "understudy-receipts"
ORDER = "a" * 64
FARM, PERFORMER = token.new_key(), proof.Signature(token.new_key())
ACCOUNT = "f" * 64


class Counted(Objects):
    """The real S3 port, counting what it asks."""

    asked = 0

    def keys(self, bucket: str, prefix: str, after: str = "") -> list[str]:
        self.asked += 1
        return super().keys(bucket, prefix, after)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def pool(object_store: Any) -> Objects:
    return Objects(object_store.pool)


@pytest.fixture
def objects(object_store: Any) -> Counted:
    return Counted(object_store.pool)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def receipts(objects: Counted, clock: Clock) -> Receipts:
    return Receipts(objects, BUCKET, FARM, clock)


@pytest.fixture
def uid() -> str:
    return f"uid-{secrets.token_hex(8)}"


def write(pool: Objects, uid: str, sequence: int, done: int, **spent: Any) -> None:
    one = Receipt(
        item=f"{sequence:064x}", ordinal=sequence, row=f"r{sequence}", locale="en", output="o", outcome="done"
    )
    segment = Segment(
        uid=uid,
        sequence=sequence,
        director="d",
        order=ORDER,
        generation=1,
        written_at=float(sequence),
        receipts=(one,),
        totals=Totals(done=done),
        billed_seconds=done * 2.5,
        **spent,
    )
    assert pool.create(BUCKET, segment_key(uid, sequence), segment.model_dump_json().encode())


def test_an_empty_log_says_nothing(receipts: Receipts, uid: str) -> None:
    log = receipts.log(uid)
    assert (log.head, log.finished) == (None, ())


def test_the_newest_segment_speaks_for_all(receipts: Receipts, pool: Objects, uid: str) -> None:
    for sequence in range(12):
        write(pool, uid, sequence, sequence + 1)
    head = receipts.log(uid).head
    assert head is not None
    assert (head.sequence, head.totals.done, head.billed_seconds) == (11, 12, 30.0)


@pytest.mark.parametrize("spent", [{}, {"spot": 2.5, "fixed": 1.0}])
def test_seconds_of_groups_are_read_where_there_are_any(
    receipts: Receipts, pool: Objects, uid: str, spent: dict[str, float]
) -> None:
    write(pool, uid, 0, 1, billed_worker_seconds=4.0, billed_worker_seconds_by_group=spent)
    head = receipts.log(uid).head
    assert head is not None
    assert (head.billed_worker_seconds, head.billed_worker_seconds_by_group) == (4.0, spent)


def test_memory_answers_until_a_hint_or_time_asks_again(
    receipts: Receipts, objects: Counted, pool: Objects, clock: Clock, uid: str
) -> None:
    write(pool, uid, 0, 1)
    receipts.log(uid, hint=0)
    write(pool, uid, 1, 2)
    stale = receipts.log(uid, hint=0)
    assert objects.asked == 1
    assert stale.head is not None
    assert stale.head.sequence == 0
    hinted = receipts.log(uid, hint=1)
    assert hinted.head is not None
    assert hinted.head.sequence == 1
    write(pool, uid, 2, 3)
    clock.now += FRESH_SECONDS
    timed = receipts.log(uid, hint=1)
    assert timed.head is not None
    assert (timed.head.sequence, objects.asked) == (2, 3)


def test_last_words_are_found_however_often_an_order_changes(receipts: Receipts, pool: Objects, uid: str) -> None:
    write(pool, uid, 0, 1)
    for number, order in enumerate(("b" * 64, ORDER)):
        word = Finished(
            uid=uid, order=order, generation=number + 1, state="Complete", totals=Totals(done=1), finished_at=5.0
        )
        pool.put(BUCKET, finished_key(uid, order), word.model_dump_json().encode())
        assert {one.order for one in receipts.log(uid, hint=number).finished} >= {order}
    assert len(receipts.log(uid, hint=9).finished) == 2
    assert receipts.log(uid, hint=9).head is not None


@pytest.mark.parametrize(("state", "generation"), [("Failed", 1), ("Stopped", 1), ("Complete", 0)])
def test_a_last_word_that_was_replaced_is_read_again(
    receipts: Receipts, pool: Objects, uid: str, state: Any, generation: int
) -> None:
    write(pool, uid, 0, 1)
    word = Finished(uid=uid, order=ORDER, generation=generation, state=state, totals=Totals(done=1), finished_at=5.0)
    for hint, said in enumerate((word, word.model_copy(update={"state": "Complete", "generation": 7}))):
        pool.put(BUCKET, finished_key(uid, ORDER), said.model_dump_json().encode())
        assert receipts.log(uid, hint=hint).finished == (said,)


def test_forgotten_logs_are_read_from_the_start(receipts: Receipts, objects: Counted, pool: Objects, uid: str) -> None:
    write(pool, uid, 0, 1)
    before = receipts.log(uid)
    receipts.forget(uid)
    assert receipts.log(uid) == before
    assert objects.asked == 2


def test_segments_give_every_receipt_in_order(receipts: Receipts, pool: Objects, uid: str) -> None:
    for sequence in range(3):
        write(pool, uid, sequence, sequence + 1)
    pool.put(BUCKET, finished_key(uid, ORDER), b"{}")
    assert [receipt.row for segment in receipts.segments(uid) for receipt in segment] == ["r0", "r1", "r2"]


def test_segments_are_read_whole_with_the_digest_of_their_bytes(receipts: Receipts, pool: Objects, uid: str) -> None:
    for sequence in range(3):
        write(pool, uid, sequence, sequence + 1)
    found = receipts.logged(uid, 1, 7, ACCOUNT)
    assert [one.segment.sequence for one in found] == [1, 2]
    assert found[0].digest == digest_bytes(pool.get(BUCKET, segment_key(uid, 1)) or b"")
    assert receipts.logged(uid, 3, 2, ACCOUNT) == ()


def proven(segment: Segment) -> Segment:
    """The segment with everything it proves itself by: a grant of the farm, a performer it names, its signatures."""
    claims = Grant(
        iss=token.thumbprint(FARM),
        aud="default",
        sub=segment.uid,
        order=segment.order,
        license=ORDER,
        account=ACCOUNT,
        keys=ORDER,
        twin_version=ORDER,
        seconds=60.0,
        performers=(PERFORMER.performer,),
        iat=100,
        exp=1000,
    )
    text = sign_grant(FARM, claims)
    made = tuple(PERFORMER.under(one, segment.uid, segment.order, text) for one in segment.receipts)
    keys = (PERFORMER.x,)
    return segment.model_copy(update={"receipts": made, "keys": keys, "grants": (text,)})


def test_segments_are_held_against_the_farms_grants(receipts: Receipts, pool: Objects, uid: str) -> None:
    """As they lie in S3: signed, unsigned, and signed for another job."""
    write(pool, uid, 0, 1)
    (plain,) = receipts.logged(uid, 0, 0, ACCOUNT)
    assert plain.fault is not None
    assert plain.fault.message.endswith("find out who wrote it, then apply the job under another name")
    good = proven(plain.segment.model_copy(update={"sequence": 1}))
    stolen = good.model_copy(update={"uid": f"{uid}-2", "sequence": 0})
    pool.put(BUCKET, segment_key(uid, 1), good.model_dump_json().encode())
    pool.put(BUCKET, segment_key(f"{uid}-2", 0), stolen.model_dump_json().encode())
    faults = [receipts.logged(uid, 0, 9, ACCOUNT)[1].fault, receipts.logged(f"{uid}-2", 0, 0, ACCOUNT)[0].fault]
    assert [fault is None for fault in faults] == [True, False]
    (elsewhere,) = receipts.logged(uid, 1, 1, "e" * 64)
    assert elsewhere.fault is not None
    altered = good.receipts[0].model_copy(update={"metered_seconds": 1.0})
    again = good.model_copy(update={"receipts": (altered,)})
    pool.put(BUCKET, segment_key(uid, 1), again.model_dump_json().encode())
    (rewritten,) = receipts.logged(uid, 1, 1, ACCOUNT)
    assert rewritten.fault is not None, "an answer is remembered for the bytes it was given for"


def test_signatures_are_checked_once(receipts: Receipts, pool: Objects, uid: str, monkeypatch: Any) -> None:
    write(pool, uid, 0, 1)
    first = receipts.logged(uid, 0, 0, ACCOUNT)
    monkeypatch.setattr("understudy_api.proof.fault", lambda *given: pytest.fail("asked again"))
    assert receipts.logged(uid, 0, 0, ACCOUNT) == first


def test_a_training_result_is_read_once(receipts: Receipts, pool: Objects, object_store: Any) -> None:
    order = secrets.token_hex(32)
    assert receipts.training(order) is None
    result = TrainingResult(digest=order, twin_id=ORDER, state="Ready", version=ORDER, finished_at=1.0)
    pool.put(BUCKET, training_key(order), result.model_dump_json().encode())
    assert receipts.training(order) == result
    object_store.remove(BUCKET, training_key(order))
    assert receipts.training(order) == result
