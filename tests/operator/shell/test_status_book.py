"""Lists kept in real MinIO: never back in time, never a license brought back, whoever recorded and whoever restarts."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from builders import NOW, a_key

from understudy_api.owner_word import Recorded
from understudy_api.status_list import Status, StatusClaims, pack, sign_status_list
from understudy_api.status_source import FARM
from understudy_operator.core.delivered import NOT_DELIVERED
from understudy_operator.shell import status_book
from understudy_operator.shell.errors import ConflictError, OutageError
from understudy_operator.shell.objects import Objects, S3RefusalError
from understudy_operator.shell.status_book import FRESH_SECONDS, Held, StatusBook, list_key

BUCKET, T = "understudy-ledger", int(NOW)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def objects(object_store: Any) -> Objects:
    return Objects(object_store.operator)


@pytest.fixture
def book(objects: Objects, clock: Clock) -> StatusBook:
    return opened(objects, clock)


def opened(objects: Objects, clock: Clock) -> StatusBook:
    """Another process's book, which knows nothing yet."""
    return StatusBook(objects, BUCKET, clock, lambda: NOW)


@pytest.fixture
def twin() -> str:
    return secrets.token_hex(32)


def a_list(twin: str, iat: int = T, marks: dict[int, Status] | None = None, size: int = 8) -> str:
    claims = {"sub": twin, "iat": iat, "ttl": 60, "status_list": pack(marks or {}, size)}
    return sign_status_list(a_key("owner"), StatusClaims.model_validate(claims))


def record(book: StatusBook, twin: str, text: str, iat: int = T, source: str = FARM) -> None:
    book.record(twin, source, iat, Recorded(act=text, accepted_at=NOW))


def newest(book: StatusBook, twin: str, source: str = FARM) -> Held:
    held = book.newest(twin, source)
    assert held is not None
    return held


def test_a_twin_without_lists(book: StatusBook, twin: str) -> None:
    assert book.newest(twin, FARM) is None


def test_what_is_recorded_is_known_at_once_and_by_its_source(book: StatusBook, twin: str) -> None:
    record(book, twin, a_list(twin, marks={3: "revoked"}))
    assert newest(book, twin).list.status(3) == "revoked"
    assert book.newest(twin, "0" * 32) is None
    record(book, twin, a_list(twin, T + 5, {3: "revoked", 4: "suspended"}), T + 5)
    assert (newest(book, twin).list.iat, newest(book, twin).list.status(4)) == (T + 5, "suspended")


def test_a_restart_forgets_nothing(book: StatusBook, objects: Objects, clock: Clock, twin: str) -> None:
    for step in range(20):
        record(book, twin, a_list(twin, T + step, {1: "revoked"} if step else {}), T + step)
    again = newest(opened(objects, clock), twin)
    assert (again.list.iat, again.list.status(1)) == (T + 19, "revoked")
    assert again == newest(book, twin)


def test_a_list_of_long_ago_is_found_when_there_is_no_other(objects: Objects, clock: Clock, twin: str) -> None:
    old = T - 400 * 86_400
    record(opened(objects, clock), twin, a_list(twin, old, {2: "revoked"}), old)
    assert newest(opened(objects, clock), twin).list.status(2) == "revoked"


def test_an_older_list_written_late_changes_nothing_but_what_it_revokes(
    book: StatusBook, objects: Objects, clock: Clock, twin: str
) -> None:
    """Two operators raced: neither knew of the other's list."""
    other = opened(objects, clock)
    assert other.newest(twin, FARM) is None
    record(book, twin, a_list(twin, T + 5, {1: "suspended"}), T + 5)
    record(other, twin, a_list(twin, T, {6: "revoked"}))
    clock.now += FRESH_SECONDS
    for one in (other, opened(objects, clock)):
        held = newest(one, twin)
        assert (held.list.iat, held.list.status(6), held.list.status(1)) == (T + 5, "revoked", "suspended")


def test_others_recordings_are_seen_within_seconds(book: StatusBook, objects: Objects, clock: Clock, twin: str) -> None:
    assert book.newest(twin, FARM) is None
    record(opened(objects, clock), twin, a_list(twin))
    clock.now += FRESH_SECONDS - 0.1
    assert book.newest(twin, FARM) is None
    clock.now += 0.1
    assert newest(book, twin).list.iat == T


def test_of_two_lists_of_one_second_one_stands(book: StatusBook, twin: str) -> None:
    record(book, twin, a_list(twin))
    record(book, twin, a_list(twin))
    with pytest.raises(ConflictError, match="another list of that second"):
        record(book, twin, a_list(twin, marks={1: "revoked"}))
    assert newest(book, twin).list.status(1) == "valid"


def test_a_delivered_list_is_recognised_for_ever(book: StatusBook, twin: str) -> None:
    first = a_list(twin)
    assert book.delivered(twin, first) == NOT_DELIVERED
    record(book, twin, first)
    record(book, twin, a_list(twin, T + 5), T + 5)
    found = book.delivered(twin, first)
    assert (found.recorded_at, found.newest and found.newest.iat) == (NOW, T + 5)
    assert book.delivered(twin, a_list(twin, T, {1: "revoked"})).recorded_at is None
    assert book.delivered(twin, "no.list.here") == NOT_DELIVERED


def test_a_spoiled_list_stops_everything_that_rests_on_it(
    book: StatusBook, objects: Objects, object_store: Any, clock: Clock, twin: str
) -> None:
    record(book, twin, a_list(twin))
    root = Objects(object_store.root)
    root.put(BUCKET, list_key(twin, FARM, T + 1), Recorded(act="x.y.z", accepted_at=NOW).model_dump_json().encode())
    with pytest.raises(OutageError, match="is no status list any more"):
        opened(objects, clock).newest(twin, FARM)


def test_nobody_but_the_operator_writes_and_it_removes_nothing(
    book: StatusBook, objects: Objects, object_store: Any, twin: str
) -> None:
    record(book, twin, a_list(twin))
    key = list_key(twin, FARM, T)
    with pytest.raises(S3RefusalError):
        objects.delete(BUCKET, [key])
    with pytest.raises(S3RefusalError):
        Objects(object_store.pool).put(BUCKET, list_key(twin, FARM, T + 1), b"{}")


def test_memory_is_bounded(objects: Objects, clock: Clock, monkeypatch: pytest.MonkeyPatch, twin: str) -> None:
    size = 4 * 40_000
    monkeypatch.setattr(status_book, "MAX_KNOWN_BYTES", 2 * size // 4 + 2_000)
    book = opened(objects, clock)
    for number in range(6):
        record(book, twin, a_list(twin, size=size), source=f"{number:032d}")
        assert newest(book, twin, f"{number:032d}").list.iat == T
    assert len(book._known) == 2
    assert newest(book, twin, f"{0:032d}").list.iat == T, "one that was let go is read again"
