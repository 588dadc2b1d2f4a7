"""The register in real MinIO: every license one number, no number twice, whoever races; read once, believed ever after."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from builders import NOW, a_genesis_record, a_license_token, a_twin_view

from understudy_api.genesis import twin_id
from understudy_api.register import Registered, register_key, register_prefix
from understudy_operator.core.actions import RegisterLicense
from understudy_operator.core.registration import UNREGISTERED, Registration
from understudy_operator.core.state import TwinView
from understudy_operator.shell.errors import ConflictError, OutageError
from understudy_operator.shell.objects import Objects, S3RefusalError
from understudy_operator.shell.register_book import FRESH_SECONDS, RegisterBook

BUCKET = "understudy-ledger"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(object_store: Any, clock: Clock) -> RegisterBook:
    return RegisterBook(Objects(object_store.operator), BUCKET, clock)


@pytest.fixture
def twin() -> TwinView:
    return a_twin_view(genesis=a_genesis_record("owner", secrets.token_hex(8)))


def token(number: int, **changed: Any) -> str:
    return a_license_token(jti=f"license-{number:04d}", **changed)


def entry(twin: TwinView, number: int, text: str, at: float = NOW) -> RegisterLicense:
    return RegisterLicense(
        twin_id=twin_id(twin.genesis), number=number, registered=Registered(license=text, recorded_at=at)
    )


def test_a_twin_without_licenses(book: RegisterBook, twin: TwinView) -> None:
    assert book.registration(twin, token(0)) == Registration()
    assert book.registration(None, token(0)) == UNREGISTERED


def test_what_is_recorded_is_known_at_once_with_what_came_before(book: RegisterBook, twin: TwinView) -> None:
    texts = [token(0), token(1, exclusive=True), token(2), token(3, exclusive=True)]
    for number, text in enumerate(texts):
        assert book.registration(twin, text).number is None
        book.record(entry(twin, number, text))
    found = [book.registration(twin, text) for text in texts]
    assert [one.number for one in found] == [0, 1, 2, 3]
    assert [[rival.token for rival in one.rivals] for one in found] == [[], [], [texts[1]], [texts[1]]]
    assert len(book.registration(twin, token(9)).rivals) == 2


def test_a_number_is_given_once(book: RegisterBook, twin: TwinView) -> None:
    book.record(entry(twin, 0, token(0)))
    with pytest.raises(ConflictError, match="recorded there first"):
        book.record(entry(twin, 0, token(1)))
    assert book.registration(twin, token(0)).number == 0
    assert book.registration(twin, token(1)) == Registration(following=1)


def test_a_license_signed_anew_keeps_its_place(book: RegisterBook, twin: TwinView) -> None:
    """A root key that was replaced signs nothing any more: what it licensed is signed anew, and nobody slips in between."""
    first, between = token(0, exclusive=True), token(1, exclusive=True)
    again, wider = token(0, exclusive=True, iat=int(NOW)), token(0, exclusive=True, iat=int(NOW), territories=("JP",))
    for number, text in enumerate((first, between, again, wider)):
        book.record(entry(twin, number, text))
    known = {text: book.registration(twin, text) for text in (first, between, again, wider)}
    assert [one.number for one in known.values()] == [0, 1, 2, 3]
    assert known[again].rivals == ()
    assert [one.token for one in known[between].rivals] == [first, again]
    assert [one.token for one in known[wider].rivals] == [first, between, again], "other terms are another license"
    unrecorded = token(1, exclusive=True, iat=int(NOW) - 5)
    assert book.registration(twin, unrecorded) == replace(known[between], number=None, following=4)


def test_another_operator_knows_within_seconds(
    book: RegisterBook, clock: Clock, object_store: Any, twin: TwinView
) -> None:
    asked: list[str] = []

    class Counted(Objects):
        def keys(self, bucket: str, prefix: str, after: str = "") -> list[str]:
            asked.append(prefix)
            return super().keys(bucket, prefix, after)

    other = RegisterBook(Counted(object_store.operator), BUCKET, clock)
    assert other.registration(twin, token(0)).number is None
    book.record(entry(twin, 0, token(0)))
    clock.now += FRESH_SECONDS - 0.1
    assert other.registration(twin, token(0)).number is None
    clock.now += 0.2
    assert other.registration(twin, token(0)).number == 0
    clock.now += FRESH_SECONDS - 0.1
    assert other.registration(twin, token(0)).number == 0
    assert asked == [register_prefix(twin_id(twin.genesis))] * 2


def test_operators_that_race_give_every_license_a_number_of_its_own(object_store: Any, twin: TwinView) -> None:
    texts = [token(number) for number in range(12)]
    begin = threading.Barrier(3)

    def operator(_: int) -> None:
        book = RegisterBook(Objects(object_store.operator), BUCKET)
        begin.wait()
        for text in texts:
            while (found := book.registration(twin, text)).number is None:
                try:
                    book.record(entry(twin, found.following, text, at=NOW + secrets.randbelow(1000)))
                except ConflictError:
                    continue

    with ThreadPoolExecutor(3) as operators:
        list(operators.map(operator, range(3)))
    fresh = RegisterBook(Objects(object_store.operator), BUCKET)
    found = [fresh.registration(twin, text) for text in texts]
    assert sorted(one.number for one in found if one.number is not None) == list(range(12))
    assert found[0].following == 12, "none was recorded twice"


@pytest.mark.parametrize(("number", "data"), [(2, None), (1, b"{}"), (1, b"not JSON")])
def test_a_register_with_a_gap_or_nonsense_is_an_outage(
    book: RegisterBook, object_store: Any, twin: TwinView, number: int, data: bytes | None
) -> None:
    book.record(entry(twin, 0, token(0)))
    text = Registered(license=token(1), recorded_at=NOW).model_dump_json().encode()
    Objects(object_store.operator).put(BUCKET, register_key(twin_id(twin.genesis), number), data or text)
    with pytest.raises(OutageError, match="no license of this twin is valid meanwhile"):
        RegisterBook(Objects(object_store.operator), BUCKET).registration(twin, token(1))


def test_nobody_but_the_operator_writes_and_nobody_removes(
    book: RegisterBook, object_store: Any, twin: TwinView
) -> None:
    with pytest.raises(S3RefusalError):
        RegisterBook(Objects(object_store.pool), BUCKET).record(entry(twin, 0, token(0)))
    book.record(entry(twin, 0, token(0)))
    with pytest.raises(S3RefusalError):
        Objects(object_store.operator).delete(BUCKET, [register_key(twin_id(twin.genesis), 0)])
