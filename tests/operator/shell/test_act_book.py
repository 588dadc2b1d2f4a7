"""Recorded owner acts in real MinIO: kept once, seen by everybody within seconds, never replaced."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from builders import NOW, a_key

from understudy_api.acts import Act, Revocation, Stop, sign_act
from understudy_api.owner_word import SILENCE, Recorded, act_key, key_record_key
from understudy_operator.core.actions import RecordAct
from understudy_operator.shell.act_book import FRESH_SECONDS, ActBook
from understudy_operator.shell.errors import ConflictError
from understudy_operator.shell.objects import Objects, S3RefusalError

BUCKET = "understudy-ledger"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(object_store: Any, clock: Clock) -> ActBook:
    return ActBook(Objects(object_store.operator), BUCKET, clock)


@pytest.fixture
def twin() -> str:
    return secrets.token_hex(32)


def action(twin: str, act: Act, at: float = NOW) -> RecordAct:
    token = sign_act(a_key("owner"), act)
    return RecordAct(twin_id=twin, key=act_key(twin, token), recorded=Recorded(act=token, accepted_at=at))


def test_an_owner_who_said_nothing(book: ActBook, twin: str) -> None:
    assert book.word(twin) == SILENCE


def test_what_is_recorded_is_known_at_once_and_once(book: ActBook, twin: str) -> None:
    stop = action(twin, Stop(twin=twin, iat=int(NOW)))
    assert book.word(twin).halted is None
    book.record(stop)
    assert book.word(twin).halted is not None
    later = RecordAct(twin_id=twin, key=stop.key, recorded=stop.recorded.model_copy(update={"accepted_at": NOW + 99}))
    book.record(later)
    assert list(book.word(twin).stops.values()) == [NOW], "the first time stays"


def test_another_operator_knows_within_seconds(book: ActBook, clock: Clock, object_store: Any, twin: str) -> None:
    other = ActBook(Objects(object_store.operator), BUCKET, clock)
    assert other.word(twin) == SILENCE
    book.record(action(twin, Revocation(twin=twin, jti="license-1", iat=int(NOW))))
    clock.now += FRESH_SECONDS - 0.1
    assert other.word(twin) == SILENCE
    clock.now += 0.2
    assert set(other.word(twin).revoked) == {"license-1"}


def test_whoever_is_told_of_another_operators_recording_knows_at_once(
    book: ActBook, clock: Clock, object_store: Any, twin: str
) -> None:
    other = ActBook(Objects(object_store.operator), BUCKET, clock)
    assert other.word(twin) == SILENCE
    book.record(action(twin, Stop(twin=twin, iat=int(NOW))))
    other.forget(twin)
    assert other.word(twin).halted is not None
    other.forget(secrets.token_hex(32))


def test_of_two_key_records_with_one_number_the_first_stands(book: ActBook, twin: str) -> None:
    key = key_record_key(twin, 1)
    first, second = (RecordAct(twin_id=twin, key=key, recorded=Recorded(act=f"a.{n}.c", accepted_at=NOW)) for n in "12")
    book.record(first)
    with pytest.raises(ConflictError, match="another act was recorded there first"):
        book.record(second)
    assert book.word(twin).key_records == ("a.1.c",)


def test_nobody_but_the_operator_writes_and_nobody_removes(book: ActBook, object_store: Any, twin: str) -> None:
    stop = action(twin, Stop(twin=twin, iat=int(NOW)))
    with pytest.raises(S3RefusalError):
        ActBook(Objects(object_store.pool), BUCKET).record(stop)
    book.record(stop)
    with pytest.raises(S3RefusalError):
        Objects(object_store.operator).delete(BUCKET, [stop.key])
